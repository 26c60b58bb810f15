"""The newest of all that a person has is found without looking at the rest."""

from alembic import op

revision = "memory_0002"
down_revision = "memory_0001"


def upgrade() -> None:
    """Apply this revision."""
    op.create_index("ix_memories_user_id", "memories", ["user_id", "number"])
