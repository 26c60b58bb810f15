"""Maria's goals, at a frozen moment."""

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest

from famulus.features.accounts.tables import users
from famulus.features.goals.roadmaps import Roadmaps
from famulus.features.goals.service import Goals
from famulus.infra.database import Database, Session

T = TypeVar("T")
MARIA, OTTO = "user_maria", "user_otto"
NOW = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)


class Desk:
    """Goals and roadmaps of whoever asks, one transaction each."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.zone = "UTC"

    async def goals(self, act: Callable[[Goals], Coroutine[Any, Any, T]], *, of: str = MARIA) -> T:
        return await self.database.write(lambda session: act(Goals(session, of, zone=self.zone, now=lambda: NOW)))

    async def roadmaps(self, act: Callable[[Roadmaps], Coroutine[Any, Any, T]], *, of: str = MARIA) -> T:
        return await self.database.write(lambda session: act(Roadmaps(session, of, zone=self.zone, now=lambda: NOW)))


@pytest.fixture
async def desk(database: Database) -> Desk:
    await database.write(add_people)
    return Desk(database)


async def add_people(session: Session) -> None:
    for user_id, role in ((MARIA, "owner"), (OTTO, "member")):
        row = {"id": user_id, "name": user_id, "role": role, "zone": "UTC", "preferences": {}}
        await session.execute(users.insert(), row | {"created_at": NOW, "updated_at": NOW})
