"""The queue as those see it who run the server: how many jobs there are of each kind, and what was given up."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from famulus.infra.database import Session
from famulus.jobs.queue import JobQueue
from famulus.jobs.tables import jobs
from famulus.kit.clock import Clock, utc_now
from famulus.kit.errors import NotFound


class JobNotFound(NotFound):
    """There is no such job among those that were given up."""


@dataclass(frozen=True, slots=True)
class KindFigures:
    """The jobs of one kind, by how they stand."""

    kind: str
    due: int
    at_work: int
    later: int
    dead: int


@dataclass(frozen=True, slots=True)
class DeadJob:
    """A job that was given up. What it was to do is not shown: it may say what somebody has said."""

    id: str
    kind: str
    user_id: str | None
    attempts: int
    last_error: str | None
    created_at: datetime
    due_at: datetime


class JobOffice:
    """Everybody's jobs, within one transaction."""

    def __init__(self, session: Session, *, now: Clock = utc_now) -> None:
        self._session = session
        self._now = now

    async def kinds(self) -> list[KindFigures]:
        """How many there are of each kind; what is done is gone."""
        held, waits = jobs.c.leased_by.is_not(None), jobs.c.leased_by.is_(None)
        states = (
            ~jobs.c.dead & waits & (jobs.c.due_at <= self._now()),
            ~jobs.c.dead & held,
            ~jobs.c.dead & waits & (jobs.c.due_at > self._now()),
            jobs.c.dead,
        )
        query = sa.select(jobs.c.kind, *(sa.func.count().filter(state) for state in states))
        rows = await self._session.execute(query.group_by(jobs.c.kind).order_by(jobs.c.kind))
        return [KindFigures(*row) for row in rows]

    async def dead(self, *, before: str | None, limit: int) -> list[DeadJob]:
        """What was given up, newest first."""
        query = sa.select(*(jobs.c[name] for name in DeadJob.__dataclass_fields__)).where(jobs.c.dead)
        if before is not None:
            query = query.where(jobs.c.id < before)
        rows = await self._session.execute(query.order_by(jobs.c.id.desc()).limit(limit))
        return [DeadJob(*row) for row in rows]

    async def retry(self, job_id: str, queue: JobQueue) -> str:
        """Have it tried again at once, as if for the first time; its kind."""
        revived = {"dead": False, "attempts": 0, "turn": None, "last_error": None, "leased_by": None}
        found = await self._session.execute(
            sa.update(jobs).where(jobs.c.id == job_id, jobs.c.dead).values(revived).returning(jobs.c.kind)
        )
        kind = _found(found.scalar_one_or_none())
        await queue.rouse(self._session, job_id)
        return kind

    async def discard(self, job_id: str) -> str:
        """Take it away: what it was to do is not done; its kind."""
        found = await self._session.execute(
            sa.delete(jobs).where(jobs.c.id == job_id, jobs.c.dead).returning(jobs.c.kind)
        )
        return _found(found.scalar_one_or_none())


def _found(kind: str | None) -> str:
    if kind is None:
        raise JobNotFound("There is no such job among those that were given up.")
    return kind
