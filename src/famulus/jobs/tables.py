"""A job: something to be done at a time, by one worker at a time."""

import sqlalchemy as sa

from famulus.infra.schema import Moment, metadata

_HELD = "leased_by IS NOT NULL"
_IN_LINE = "turn IS NOT NULL"
_NOT_IN_LINE = "turn IS NULL AND NOT dead"

jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    # Whom the work is for.
    sa.Column("user_id", sa.Text),
    # Jobs with the same key are done one after the other, in the order of their ids.
    sa.Column("serial_key", sa.Text),
    sa.Column("payload", sa.JSON, nullable=False),
    # Smaller is sooner.
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("due_at", Moment, nullable=False),
    # The place in the line of those that may be claimed, nobody's second job before everybody's first; null for one
    # that is not due, and for one that is held.
    sa.Column("turn", sa.BigInteger),
    sa.Column("attempts", sa.Integer, nullable=False),
    # Goes up with each claim; a claim may only act while the row still has its number.
    sa.Column("fence", sa.Integer, nullable=False),
    sa.Column("leased_by", sa.Text),
    # Given up: kept to be looked at.
    sa.Column("dead", sa.Boolean, nullable=False),
    sa.Column("last_error", sa.Text),
    sa.Column("created_at", Moment, nullable=False),
    sa.Index("ix_jobs_due", "due_at", sqlite_where=sa.text(_NOT_IN_LINE), postgresql_where=sa.text(_NOT_IN_LINE)),
    sa.Index(
        "ix_jobs_line", "priority", "turn", "id", sqlite_where=sa.text(_IN_LINE), postgresql_where=sa.text(_IN_LINE)
    ),
    sa.Index(
        "ix_jobs_line_of_user",
        "user_id",
        "priority",
        "turn",
        sqlite_where=sa.text(_IN_LINE),
        postgresql_where=sa.text(_IN_LINE),
    ),
    sa.Index("ix_jobs_serial_key", "serial_key", "id"),
    sa.Index("ix_jobs_leased_by", "leased_by"),
    sa.Index("ix_jobs_held", "serial_key", sqlite_where=sa.text(_HELD), postgresql_where=sa.text(_HELD)),
)
