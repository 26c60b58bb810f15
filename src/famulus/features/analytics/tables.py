"""What has happened, and who wants to be left out."""

import sqlalchemy as sa

from famulus.infra.schema import Moment, metadata

analytics_events = sa.Table(
    "analytics_events",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("at", Moment, nullable=False),
    # What figures are made of has columns of its own; see `Fact`.
    sa.Column("subject", sa.Text),
    sa.Column("outcome", sa.Text),
    sa.Column("took_ms", sa.BigInteger),
    sa.Column("first_ms", sa.BigInteger),
    sa.Column("properties", sa.JSON, nullable=False),
    sa.Index("ix_analytics_events_at", "at"),
    sa.Index("ix_analytics_events_user_id", "user_id"),
)

analytics_people = sa.Table(
    "analytics_people",
    metadata,
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("opted_out", sa.Boolean, nullable=False),
    # What a program has said of them, in words that say nothing of what they say.
    sa.Column("traits", sa.JSON, nullable=False),
    sa.Column("updated_at", Moment, nullable=False),
)

# What happened in the hours and days that are over, as `Tally` writes it; made of the events, anew when they change.
analytics_tallies = sa.Table(
    "analytics_tallies",
    metadata,
    # hour or day, and which since 1970, in UTC.
    sa.Column("bucket", sa.Text, primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("tally", sa.Text, nullable=False),
    info={"derived": True},
)
