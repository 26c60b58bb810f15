"""What every test of notifications may ask for."""

from collections.abc import AsyncIterator, Iterator

import pytest

from famulus.infra.database import Database
from tests.features.notifications.place import Mailbox, Place, a_place


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    mailbox = Mailbox()
    mailbox.start()
    yield mailbox
    mailbox.stop()


@pytest.fixture
async def place(database: Database) -> AsyncIterator[Place]:
    async with a_place(database) as place:
        yield place
