"""The SQL of reminders and their occurrences."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from famulus.features.reminders.records import About, Occurrence, Reminder, State
from famulus.features.reminders.tables import occurrences, reminders
from famulus.infra.database import Session
from famulus.infra.prepared import Prepared
from famulus.kit.records import columns_of

_DUE = Prepared(
    sa.select(reminders)
    .where(reminders.c.wake_at <= sa.bindparam("now", type_=reminders.c.wake_at.type))
    .order_by(reminders.c.wake_at)
    .limit(sa.bindparam("most"))
    # Others claim at the same time, and each takes what no other is taking.
    .with_for_update(skip_locked=True)
)
_NEXT = Prepared(sa.select(sa.func.min(reminders.c.wake_at, type_=reminders.c.wake_at.type)))
_CHANGE = Prepared(
    sa.update(reminders).where(reminders.c.id == sa.bindparam("which"), reminders.c.user_id == sa.bindparam("owner"))
)
_ADD_OCCURRENCE = Prepared(sa.insert(occurrences))
_LIVE: tuple[State, ...] = ("active", "paused")


async def due(session: Session, now: datetime, *, most: int) -> list[Reminder]:
    """Whatever is due by now, of everybody, held until the commit: for the clock alone."""
    return [Reminder(*row) for row in await session.rows(_DUE, {"now": now, "most": most})]


async def next_wake(session: Session) -> datetime | None:
    """When something is due next, of anybody."""
    row = await session.row(_NEXT, {})
    return row[0] if row else None


async def known_among(session: Session, times: Mapping[str, Sequence[datetime]]) -> dict[str, set[datetime]]:
    """Of these times of each reminder, those at which it has been due already: for the clock alone."""
    every = [time for of_one in times.values() for time in of_one]
    if not every:
        return {}
    rows = await session.execute(
        sa.select(occurrences.c.reminder_id, occurrences.c.due_at).where(
            occurrences.c.reminder_id.in_(times), occurrences.c.due_at.between(min(every), max(every))
        )
    )
    found: dict[str, set[datetime]] = {}
    for reminder_id, due_at in rows:
        found.setdefault(reminder_id, set()).add(due_at)
    return found


async def add_occurrences(session: Session, many: Sequence[Occurrence]) -> None:
    """Keep when reminders were due."""
    if many:
        await session.change_many(_ADD_OCCURRENCE, [columns_of(one) for one in many])


async def change_each(session: Session, changes: Sequence[tuple[Reminder, dict[str, Any]]]) -> None:
    """Give each of these reminders its own values, of the same columns: for the clock alone."""
    if changes:
        many = [{**values, "which": one.id, "owner": one.user_id} for one, values in changes]
        await session.change_many(_CHANGE, many)


class ReminderRepository:
    """The reminders of one person."""

    def __init__(self, session: Session, user_id: str) -> None:
        self._session = session
        self._user_id = user_id
        self._mine = reminders.c.user_id == user_id

    async def add(self, reminder: Reminder) -> None:
        await self._session.execute(sa.insert(reminders), columns_of(reminder))

    async def find(self, reminder_id: str, *, held: bool = False) -> Reminder | None:
        """The reminder; `held` keeps the clock and everybody else from it until the commit."""
        statement = sa.select(reminders).where(reminders.c.id == reminder_id, self._mine)
        row = (await self._session.execute(statement.with_for_update() if held else statement)).one_or_none()
        return Reminder(*row) if row else None

    async def page(self, state: State | None, *, after: str | None, limit: int) -> list[Reminder]:
        """The latest first."""
        statement = sa.select(reminders).where(self._mine)
        if state is not None:
            statement = statement.where(reminders.c.state == state)
        if after is not None:
            statement = statement.where(reminders.c.id < after)
        rows = await self._session.execute(statement.order_by(reminders.c.id.desc()).limit(limit))
        return [Reminder(*row) for row in rows]

    async def about(self, about: About) -> list[Reminder]:
        rows = await self._session.execute(
            sa.select(reminders)
            .where(self._mine, reminders.c.about_kind == about.kind, reminders.c.about_id == about.id)
            .order_by(reminders.c.id)
        )
        return [Reminder(*row) for row in rows]

    async def floating(self) -> list[Reminder]:
        """Those that are wherever the person is, and not over."""
        rows = await self._session.execute(
            sa.select(reminders).where(self._mine, reminders.c.floating, reminders.c.state.in_(_LIVE)).with_for_update()
        )
        return [Reminder(*row) for row in rows]

    async def count_live(self) -> int:
        counted = await self._session.execute(
            sa.select(sa.func.count()).where(self._mine, reminders.c.state.in_(_LIVE))
        )
        return int(counted.scalar() or 0)

    async def change(self, reminder_id: str, values: dict[str, Any]) -> None:
        await self._session.change(_CHANGE, {**values, "which": reminder_id, "owner": self._user_id})

    async def delete(self, reminder_id: str) -> None:
        await self._session.execute(sa.delete(reminders).where(reminders.c.id == reminder_id, self._mine))

    async def occurrences(self, reminder_id: str, *, after: str | None, limit: int) -> list[Occurrence]:
        """The latest first."""
        statement = sa.select(occurrences).where(
            occurrences.c.reminder_id == reminder_id, occurrences.c.user_id == self._user_id
        )
        if after is not None:
            statement = statement.where(occurrences.c.id < after)
        rows = await self._session.execute(statement.order_by(occurrences.c.id.desc()).limit(limit))
        return [Occurrence(*row) for row in rows]


async def erase_reminders(session: Session, user_id: str) -> None:
    """Remove every row of the person, within the transaction that removes the account."""
    for table in (occurrences, reminders):
        await session.execute(sa.delete(table).where(table.c.user_id == user_id))
