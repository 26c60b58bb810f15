"""How the queue stands, for whoever watches over it."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from famulus.infra.database import Session
from famulus.jobs.line import plan_afresh
from famulus.jobs.tables import jobs


@dataclass(frozen=True, slots=True)
class Census:
    """The jobs of everybody, by what becomes of them."""

    due: int
    oldest_due_seconds: float
    dead: int


async def census(session: Session, *, at: datetime) -> Census:
    """How many jobs wait for a worker, and since when; how many were given up."""
    await plan_afresh(session)
    alive = ~jobs.c.dead
    # A job that waits behind another one of its kind is not late: its turn has not come.
    older = jobs.alias("older")
    in_turn = ~sa.exists().where(older.c.serial_key == jobs.c.serial_key, older.c.id < jobs.c.id, ~older.c.dead)
    waiting = sa.select(sa.func.count(), sa.func.min(jobs.c.due_at)).where(alive, jobs.c.due_at <= at, in_turn)
    [(due, oldest)] = await session.execute(waiting)
    dead = (await session.execute(sa.select(sa.func.count()).where(jobs.c.dead))).scalar_one()
    return Census(due, (at - oldest).total_seconds() if oldest else 0.0, dead)
