"""The SQL of goals, their steps and the order between them, for one owner."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

import sqlalchemy as sa

from famulus.features.goals.records import Goal, Progress, Step, Todo
from famulus.features.goals.tables import goal_edges, goal_steps, goals
from famulus.infra.database import Session

_NEVER = date.max
_part = goal_steps.alias("part")
_whole = goal_steps.alias("whole")
_earlier = goal_steps.alias("earlier")
_is_leaf = ~sa.exists().where(_part.c.parent_id == goal_steps.c.id)
_waits = sa.exists().where(
    goal_edges.c.after_id == sa.func.coalesce(goal_steps.c.parent_id, goal_steps.c.id),
    goal_edges.c.before_id == _earlier.c.id,
    _earlier.c.done_at.is_(None),
)
_due = sa.func.coalesce(
    goal_steps.c.target_date, _whole.c.target_date, goals.c.target_date, sa.literal(_NEVER, sa.Date)
)


class GoalRepository:
    """The goals of one person."""

    def __init__(self, session: Session, user_id: str) -> None:
        self._session = session
        self._user_id = user_id
        self._my_goals = goals.c.user_id == user_id
        self._my_steps = goal_steps.c.user_id == user_id
        self._my_edges = goal_edges.c.user_id == user_id

    async def find(self, goal_id: str) -> Goal | None:
        found = await self._session.execute(sa.select(goals).where(goals.c.id == goal_id, self._my_goals))
        row = found.one_or_none()
        return Goal(*row) if row else None

    async def page(self, *, status: str | None, before: str | None, limit: int) -> list[Goal]:
        """The newest first."""
        statement = sa.select(goals).where(self._my_goals).order_by(goals.c.id.desc()).limit(limit)
        if status is not None:
            statement = statement.where(goals.c.status == status)
        if before is not None:
            statement = statement.where(goals.c.id < before)
        return [Goal(*row) for row in await self._session.execute(statement)]

    async def count(self) -> int:
        found = await self._session.execute(sa.select(sa.func.count()).select_from(goals).where(self._my_goals))
        return int(found.scalar_one())

    async def add(self, goal: Goal) -> None:
        await self._session.execute(sa.insert(goals), asdict(goal) | {"user_id": self._user_id})

    async def update(self, goal_id: str, values: dict[str, Any]) -> None:
        await self._session.execute(sa.update(goals).where(goals.c.id == goal_id, self._my_goals).values(values))

    async def delete(self, goal_id: str) -> None:
        await self._session.execute(sa.delete(goals).where(goals.c.id == goal_id, self._my_goals))

    async def progress(self, goal_ids: Sequence[str]) -> dict[str, Progress]:
        """How far each goal is; one that has no steps is left out."""
        counted = await self._session.execute(
            sa.select(goal_steps.c.goal_id, sa.func.count(goal_steps.c.done_at), sa.func.count())
            .where(self._my_steps, goal_steps.c.goal_id.in_(goal_ids), _is_leaf)
            .group_by(goal_steps.c.goal_id)
        )
        return {goal_id: Progress(done, total) for goal_id, done, total in counted}

    async def steps(self, goal_id: str) -> list[Step]:
        """In order."""
        rows = await self._session.execute(
            sa.select(goal_steps)
            .where(self._my_steps, goal_steps.c.goal_id == goal_id)
            .order_by(goal_steps.c.position, goal_steps.c.id)
        )
        return [Step(*row) for row in rows]

    async def edges(self, goal_id: str) -> list[tuple[str, str]]:
        rows = await self._session.execute(
            sa.select(goal_edges.c.before_id, goal_edges.c.after_id)
            .where(self._my_edges, goal_edges.c.goal_id == goal_id)
            .order_by(goal_edges.c.before_id, goal_edges.c.after_id)
        )
        return [(before, after) for before, after in rows]

    async def add_steps(self, steps: Sequence[Step]) -> None:
        """Add steps; a whole stands before its parts."""
        if steps:
            await self._session.execute(
                sa.insert(goal_steps), [asdict(step) | {"user_id": self._user_id} for step in steps]
            )

    async def add_edges(self, goal_id: str, edges: Sequence[tuple[str, str]]) -> None:
        rows = [{"before_id": b, "after_id": a, "user_id": self._user_id, "goal_id": goal_id} for b, a in edges]
        if rows:
            await self._session.execute(sa.insert(goal_edges), rows)

    async def update_steps(self, step_ids: Sequence[str], values: dict[str, Any]) -> None:
        await self._session.execute(
            sa.update(goal_steps).where(goal_steps.c.id.in_(step_ids), self._my_steps).values(values)
        )

    async def delete_step(self, step_id: str) -> None:
        """Remove a step with its parts and its edges."""
        await self._session.execute(sa.delete(goal_steps).where(goal_steps.c.id == step_id, self._my_steps))

    async def clear(self, goal_id: str) -> None:
        """Remove a whole roadmap."""
        for table in (goal_edges, goal_steps):
            mine = table.c.user_id == self._user_id, table.c.goal_id == goal_id
            await self._session.execute(sa.delete(table).where(*mine))

    async def todos(self, *, after: tuple[date, str] | None, limit: int) -> list[Todo]:
        """Open steps of active goals for which nothing has to be done before, the soonest due first."""
        statement = (
            self._todos(goals.c.status == "active", goal_steps.c.done_at.is_(None), _is_leaf, ~_waits)
            .order_by(_due, goal_steps.c.id)
            .limit(limit)
        )
        if after is not None:
            day, step_id = after
            statement = statement.where(sa.or_(_due > day, sa.and_(_due == day, goal_steps.c.id > step_id)))
        return [_todo(row) for row in await self._session.execute(statement)]

    async def place_of(self, step_id: str) -> tuple[date, str] | None:
        """Where a step stands, or stood, among the todos."""
        found = (await self._session.execute(self._todos(goal_steps.c.id == step_id))).one_or_none()
        return (found[-1], step_id) if found else None

    def _todos(self, *conditions: sa.ColumnElement[bool]) -> sa.Select[*tuple[Any, ...]]:
        return (
            sa.select(*goal_steps.c, goals.c.title, _due)
            .join(goals, goals.c.id == goal_steps.c.goal_id)
            .outerjoin(_whole, _whole.c.id == goal_steps.c.parent_id)
            .where(self._my_steps, *conditions)
        )


def _todo(row: Sequence[Any]) -> Todo:
    *step, title, due = row
    return Todo(Step(*step), title, None if due == _NEVER else due)


async def erase_goals(session: Session, user_id: str) -> None:
    """Remove every goal of a person whose account is removed, with its roadmap."""
    for table in (goal_edges, goal_steps, goals):
        await session.execute(sa.delete(table).where(table.c.user_id == user_id))
