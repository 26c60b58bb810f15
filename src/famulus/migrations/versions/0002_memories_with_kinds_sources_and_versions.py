"""memories with kinds, sources and versions."""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_WORDS = (
    "CREATE VIRTUAL TABLE memory_words USING fts5("
    "owner, text, nearby, tokenize = 'porter unicode61 remove_diacritics 2')"
)
# What was remembered so far was said by a person in so many words.
_MIGRATED = (
    "INSERT INTO memories (id, user_id, key, kind, text, source, importance, pinned, said_at, chain, created_at, "
    "updated_at) SELECT id, user_id, key, 'fact', text, 'person', 0.5, false, created_at, id, created_at, created_at "
    "FROM memories_before ORDER BY id"
)


def upgrade() -> None:
    """Apply this revision."""
    op.drop_index("uq_memories_key", table_name="memories")
    op.rename_table("memories", "memories_before")
    if op.get_bind().dialect.name == "postgresql":
        # There the index of a primary key keeps its name when its table is renamed.
        op.execute("ALTER INDEX pk_memories RENAME TO pk_memories_before")
    op.create_table(
        "memories",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=True),
        sa.Column("speaker", sa.Text(), nullable=True),
        sa.Column("session", sa.Text(), nullable=True),
        sa.Column("importance", sa.Float(), nullable=False),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("about_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("about_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("superseded_by", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_memories")),
        sa.UniqueConstraint("id", name=op.f("uq_memories_id")),
        sqlite_autoincrement=True,
    )
    op.execute(_MIGRATED)
    op.drop_table("memories_before")
    op.create_index("uq_memories_key", "memories", ["user_id", "key"], unique=True)
    op.create_index("ix_memories_chain", "memories", ["user_id", "chain"])
    op.create_index("ix_memories_session", "memories", ["user_id", "session", "number"])
    op.create_index("ix_memories_speaker", "memories", ["user_id", "speaker"])
    op.create_index("ix_memories_kind", "memories", ["user_id", "kind", "number"])
    op.create_index(
        "ix_memories_pinned",
        "memories",
        ["user_id"],
        sqlite_where=sa.text("pinned"),
        postgresql_where=sa.text("pinned"),
    )
    op.create_table(
        "memory_vectors",
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("dimension", sa.Integer(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_memory_vectors")),
        sqlite_autoincrement=True,
    )
    op.create_index("uq_memory_vectors_number", "memory_vectors", ["number", "model"], unique=True)
    op.create_index("ix_memory_vectors_user_id", "memory_vectors", ["user_id", "model", "place"])
    if op.get_bind().dialect.name == "sqlite":
        op.execute(_WORDS)
        _index_what_there_is()


def _index_what_there_is() -> None:
    connection = op.get_bind()
    for number, user_id, text in connection.exec_driver_sql("SELECT number, user_id, text FROM memories").all():
        owner = f"o{hashlib.sha256(user_id.encode()).hexdigest()[:20]}x"
        connection.exec_driver_sql(
            "INSERT INTO memory_words (rowid, owner, text, nearby) VALUES (?, ?, ?, '')", (number, owner, text)
        )
