"""tokens for somebody."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0014"


def upgrade() -> None:
    """Apply this revision."""
    with op.batch_alter_table("one_time_tokens", schema=None) as batch_op:
        batch_op.add_column(sa.Column("user_id", sa.Text(), nullable=True))
