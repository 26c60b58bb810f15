"""A memory keeps what its sender wants to have back with it."""

import sqlalchemy as sa
from alembic import op

revision = "memory_0003"
down_revision = "memory_0002"


def upgrade() -> None:
    """Apply this revision."""
    op.add_column("memories", sa.Column("metadata", sa.JSON(none_as_null=True), nullable=True))
