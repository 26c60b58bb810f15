"""A job: something to be done at a time, by one worker at a time."""

import sqlalchemy as sa

from famulus.infra.schema import Moment, metadata

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
    sa.Column("attempts", sa.Integer, nullable=False),
    # Goes up with each claim; a claim may only act while the row still has its number.
    sa.Column("fence", sa.Integer, nullable=False),
    sa.Column("leased_by", sa.Text),
    # Given up: kept to be looked at.
    sa.Column("dead", sa.Boolean, nullable=False),
    sa.Column("last_error", sa.Text),
    sa.Column("created_at", Moment, nullable=False),
    sa.Index("ix_jobs_due", "due_at", sqlite_where=sa.text("NOT dead"), postgresql_where=sa.text("NOT dead")),
    sa.Index("ix_jobs_serial_key", "serial_key", "id"),
    sa.Index("ix_jobs_leased_by", "leased_by"),
)
