"""Which jobs are taken next: the more urgent first, of those each person's in turn, and one of a key at a time."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from famulus.infra.database import Session
from famulus.infra.prepared import Prepared, Row
from famulus.jobs.tables import jobs

_MOST_PLACED = 200
# A lock of this seed and a job's key: nobody else asks for one of both.
_KEYS = 1

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
    # Worked out once, and not again for each job that it is compared with.
    .prefix_with("MATERIALIZED", dialect="postgresql")
)
_PLACE = Prepared(sa.update(jobs).where(jobs.c.id == _placed.c.id, jobs.c.turn.is_(None)).values(turn=_placed.c.turn))
# Nothing earlier of the same key is left; nor is something later at work, before which this one has come in since its
# clock was late, or its transaction long.
_in_turn = (
    ~sa.exists().where(_other.c.serial_key == jobs.c.serial_key, _other.c.id < jobs.c.id, ~_other.c.dead),
    ~sa.exists().where(
        _other.c.serial_key == jobs.c.serial_key, _other.c.leased_by.is_not(None), _other.c.due_at > _now
    ),
)
_first = (
    sa.select(jobs.c.id, jobs.c.serial_key)
    .where(jobs.c.turn.is_not(None), *_in_turn)
    .order_by(jobs.c.priority, jobs.c.turn, jobs.c.id)
    .limit(sa.bindparam("most"))
    .with_for_update(of=jobs, skip_locked=True)
    .cte("first")
)
_taken = (
    sa.update(jobs)
    .values(
        turn=None,
        fence=jobs.c.fence + 1,
        attempts=jobs.c.attempts + 1,
        due_at=sa.bindparam("until", type_=jobs.c.due_at.type),
        leased_by=sa.bindparam("worker"),
    )
    .returning(jobs.c.id, jobs.c.kind, jobs.c.payload, jobs.c.attempts, jobs.c.fence)
)
_TAKE_FIRST = Prepared(_taken.where(jobs.c.id.in_(sa.select(_first.c.id))))
# Where many claim at once, none sees what the others are taking. So whoever wants a job locks its key, to the end of
# the transaction, and looks again with a statement that begins after that: it sees what another has taken under it.
_CHOOSE = Prepared(
    sa.select(_first.c.id).where(
        sa.or_(
            _first.c.serial_key.is_(None),
            sa.func.pg_try_advisory_xact_lock(sa.func.hashtextextended(_first.c.serial_key, _KEYS)),
        )
    )
)
_TAKE_CHOSEN = Prepared(_taken.where(jobs.c.id == sa.func.any(sa.bindparam("chosen", type_=ARRAY(sa.Text))), *_in_turn))


async def plan_afresh(session: Session) -> None:
    """Have PostgreSQL plan each statement of this transaction for the jobs that there are now.

    A plan that it made and kept while there were none looks at every job for every other: with a thousand of them that
    takes longer than a statement may.
    """
    if session.speaks == "postgresql":
        await session.driver_sql("SET LOCAL plan_cache_mode = force_custom_plan")


async def _count_again(session: Session) -> None:
    """Have PostgreSQL look how many jobs there are, where it believes in fewer than have just got their places.

    It counts now and then by itself; when it has last done so while the queue was empty, a plan that it makes afresh is
    as bad as an old one.
    """
    [(believed,)] = await session.driver_sql("SELECT reltuples FROM pg_class WHERE oid = 'jobs'::regclass")
    if believed < _MOST_PLACED:
        await session.driver_sql("ANALYZE (SKIP_LOCKED) jobs")


async def next_in_line(session: Session, *, now: datetime, until: datetime, worker: str, most: int) -> list[Row]:
    """Take up to `most` jobs that are due, until then; see `Claim` for what is said of each."""
    await plan_afresh(session)
    placed = await session.change(_PLACE, {"now": now})
    lease = {"now": now, "until": until, "worker": worker}
    if session.speaks == "sqlite":
        return await session.rows(_TAKE_FIRST, lease | {"most": most})
    if placed == _MOST_PLACED:
        await _count_again(session)
    chosen = [job_id for (job_id,) in await session.rows(_CHOOSE, {"now": now, "most": most})]
    return await session.rows(_TAKE_CHOSEN, lease | {"chosen": chosen}) if chosen else []
