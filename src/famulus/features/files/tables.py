"""Files, their contents, and the passages of their texts."""

import sqlalchemy as sa

from famulus.infra.schema import Moment, metadata

file_contents = sa.Table(
    "file_contents",
    metadata,
    # The key of the bytes, too.
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("user_id", sa.Text, nullable=False),
    # SHA-256 of the bytes: what a person uploads twice is kept once.
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("media_type", sa.Text, nullable=False),
    # stored, indexing, ready or failed.
    sa.Column("status", sa.Text, nullable=False),
    # Why it failed: a word for programs.
    sa.Column("reason", sa.Text),
    sa.Column("passages", sa.Integer, nullable=False),
    # Whether there was more text than is kept.
    sa.Column("is_cut", sa.Boolean, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Index("uq_file_contents_digest", "user_id", "digest", unique=True),
)

files = sa.Table(
    "files",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("content_id", sa.Text, sa.ForeignKey("file_contents.id"), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("updated_at", Moment, nullable=False),
    sa.Index("ix_files_user_id", "user_id", "id"),
    sa.Index("ix_files_content_id", "content_id"),
)

file_passages = sa.Table(
    "file_passages",
    metadata,
    # The index of words knows a passage by this number; nobody else does.
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("content_id", sa.Text, sa.ForeignKey("file_contents.id", ondelete="CASCADE"), nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    # What `first` and `last` count: pages, slides, rows of a sheet, or lines.
    sa.Column("unit", sa.Text, nullable=False),
    sa.Column("first", sa.Integer, nullable=False),
    sa.Column("last", sa.Integer, nullable=False),
    sa.Column("sheet", sa.Text),
    # How many characters at its beginning are the end of the passage before.
    sa.Column("overlap", sa.Integer, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Index("uq_file_passages_position", "content_id", "position", unique=True),
    # A number is never given twice: what is kept elsewhere of a deleted passage must not name another.
    sqlite_autoincrement=True,
)

file_vectors = sa.Table(
    "file_vectors",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    # Vectors of different models have nothing to say to each other.
    sa.Column("model", sa.Text, primary_key=True),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("content_id", sa.Text, sa.ForeignKey("file_contents.id", ondelete="CASCADE"), nullable=False),
    # Little-endian 32-bit floats, of length one.
    sa.Column("vector", sa.LargeBinary, nullable=False),
    sa.Index("ix_file_vectors_user_id", "user_id", "model"),
    sa.Index("ix_file_vectors_content_id", "content_id"),
)

pictures = sa.Table(
    "pictures",
    metadata,
    sa.Column("user_id", sa.Text, primary_key=True),
    # The key of the bytes.
    sa.Column("content_id", sa.Text, nullable=False),
    sa.Column("media_type", sa.Text, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
)

WORDS = "CREATE VIRTUAL TABLE file_words USING fts5(owner, text, tokenize = 'porter unicode61 remove_diacritics 2')"
"""The words of each passage, and a token that stands for its owner: SQLite's index."""

WORDS_ON_POSTGRES = "CREATE INDEX ix_file_passages_words ON file_passages USING gin (to_tsvector('english', text))"
"""The same for PostgreSQL, which searches the texts themselves."""

for _statement, _dialect in ((WORDS, "sqlite"), (WORDS_ON_POSTGRES, "postgresql")):
    _make_index = sa.DDL(_statement)  # type: ignore[no-untyped-call]
    sa.event.listen(file_passages, "after_create", _make_index.execute_if(dialect=_dialect))
