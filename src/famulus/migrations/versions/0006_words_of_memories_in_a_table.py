"""words of memories in a table of their own, for each owner."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0009"


def upgrade() -> None:
    """Apply this revision. What is remembered already is indexed in the background, once the server runs."""
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
        "memory_terms",
        sa.Column("owner", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("term", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("weight", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "term", "number", name=op.f("pk_memory_terms")),
        sqlite_with_rowid=False,
    )
    op.add_column("memories", sa.Column("indexed", sa.SmallInteger(), nullable=False, server_default="0"))
    if op.get_bind().dialect.name == "sqlite":
        # What it has of forgotten memories is to be overwritten, too.
        op.execute("PRAGMA secure_delete=ON")
        op.execute("DROP TABLE memory_words")
