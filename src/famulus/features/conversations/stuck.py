"""Runs that do not get on, for those who watch over the server."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from famulus.features.conversations.tables import runs
from famulus.infra.database import Session
from famulus.jobs.tables import jobs

_SILENT = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class StuckRun:
    """A run that somebody should have brought further by now."""

    id: str
    status: str
    since: datetime
    held_by: str | None
    """The worker that says that it is at work on it."""
    why: str
    """`no_job`, `given_up`, `unclaimed`, or `overdue` when it is at work beyond its time limit."""
    last_error: str | None


async def stuck_runs(session: Session, *, at: datetime, most: int) -> list[StuckRun]:
    """Everybody's runs that nobody works on although they are due, or somebody for too long; the oldest first."""
    older = jobs.alias("older")
    waits = sa.exists().where(older.c.serial_key == jobs.c.serial_key, older.c.id < jobs.c.id, ~older.c.dead)
    late = at - _SILENT
    why = sa.case(
        (jobs.c.id.is_(None), "no_job"),
        (jobs.c.dead, "given_up"),
        (sa.and_(jobs.c.due_at < late, ~waits), "unclaimed"),
        (sa.and_(jobs.c.leased_by.is_not(None), runs.c.expires_at < late), "overdue"),
    )
    since = sa.case((why == "unclaimed", jobs.c.due_at), else_=sa.func.coalesce(runs.c.started_at, runs.c.created_at))
    query = (
        sa.select(runs.c.id, runs.c.status, since, jobs.c.leased_by, why, jobs.c.last_error)
        .outerjoin_from(runs, jobs, jobs.c.id == runs.c.job_id)
        .where(runs.c.ended_at.is_(None), why.is_not(None))
        .order_by(runs.c.id)
        .limit(most)
    )
    return [StuckRun(*row) for row in await session.execute(query)]
