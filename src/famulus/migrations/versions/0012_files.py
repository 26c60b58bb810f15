"""files and what is in them."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0010"

_WORDS = "CREATE VIRTUAL TABLE file_words USING fts5(owner, text, tokenize = 'porter unicode61 remove_diacritics 2')"
_WORDS_ON_POSTGRES = "CREATE INDEX ix_file_passages_words ON file_passages USING gin (to_tsvector('english', text))"


def upgrade() -> None:
    """Apply this revision."""
    op.create_table(
        "file_contents",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("passages", sa.Integer(), nullable=False),
        sa.Column("is_cut", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file_contents")),
    )
    op.create_index("uq_file_contents_digest", "file_contents", ["user_id", "digest"], unique=True)

    op.create_table(
        "pictures",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("content_id", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_pictures")),
    )
    op.create_table(
        "file_passages",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("content_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("sheet", sa.Text(), nullable=True),
        sa.Column("overlap", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["content_id"], ["file_contents.id"], name=op.f("fk_file_passages_content_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_file_passages")),
        sqlite_autoincrement=True,
    )
    op.create_index("uq_file_passages_position", "file_passages", ["content_id", "position"], unique=True)

    op.create_table(
        "file_vectors",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("content_id", sa.Text(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["content_id"], ["file_contents.id"], name=op.f("fk_file_vectors_content_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("number", "model", name=op.f("pk_file_vectors")),
    )
    op.create_index("ix_file_vectors_content_id", "file_vectors", ["content_id"], unique=False)
    op.create_index("ix_file_vectors_user_id", "file_vectors", ["user_id", "model"], unique=False)

    op.create_table(
        "files",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("content_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["content_id"], ["file_contents.id"], name=op.f("fk_files_content_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_files")),
    )
    op.create_index("ix_files_content_id", "files", ["content_id"], unique=False)
    op.create_index("ix_files_user_id", "files", ["user_id", "id"], unique=False)

    op.create_table(
        "message_files",
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("file_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_message_files_message_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("message_id", "position", name=op.f("pk_message_files")),
    )
    op.create_index("ix_message_files_conversation_id", "message_files", ["conversation_id"], unique=False)
    op.execute(_WORDS if op.get_bind().dialect.name == "sqlite" else _WORDS_ON_POSTGRES)
