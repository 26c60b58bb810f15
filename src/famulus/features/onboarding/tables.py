"""Where somebody is among the first questions, and what became of their answers."""

import sqlalchemy as sa

from famulus.infra.schema import Moment, metadata

_Json = sa.JSON(none_as_null=True)

onboardings = sa.Table(
    "onboardings",
    metadata,
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    # initial, preferences, model, memories, reminder or done.
    sa.Column("state", sa.Text, nullable=False),
    # Of each step behind: whether it was answered or skipped, and a digest of the answer.
    sa.Column("steps", _Json, nullable=False),
    # What settings were before an answer changed them, and what it made of them.
    sa.Column("changes", _Json, nullable=False),
    # Whether the invitation was put away.
    sa.Column("dismissed", sa.Boolean, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("updated_at", Moment, nullable=False),
)
