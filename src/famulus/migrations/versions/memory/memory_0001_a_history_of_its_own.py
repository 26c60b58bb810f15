"""The memory's tables, which have a history of their own from here on.

Where a server keeps its memories itself, its own history has made them before.
"""

import sqlalchemy as sa
from alembic import op

revision = "memory_0001"
down_revision = None


def upgrade() -> None:
    """Apply this revision."""
    if not sa.inspect(op.get_bind()).has_table("memories"):
        _make_memories()
        _make_owners_and_proposals()
        _make_indexes_of_words_and_meanings()


def _make_memories() -> None:
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
        sa.Column("indexed", sa.SmallInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_memories")),
        sa.UniqueConstraint("id", name=op.f("uq_memories_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("memories", schema=None) as batch_op:
        batch_op.create_index("ix_memories_chain", ["user_id", "chain"], unique=False)
        batch_op.create_index("ix_memories_kind", ["user_id", "kind", "number"], unique=False)
        batch_op.create_index(
            "ix_memories_pinned",
            ["user_id"],
            unique=False,
            sqlite_where=sa.text("pinned"),
            postgresql_where=sa.text("pinned"),
        )
        batch_op.create_index("ix_memories_session", ["user_id", "session", "number"], unique=False)
        batch_op.create_index("ix_memories_speaker", ["user_id", "speaker"], unique=False)
        batch_op.create_index("uq_memories_key", ["user_id", "key"], unique=True)


def _make_owners_and_proposals() -> None:
    op.create_table(
        "memory_owners",
        sa.Column("owner", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("forgotten", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("owner", name=op.f("pk_memory_owners")),
        sa.UniqueConstraint("user_id", name=op.f("uq_memory_owners_user_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "memory_proposals",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("change", sa.JSON(), nullable=False),
        sa.Column("memory_id", sa.Text(), nullable=True),
        sa.Column("session", sa.Text(), nullable=True),
        sa.Column("source_id", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_memory_proposals")),
    )
    with op.batch_alter_table("memory_proposals", schema=None) as batch_op:
        batch_op.create_index("ix_memory_proposals_memory_id", ["user_id", "memory_id"], unique=False)
        batch_op.create_index("ix_memory_proposals_session", ["user_id", "session"], unique=False)
        batch_op.create_index("ix_memory_proposals_user_id", ["user_id", "id"], unique=False)
        batch_op.create_index("uq_memory_proposals_key", ["user_id", "key"], unique=True)


def _make_indexes_of_words_and_meanings() -> None:
    op.create_table(
        "memory_terms",
        sa.Column("owner", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("term", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("weight", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "term", "number", name=op.f("pk_memory_terms")),
        sqlite_with_rowid=False,
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
    with op.batch_alter_table("memory_vectors", schema=None) as batch_op:
        batch_op.create_index("ix_memory_vectors_user_id", ["user_id", "model", "place"], unique=False)
        batch_op.create_index("uq_memory_vectors_number", ["number", "model"], unique=True)
