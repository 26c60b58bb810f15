"""The queue: jobs go in with somebody's transaction, and come out under a lease."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from famulus.infra.database import Dialect, Session
from famulus.infra.prepared import Prepared
from famulus.infra.relay import Relay
from famulus.jobs.line import next_in_line
from famulus.jobs.tables import jobs
from famulus.kit.clock import Clock, utc_now
from famulus.kit.errors import Conflict
from famulus.kit.ids import new_id
from famulus.kit.text import shortened

INTERACTIVE = 0
"""Priority of work that somebody is waiting for."""
BACKGROUND = 10
"""Priority of work that nobody watches."""

_DUE = "jobs.due"
_ERROR_CHARACTERS = 500


class LeaseLost(Conflict):
    """Somebody else has taken this job over."""


@dataclass(slots=True, eq=False)
class Claim:
    """One worker's right to a job, until it lets go or falls silent."""

    id: str
    kind: str
    payload: dict[str, Any]
    attempt: int
    """How often the job was started without letting go of it in good order, this time included."""
    fence: int
    is_lost: bool = False
    """Whether somebody else has the job: whatever this claim does then is refused."""
    on_lost: Callable[[], None] = field(default=lambda: None)
    """Called when that turns out."""

    def lose(self) -> None:
        """Somebody else has the job."""
        self.is_lost = True
        self.on_lost()


@dataclass(frozen=True, slots=True)
class JobDraft:
    """A job that is not in the queue yet."""

    kind: str
    payload: dict[str, Any]
    user_id: str | None = None
    serial_key: str | None = None
    priority: int = BACKGROUND
    due_at: datetime | None = None
    """At once, when there is none."""
    id: str = field(default_factory=lambda: new_id("job"))


_TAKEN_OVER = "Somebody else has taken this job over."
_now = sa.bindparam("now", type_=jobs.c.due_at.type)
_mine = (jobs.c.id == sa.bindparam("job"), jobs.c.fence == sa.bindparam("held"))
_other = jobs.alias("other")
_has_next = sa.exists().where(_other.c.serial_key == jobs.c.serial_key, _other.c.id != jobs.c.id).correlate(jobs)
_FINISH = Prepared(sa.delete(jobs).where(*_mine).returning(jobs.c.serial_key, _has_next))
_PARK = Prepared(
    sa.update(jobs)
    .where(*_mine)
    .values(turn=None, due_at=sa.bindparam("until", type_=jobs.c.due_at.type), attempts=0, leased_by=None)
)
_RETRY = Prepared(
    sa.update(jobs)
    .where(*_mine)
    .values(
        turn=None,
        due_at=sa.bindparam("until", type_=jobs.c.due_at.type),
        leased_by=None,
        dead=sa.bindparam("given_up"),
        last_error=sa.bindparam("error"),
    )
)
_other = jobs.alias("other")
_beat = (
    sa.update(jobs)
    .where(
        jobs.c.leased_by == sa.bindparam("worker"),
        # One that was silent for too long, and whose job nobody has taken yet, has it back; unless somebody has begun
        # meanwhile with another of its key.
        sa.or_(
            jobs.c.due_at > _now,
            ~sa.exists().where(
                _other.c.serial_key == jobs.c.serial_key,
                _other.c.id != jobs.c.id,
                _other.c.leased_by.is_not(None),
                _other.c.due_at > _now,
            ),
        ),
    )
    .values(turn=None, due_at=sa.bindparam("until", type_=jobs.c.due_at.type))
    .returning(jobs.c.id, jobs.c.fence)
)
_ids = sa.bindparam("ids", type_=sa.JSON)
_HEARTBEAT: dict[Dialect, Prepared] = {
    "sqlite": Prepared(_beat.where(jobs.c.id.in_(sa.select(sa.func.json_each(_ids).table_valued("value").c.value)))),
    "postgresql": Prepared(_beat.where(jobs.c.id.in_(sa.select(sa.func.json_array_elements_text(_ids))))),
}


class JobQueue:
    """The jobs of one database, and the bell that wakes this process's worker."""

    def __init__(self, *, relay: Relay | None = None, lease_seconds: float = 15, now: Clock = utc_now) -> None:
        self._lease = timedelta(seconds=lease_seconds)
        self._now = now
        self._relay = relay or Relay()
        self._relay.hear(_DUE, lambda _: self.bell.set())
        self.bell = asyncio.Event()
        """Rings when there may be something to claim."""

    async def add(
        self,
        session: Session,
        kind: str,
        payload: dict[str, Any],
        *,
        user_id: str | None = None,
        serial_key: str | None = None,
        priority: int = BACKGROUND,
        due_at: datetime | None = None,
    ) -> str:
        """Put a job into the queue, within somebody's transaction; its id."""
        draft = JobDraft(kind, payload, user_id, serial_key, priority, due_at)
        await self.add_many(session, [draft])
        return draft.id

    async def add_many(self, session: Session, drafts: Sequence[JobDraft]) -> None:
        """Put jobs into the queue, within somebody's transaction."""
        if drafts:
            now = self._now()
            await session.change_many(_ADD, [_row(draft, now) for draft in drafts])
            session.after_commit(self._ring)

    async def claim(self, session: Session, *, worker: str, most: int) -> list[Claim]:
        """Take up to `most` due jobs under a lease: the more urgent first, and of those each person's in turn."""
        now = self._now()
        taken = await next_in_line(session, now=now, until=now + self._lease, worker=worker, most=most)
        return [Claim(*row) for row in taken]

    async def finish(self, session: Session, claim: Claim) -> None:
        """The job is done and leaves the queue, within the transaction that did it."""
        if (gone := await session.row(_FINISH, {"job": claim.id, "held": claim.fence})) is None:
            raise LeaseLost(_TAKEN_OVER)
        serial_key, has_next = gone
        # Where many write at once, the next of its key may be on its way into the queue, and not be seen from here.
        if has_next or (serial_key is not None and session.speaks == "postgresql"):
            session.after_commit(self.bell.set)

    async def finish_many(self, session: Session, claims: Sequence[Claim]) -> set[str]:
        """Like `finish`, for jobs that end together; the ids of those that were still held, as others may not act."""
        if not claims:
            return set()
        held = sa.tuple_(jobs.c.id, jobs.c.fence).in_([(claim.id, claim.fence) for claim in claims])
        gone = await session.execute(sa.delete(jobs).where(held).returning(jobs.c.id))
        session.after_commit(self.bell.set)
        return {row[0] for row in gone}

    async def park(self, session: Session, claim: Claim, *, until: datetime) -> None:
        """Let go of the job in good order, to be claimed again at `until`, or when `rouse` says so."""
        if not await session.change(_PARK, {"job": claim.id, "held": claim.fence, "until": until}):
            raise LeaseLost(_TAKEN_OVER)

    async def retry(self, session: Session, claim: Claim, *, until: datetime, error: str, give_up: bool) -> None:
        """The job failed: try again at `until`, or keep it aside for somebody to look at."""
        outcome = {"until": until, "error": shortened(error, _ERROR_CHARACTERS), "given_up": give_up}
        await session.change(_RETRY, {"job": claim.id, "held": claim.fence} | outcome)

    async def rouse(self, session: Session, job_id: str) -> None:
        """Make a job that nobody holds due at once."""
        now = self._now()
        await session.execute(sa.update(jobs).where(jobs.c.id == job_id, jobs.c.leased_by.is_(None)).values(due_at=now))
        session.after_commit(self._ring)

    async def remove(self, session: Session, job_ids: list[str]) -> None:
        """Take jobs out of the queue, whoever holds them."""
        await session.execute(sa.delete(jobs).where(jobs.c.id.in_(job_ids)))
        session.after_commit(self.bell.set)

    async def withdraw(self, session: Session, serial_key: str) -> None:
        """Take the jobs with this key out of the queue that nobody works on."""
        await session.execute(sa.delete(jobs).where(jobs.c.serial_key == serial_key, jobs.c.leased_by.is_(None)))

    async def heartbeat(self, session: Session, *, worker: str, job_ids: Sequence[str]) -> dict[str, int]:
        """Lengthen a worker's leases of these jobs; the fence of each that is still its own.

        Of what it does not name it may know nothing, as when a claim was committed and the answer was lost: that lease
        ends, and somebody takes the job.
        """
        lease = {"worker": worker, "now": self._now(), "until": self._now() + self._lease}
        held = await session.rows(_HEARTBEAT[session.speaks], lease | {"ids": list(job_ids)})
        return dict(held)

    async def hand_over(self, session: Session, *, worker: str) -> None:
        """Give back, in good order, whatever a worker still holds."""
        await session.execute(
            sa.update(jobs)
            .where(jobs.c.leased_by == worker)
            .values(due_at=self._now(), leased_by=None, attempts=jobs.c.attempts - 1)
        )
        session.after_commit(self._ring)

    async def take_from_the_dead(self, session: Session) -> None:
        """End every lease: only for a process that knows that it is alone."""
        await session.execute(
            sa.update(jobs).where(jobs.c.leased_by.is_not(None)).values(due_at=self._now(), leased_by=None)
        )

    def _ring(self) -> None:
        """Wake the workers, of this process and of others."""
        self._relay.announce(_DUE)


def _row(draft: JobDraft, now: datetime) -> dict[str, Any]:
    return {
        "id": draft.id, "kind": draft.kind, "user_id": draft.user_id, "serial_key": draft.serial_key,
        "payload": draft.payload, "priority": draft.priority, "due_at": draft.due_at or now, "attempts": 0, "fence": 0,
        "dead": False, "turn": None, "created_at": now,
    }  # fmt: skip


_ADD = Prepared(sa.insert(jobs))
