"""Maria's calendars, at a frozen moment."""

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest

from famulus.features.accounts.tables import users
from famulus.features.calendar.events import Events
from famulus.features.calendar.expansion import Span, occurrences
from famulus.features.calendar.records import Event, Occurrence
from famulus.features.calendar.schemas import EventDraft
from famulus.features.calendar.service import Calendars
from famulus.infra.database import Database, Session

T = TypeVar("T")
MARIA, OTTO = "user_maria", "user_otto"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class Desk:
    """Calendars and events of whoever asks, one transaction each."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.zone = "Europe/Berlin"

    async def calendars(self, act: Callable[[Calendars], Coroutine[Any, Any, T]], *, of: str = MARIA) -> T:
        return await self.database.write(lambda session: act(Calendars(session, of, zone=self.zone, now=lambda: NOW)))

    async def events(self, act: Callable[[Events], Coroutine[Any, Any, T]], *, of: str = MARIA) -> T:
        return await self.database.write(lambda session: act(Events(session, of, zone=self.zone, now=lambda: NOW)))

    async def add(self, title: str, start: str, end: str | None = None, **fields: Any) -> Event:
        draft = EventDraft.model_validate({"title": title, "start": start, "end": end, **fields})
        return await self.events(lambda e: e.add(draft))

    async def within(self, first: str, end: str, *, zone: str | None = None, of: str = MARIA) -> list[Occurrence]:
        span = Span(datetime.fromisoformat(first), datetime.fromisoformat(end), zone or self.zone)
        return occurrences(await self.events(lambda e: e.within(span), of=of), span)

    async def told(self, first: str, end: str) -> list[str]:
        """What happens, as UTC and title."""
        return [f"{one.from_at:%Y-%m-%d %H:%M} {one.event.title}" for one in await self.within(first, end)]


@pytest.fixture
async def desk(database: Database) -> Desk:
    await database.write(add_people)
    return Desk(database)


async def add_people(session: Session) -> None:
    for user_id, role in ((MARIA, "owner"), (OTTO, "member")):
        row = {"id": user_id, "name": user_id, "role": role, "zone": "Europe/Berlin", "preferences": {}}
        await session.execute(users.insert(), row | {"created_at": NOW, "updated_at": NOW})
