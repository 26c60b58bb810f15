"""Tallies of what happened, by hour and by day; what was looked for by name is in them."""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"


def upgrade() -> None:
    """Apply this revision."""
    op.create_table(
        "analytics_tallies",
        sa.Column("bucket", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tally", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", "number", name=op.f("pk_analytics_tallies")),
    )
    op.drop_index(op.f("ix_analytics_events_name"), table_name="analytics_events")
