"""The SQL of runs and steps, for one owner."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from famulus.features.conversations.records import Run, Step
from famulus.features.conversations.tables import runs, steps
from famulus.features.usage.records import Spent
from famulus.infra.database import Session
from famulus.infra.prepared import Prepared

_owner: sa.BindParameter[str] = sa.bindparam("owner")
_FIND = Prepared(sa.select(runs).where(runs.c.id == sa.bindparam("key"), runs.c.user_id == _owner))
_BY_KEY = Prepared(sa.select(runs).where(runs.c.user_id == _owner, runs.c.idempotency_key == sa.bindparam("key")))
_ADD = Prepared(sa.insert(runs))
_UPDATE = Prepared(sa.update(runs).where(runs.c.id == sa.bindparam("key"), runs.c.user_id == _owner))
_ACTIVE = Prepared(
    sa.select(runs).where(
        runs.c.user_id == _owner,
        runs.c.conversation_id == sa.bindparam("conversation"),
        runs.c.ended_at.is_(None),
    )
)
_COUNT_ACTIVE = Prepared(sa.select(sa.func.count()).where(runs.c.user_id == _owner, runs.c.ended_at.is_(None)))
_STEPS = (
    sa.select(steps).where(steps.c.run_id == sa.bindparam("run"), steps.c.user_id == _owner).order_by(steps.c.position)
)
_STEPS_OF_RUN = Prepared(_STEPS)
_SPENDING = Prepared(
    sa.select(steps.c.kind, steps.c.usage).where(steps.c.run_id == sa.bindparam("run"), steps.c.user_id == _owner)
)
_ADD_STEP = Prepared(sa.insert(steps))
_UPDATE_STEP = Prepared(sa.update(steps).where(steps.c.id == sa.bindparam("key"), steps.c.user_id == _owner))
# What later turns are shown of tools, for all the runs of a window at once.
_CALLS = Prepared(
    sa.select(steps)
    .where(
        steps.c.conversation_id == sa.bindparam("conversation"),
        steps.c.user_id == _owner,
        steps.c.run_id >= sa.bindparam("oldest"),
        sa.or_(steps.c.call_id.is_not(None), steps.c.calls.is_not(None)),
    )
    .order_by(steps.c.run_id, steps.c.position)
)


class RunRepository:
    """Runs and steps of one person."""

    def __init__(self, session: Session, user_id: str) -> None:
        self._session = session
        self._user_id = user_id

    async def find(self, run_id: str) -> Run | None:
        row = await self._session.row(_FIND, {"key": run_id, "owner": self._user_id})
        return Run(*row) if row else None

    async def by_key(self, idempotency_key: str) -> Run | None:
        row = await self._session.row(_BY_KEY, {"key": idempotency_key, "owner": self._user_id})
        return Run(*row) if row else None

    async def active(self, conversation_id: str) -> list[Run]:
        """Queued, at work, or waiting for outputs; in the order in which they are worked on."""
        rows = await self._session.rows(_ACTIVE, {"owner": self._user_id, "conversation": conversation_id})
        return sorted((Run(*row) for row in rows), key=lambda run: run.id)

    async def count_active(self) -> int:
        row = await self._session.row(_COUNT_ACTIVE, {"owner": self._user_id})
        return row[0] if row else 0

    async def of_conversation(self, conversation_id: str) -> list[Run]:
        rows = await self._session.execute(
            sa.select(runs).where(runs.c.conversation_id == conversation_id, runs.c.user_id == self._user_id)
        )
        return [Run(*row) for row in rows]

    async def add(self, run: Run) -> None:
        await self._session.change(_ADD, {name: getattr(run, name) for name in Run.__dataclass_fields__})

    async def update(self, run_id: str, values: dict[str, Any]) -> bool:
        """Whether the run is still there."""
        return await self._session.change(_UPDATE, {"key": run_id, "owner": self._user_id} | values) > 0

    async def steps(self, run_id: str) -> list[Step]:
        """In the order in which they were taken."""
        rows = await self._session.rows(_STEPS_OF_RUN, {"run": run_id, "owner": self._user_id})
        return [Step(*row) for row in rows]

    async def spent(self, run_id: str) -> Spent:
        """What the run has taken so far, by its steps."""
        rows = await self._session.rows(_SPENDING, {"run": run_id, "owner": self._user_id})
        reports = [usage for _, usage in rows if usage]
        return Spent(
            input_tokens=sum(report.get("prompt_tokens", 0) for report in reports),
            output_tokens=sum(report.get("completion_tokens", 0) for report in reports),
            tool_calls=sum(kind == "tool_call" for kind, _ in rows),
        )

    async def steps_page(self, run_id: str, *, after: int, limit: int) -> list[Step]:
        """In the order in which they were taken, from position `after` on."""
        statement = _STEPS.where(steps.c.position > after).limit(limit)
        rows = await self._session.execute(statement, {"run": run_id, "owner": self._user_id})
        return [Step(*row) for row in rows]

    async def calls(self, conversation_id: str, *, oldest_run: str) -> list[Step]:
        """Answers that called tools, and the calls, of this run and all later ones."""
        keys = {"conversation": conversation_id, "owner": self._user_id, "oldest": oldest_run}
        return [Step(*row) for row in await self._session.rows(_CALLS, keys)]

    async def add_steps(self, added: Sequence[Step]) -> None:
        await self._session.change_many(
            _ADD_STEP, [{name: getattr(step, name) for name in Step.__dataclass_fields__} for step in added]
        )

    async def update_step(self, step_id: str, values: dict[str, Any]) -> None:
        await self._session.change(_UPDATE_STEP, {"key": step_id, "owner": self._user_id} | values)


async def cancelled_among(session: Session, run_ids: Sequence[str]) -> list[str]:
    """Those of the runs that somebody has asked to stop, or deleted, and that a worker still works on.

    Asked by the worker for its own runs, whoever owns them; nothing of them is shown.
    """
    rows = await session.execute(
        sa.select(runs.c.id, runs.c.cancel_requested_at).where(runs.c.id.in_(run_ids), runs.c.ended_at.is_(None))
    )
    return [run_id for run_id, requested_at in rows if requested_at is not None]


async def count_active_by_status(session: Session) -> dict[str, int]:
    """How many runs of everybody have not ended, by their status: for those who watch over the server."""
    query = (
        sa.select(runs.c.status, sa.func.count().label("many")).where(runs.c.ended_at.is_(None)).group_by(runs.c.status)
    )
    return {row.status: row.many for row in await session.execute(query)}
