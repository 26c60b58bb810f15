"""A memory: something a person wanted to be remembered."""

import sqlalchemy as sa

from famulus.infra.schema import Moment, metadata

memories = sa.Table(
    "memories",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    # The call that made it: made again, it is the same memory.
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Index("uq_memories_key", "user_id", "key", unique=True),
)
