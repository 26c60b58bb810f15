"""tokens for an address."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0041"


def upgrade() -> None:
    """Apply this revision."""
    with op.batch_alter_table("one_time_tokens", schema=None) as batch_op:
        batch_op.add_column(sa.Column("about", sa.Text(), nullable=True))
