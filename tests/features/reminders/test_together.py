"""Reminders that are due together are said together: in as many statements as one, and each for itself."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from famulus.features.notifications.schemas import PreferencesDraft
from famulus.features.reminders.firing import Firing
from famulus.features.reminders.tables import reminders
from famulus.infra.database import Session
from famulus.kit.ids import new_id
from famulus.settings.outward import ReminderSettings
from tests.features.notifications.place import NOON
from tests.features.reminders.place import Reminding

pytestmark = pytest.mark.anyio

SOON = {"kind": "delay", "seconds": 60}


class Counted:
    """A session that counts how often it is asked."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.asked = 0

    def __getattr__(self, name: str) -> Any:
        self.asked += name in ("execute", "rows", "row", "change", "change_many", "driver_sql", "alone")
        return getattr(self._session, name)


async def asked_for(reminding: Reminding, count: int) -> int:
    """How many statements it takes to say so many that are due."""
    for number in range(count):
        await reminding.remind(str(number), schedule=SOON)
    reminding.place.clock.move(minutes=1)

    async def fire(session: Session) -> int:
        counted = Counted(session)
        assert await Firing(counted, reminding.place.desk).fire_due(most=50) == count
        return counted.asked

    return await reminding.place.database.write(fire)


async def test_many_take_no_more_statements_than_few(reminding: Reminding) -> None:
    reminding.limits = ReminderSettings(max_active=100)
    await reminding.place.webhook()
    await asked_for(reminding, 1)

    few, many = await asked_for(reminding, 2), await asked_for(reminding, 40)

    assert few == many <= 12
    assert await reminding.place.jobs() == 43


async def test_each_is_said_where_its_person_wants_it(reminding: Reminding) -> None:
    place = reminding.place
    sleeper = await place.person(new_id("user"), zone="Asia/Tokyo")
    # It is nine in the evening there.
    quiet = PreferencesDraft(quiet_from="20:00", quiet_until="07:00")
    await place.with_channels(lambda them: them.prefer(quiet), sleeper)
    for user_id in (place.user_id, sleeper):
        await place.open_webhook(place.receiver.url, of=user_id)
        await reminding.remind_of(user_id, "Water the plants", schedule=SOON)
    place.clock.move(minutes=1)

    await reminding.fire()

    states = {}
    for user_id in (place.user_id, sleeper):
        found = await place.do(lambda them: them.deliveries(None, after=None, limit=9), user_id)
        states[user_id] = {one.channel_kind: one.state for one in found}
    assert states == {
        place.user_id: {"in_app": "delivered", "webhook": "pending"},
        sleeper: {"in_app": "delivered", "webhook": "held"},
    }


async def test_one_that_cannot_be_understood_any_more_holds_up_nobody_and_is_not_lost(reminding: Reminding) -> None:
    broken = await reminding.remind("broken", schedule={"kind": "phrase", "text": "every day at 12:01"}, zone="UTC")
    await reminding.remind("whole", schedule=SOON)

    async def moved_to(zone: str) -> None:
        change = sa.update(reminders).where(reminders.c.id == broken.id).values(zone=zone)
        await reminding.place.database.write(lambda session: session.execute(change))

    await moved_to("Mars/Olympus")
    reminding.place.clock.move(minutes=1)
    await reminding.fire_all()
    assert await reminding.told() == ["whole"]

    await moved_to("UTC")
    reminding.place.clock.move(hours=1)
    await reminding.fire_all()

    assert await reminding.told() == ["whole", "broken"]
    (occurrence,) = await reminding.occurrences(broken)
    assert occurrence.due_at == NOON + timedelta(minutes=1)
