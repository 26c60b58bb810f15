"""What every test of reminders may ask for."""

from collections.abc import AsyncIterator

import pytest

from famulus.infra.database import Database
from famulus.settings.outward import ReminderSettings
from tests.features.notifications.place import a_place
from tests.features.reminders.place import Reminding


@pytest.fixture
async def reminding(database: Database) -> AsyncIterator[Reminding]:
    async with a_place(database) as place:
        yield Reminding(place, ReminderSettings(max_active=5))
