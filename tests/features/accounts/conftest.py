"""What every test of accounts may ask for."""

from collections.abc import AsyncIterator

import pytest

from famulus.infra.sqlite import SqliteDatabase
from tests.features.accounts.place import Browser, Place, open_place


@pytest.fixture
async def place(database: SqliteDatabase) -> AsyncIterator[Place]:
    async with open_place(database) as place:
        yield place


@pytest.fixture
async def maria(place: Place) -> Browser:
    """The owner's browser."""
    return await place.owner()


@pytest.fixture
async def otto(place: Place, maria: Browser) -> Browser:
    """A member's browser."""
    return await place.member(maria)
