"""What was spent, how much of each limit is taken, and who may spend how much."""

import sqlalchemy as sa

from famulus.infra.schema import Moment, metadata

usage_entries = sa.Table(
    "usage_entries",
    metadata,
    # The name of the work while it is held: a run's id, for instance. Then a name that says nothing.
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    sa.Column("feature", sa.Text, nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    # held while the work is under way; then spent, or refunded: its request is not counted.
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("requests", sa.BigInteger, nullable=False),
    sa.Column("input_tokens", sa.BigInteger, nullable=False),
    sa.Column("output_tokens", sa.BigInteger, nullable=False),
    # What the limits were charged, estimated while it is held.
    sa.Column("tokens", sa.BigInteger, nullable=False),
    # In millionths of the currency.
    sa.Column("cost", sa.BigInteger, nullable=False),
    sa.Column("tool_calls", sa.BigInteger, nullable=False),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Index("ix_usage_entries_user_id", "user_id", "day"),
    sa.Index("ix_usage_entries_day", "day"),
)

usage_counters = sa.Table(
    "usage_counters",
    metadata,
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("feature", sa.Text, primary_key=True),
    # day or month, in UTC.
    sa.Column("period", sa.Text, primary_key=True),
    sa.Column("starts_on", sa.Date, primary_key=True),
    sa.Column("requests", sa.BigInteger, nullable=False),
    sa.Column("tokens", sa.BigInteger, nullable=False),
    sa.Column("cost", sa.BigInteger, nullable=False),
    # The last percentage that the person was told of in this window.
    sa.Column("told", sa.Integer, nullable=False),
)

usage_plans = sa.Table(
    "usage_plans",
    metadata,
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("plan", sa.Text, nullable=False),
    sa.Column("set_at", Moment, nullable=False),
)

usage_prices = sa.Table(
    "usage_prices",
    metadata,
    sa.Column("model", sa.Text, primary_key=True),
    # Of a million tokens, in millionths of the currency.
    sa.Column("input", sa.BigInteger, nullable=False),
    sa.Column("output", sa.BigInteger, nullable=False),
    sa.Column("updated_at", Moment, nullable=False),
)
