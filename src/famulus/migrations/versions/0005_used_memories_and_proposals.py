"""used memories and proposals."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0013"


def upgrade() -> None:
    """Apply this revision."""
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

    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("memories", sa.JSON(none_as_null=True), server_default="[]", nullable=False))
