"""The queue: jobs go in with somebody's transaction, and come out under a lease."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from famulus.infra.database import Session
from famulus.infra.prepared import Prepared
from famulus.infra.relay import Relay
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
_MOST_PLACED = 200


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


_now = sa.bindparam("now", type_=jobs.c.due_at.type)
_other = jobs.alias("other")
_due = (
    sa.select(jobs.c.id, jobs.c.user_id, jobs.c.priority, jobs.c.due_at)
    .where(jobs.c.due_at <= _now, jobs.c.turn.is_(None), ~jobs.c.dead)
    .order_by(jobs.c.due_at)
    .limit(_MOST_PLACED)
    # On PostgreSQL many claim at once, and each places what no other is placing.
    .with_for_update(of=jobs, skip_locked=True)
    # Named, so that it is asked once: asked again for each row, it would give more than its limit.
    .cte("due")
)
_person = sa.select(_due.c.priority, _due.c.user_id).distinct().subquery("person")
# Where the line stands in which a job gets its place, and behind which turn the same person has had theirs.
_begins = (
    sa.select(sa.func.min(_other.c.turn))
    .where(_other.c.priority == _person.c.priority, _other.c.turn.is_not(None))
    .scalar_subquery()
)
_own = (
    sa.select(sa.func.max(_other.c.turn) + 1)
    .where(_other.c.user_id == _person.c.user_id, _other.c.priority == _person.c.priority, _other.c.turn.is_not(None))
    .scalar_subquery()
)
_lines = sa.select(
    _person.c.priority,
    _person.c.user_id,
    sa.func.coalesce(_begins, 0).label("begins"),
    sa.func.coalesce(_own, 0).label("own"),
).cte("lines")
_nth = sa.func.row_number().over(partition_by=[_due.c.priority, _due.c.user_id], order_by=[_due.c.due_at, _due.c.id])
_first_turn = sa.case((_lines.c.begins > _lines.c.own, _lines.c.begins), else_=_lines.c.own)
_placed = (
    sa.select(_due.c.id, (_first_turn + _nth - 1).label("turn"))
    .join(_lines, (_lines.c.priority == _due.c.priority) & _lines.c.user_id.is_not_distinct_from(_due.c.user_id))
    .cte("placed")
)
_PLACE = Prepared(sa.update(jobs).where(jobs.c.id == _placed.c.id, jobs.c.turn.is_(None)).values(turn=_placed.c.turn))
_first = (
    sa.select(jobs.c.id)
    .where(
        jobs.c.turn.is_not(None),
        ~sa.exists().where(_other.c.serial_key == jobs.c.serial_key, _other.c.id < jobs.c.id, ~_other.c.dead),
        # One whose clock was late may have added an earlier one to what is at work.
        ~sa.exists().where(
            _other.c.serial_key == jobs.c.serial_key, _other.c.leased_by.is_not(None), _other.c.due_at > _now
        ),
    )
    .order_by(jobs.c.priority, jobs.c.turn, jobs.c.id)
    .limit(sa.bindparam("most"))
    .with_for_update(of=jobs, skip_locked=True)
    .cte("first")
)
_CLAIM = Prepared(
    sa.update(jobs)
    .where(jobs.c.id.in_(sa.select(_first.c.id)))
    .values(
        turn=None,
        fence=jobs.c.fence + 1,
        attempts=jobs.c.attempts + 1,
        due_at=sa.bindparam("until", type_=jobs.c.due_at.type),
        leased_by=sa.bindparam("worker"),
    )
    .returning(jobs.c.id, jobs.c.kind, jobs.c.payload, jobs.c.attempts, jobs.c.fence)
)
_mine = (jobs.c.id == sa.bindparam("job"), jobs.c.fence == sa.bindparam("held"))
_FINISH = Prepared(sa.delete(jobs).where(*_mine))
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
_HEARTBEAT = Prepared(
    sa.update(jobs)
    .where(jobs.c.leased_by == sa.bindparam("worker"))
    # One that was silent for too long, and whose job nobody has taken yet, has it back.
    .values(turn=None, due_at=sa.bindparam("until", type_=jobs.c.due_at.type))
    .returning(jobs.c.id, jobs.c.fence)
)


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
        await session.change(_PLACE, {"now": now})
        taken = await session.rows(_CLAIM, {"now": now, "until": now + self._lease, "worker": worker, "most": most})
        return [Claim(*row) for row in taken]

    async def finish(self, session: Session, claim: Claim) -> None:
        """The job is done and leaves the queue, within the transaction that did it."""
        self._check(await session.change(_FINISH, {"job": claim.id, "held": claim.fence}))
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
        parked = await session.change(_PARK, {"job": claim.id, "held": claim.fence, "until": until})
        self._check(parked)

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

    async def heartbeat(self, session: Session, *, worker: str) -> dict[str, int]:
        """Lengthen every lease of a worker; the fence of each job that is still its own."""
        held = await session.rows(_HEARTBEAT, {"worker": worker, "until": self._now() + self._lease})
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

    def _check(self, changed_rows: int) -> None:
        if changed_rows == 0:
            raise LeaseLost("Somebody else has taken this job over.")


def _row(draft: JobDraft, now: datetime) -> dict[str, Any]:
    return {
        "id": draft.id, "kind": draft.kind, "user_id": draft.user_id, "serial_key": draft.serial_key,
        "payload": draft.payload, "priority": draft.priority, "due_at": draft.due_at or now, "attempts": 0, "fence": 0,
        "dead": False, "turn": None, "created_at": now,
    }  # fmt: skip


_ADD = Prepared(sa.insert(jobs))
