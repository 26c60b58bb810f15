"""The SQL of calendars and events, for one owner."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from famulus.features.calendar.records import Calendar, Event
from famulus.features.calendar.tables import calendar_sources, calendars, events, remote_events
from famulus.infra.database import Session

_ROWS_AT_ONCE = 500


class CalendarRepository:
    """The calendars and events of one person."""

    def __init__(self, session: Session, user_id: str) -> None:
        self._session = session
        self._user_id = user_id
        self._my_calendars = calendars.c.user_id == user_id
        self._mine = events.c.user_id == user_id

    async def find_calendar(self, calendar_id: str) -> Calendar | None:
        return await self._one_calendar(calendars.c.id == calendar_id)

    async def default_calendar(self) -> Calendar | None:
        return await self._one_calendar(calendars.c.is_default)

    async def calendars(self, *, after: str, limit: int) -> list[Calendar]:
        """In the order in which they were made."""
        rows = await self._session.execute(
            sa.select(calendars).where(self._my_calendars, calendars.c.id > after).order_by(calendars.c.id).limit(limit)
        )
        return [Calendar(*row) for row in rows]

    async def add_calendar(self, calendar: Calendar) -> None:
        await self._session.execute(sa.insert(calendars), asdict(calendar) | {"user_id": self._user_id})

    async def update_calendar(self, calendar_id: str, values: dict[str, Any]) -> None:
        await self._session.execute(
            sa.update(calendars).where(calendars.c.id == calendar_id, self._my_calendars).values(values)
        )

    async def delete_calendar(self, calendar_id: str) -> None:
        """Remove a calendar with its events."""
        await self._session.execute(sa.delete(calendars).where(calendars.c.id == calendar_id, self._my_calendars))

    async def find(self, event_id: str) -> Event | None:
        found = await self._session.execute(sa.select(events).where(events.c.id == event_id, self._mine))
        row = found.one_or_none()
        return Event(*row) if row else None

    async def changed(self, master_id: str) -> list[Event]:
        """The occurrences of an event that were changed, by when they would have been."""
        return await self._events(
            sa.select(events).where(events.c.master_id == master_id, self._mine).order_by(events.c.occurrence)
        )

    async def changed_one(self, master_id: str, occurrence: str) -> Event | None:
        found = await self._events(
            sa.select(events).where(events.c.master_id == master_id, events.c.occurrence == occurrence, self._mine)
        )
        return found[0] if found else None

    async def of_uid(self, calendar_id: str, uid: str) -> Event | None:
        """The event that other calendars call by this name."""
        found = await self._events(
            sa.select(events).where(
                events.c.calendar_id == calendar_id, events.c.uid == uid, events.c.master_id.is_(None), self._mine
            )
        )
        return found[0] if found else None

    async def within(self, first: datetime, end: datetime, *, calendar_id: str | None = None) -> list[Event]:
        """Every event of which something may happen in this time, and the changed occurrences of each."""
        near = sa.and_(events.c.first_at < end, sa.or_(events.c.last_at.is_(None), events.c.last_at > first))
        masters = sa.select(events.c.id).where(near, self._mine, events.c.rule.is_not(None))
        statement = sa.select(events).where(self._mine, sa.or_(near, events.c.master_id.in_(masters)))
        if calendar_id is not None:
            statement = statement.where(events.c.calendar_id == calendar_id)
        return await self._events(statement)

    async def page(self, *, words: str, calendar_id: str | None, before: str | None, limit: int) -> list[Event]:
        """Events in which every one of the words is found, the newest first."""
        statement = sa.select(events).where(self._mine).order_by(events.c.id.desc()).limit(limit)
        for word in words.split():
            statement = statement.where(events.c.words.contains(word, autoescape=True))
        if calendar_id is not None:
            statement = statement.where(events.c.calendar_id == calendar_id)
        if before is not None:
            statement = statement.where(events.c.id < before)
        return await self._events(statement)

    async def of_calendar(self, calendar_id: str) -> list[Event]:
        """All of a calendar, in the order in which it was made."""
        return await self._events(
            sa.select(events).where(events.c.calendar_id == calendar_id, self._mine).order_by(events.c.id)
        )

    async def count(self, calendar_id: str) -> int:
        found = await self._session.execute(
            sa.select(sa.func.count()).select_from(events).where(events.c.calendar_id == calendar_id, self._mine)
        )
        return int(found.scalar_one())

    async def add(self, added: Sequence[Event]) -> None:
        """Add events; one stands before its changed occurrences."""
        rows = [asdict(event) | {"user_id": self._user_id} for event in added]
        for first in range(0, len(rows), _ROWS_AT_ONCE):
            await self._session.execute(sa.insert(events), rows[first : first + _ROWS_AT_ONCE])

    async def replace(self, event: Event) -> None:
        """Write all of an event anew."""
        await self._session.execute(sa.update(events).where(events.c.id == event.id, self._mine).values(asdict(event)))

    async def delete(self, event_ids: Sequence[str]) -> None:
        """Remove events with their changed occurrences."""
        for first in range(0, len(event_ids), _ROWS_AT_ONCE):
            some = event_ids[first : first + _ROWS_AT_ONCE]
            await self._session.execute(sa.delete(events).where(events.c.id.in_(some), self._mine))

    async def _one_calendar(self, condition: sa.ColumnElement[bool]) -> Calendar | None:
        found = await self._session.execute(sa.select(calendars).where(condition, self._my_calendars))
        row = found.one_or_none()
        return Calendar(*row) if row else None

    async def _events(self, statement: sa.Select[*tuple[Any, ...]]) -> list[Event]:
        return [Event(*row) for row in await self._session.execute(statement)]


async def calendar_of_feed(session: Session, feed_hash: str) -> Calendar | None:
    """The calendar that a secret opens, whosever it is: to know the secret is the right to see it."""
    found = await session.execute(sa.select(calendars).where(calendars.c.feed_hash == feed_hash))
    row = found.one_or_none()
    return Calendar(*row) if row else None


async def erase_calendars(session: Session, user_id: str) -> None:
    """Remove every calendar of a person whose account is removed, with its events."""
    for table in (remote_events, calendar_sources, events, calendars):
        await session.execute(sa.delete(table).where(table.c.user_id == user_id))
