"""What was told long ago is removed with all that is known of it, and nothing else is."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from famulus.features.notifications import inbox, sweeping
from famulus.features.notifications.sweeping import sweep_old
from famulus.features.notifications.tables import deliveries, notifications
from famulus.infra.database import Session
from famulus.kit.ids import new_id
from famulus.streams import store
from tests.features.notifications.place import Place

pytestmark = pytest.mark.anyio


async def swept(place: Place, *, days: int = 180) -> int:
    return await sweep_old(place.database, place.queue, before=place.clock() - timedelta(days=days))


async def counted(place: Place, table: sa.Table) -> int:
    async def count(session: Session) -> int:
        return int((await session.execute(sa.select(sa.func.count()).select_from(table))).scalar() or 0)

    return await place.database.read(count)


async def entries(place: Place, user_id: str) -> list[dict[str, Any]]:
    found = await place.database.read(lambda session: store.page(session, inbox.inbox_of(user_id), after=0))
    return [entry.data for entry in found]


async def test_what_is_old_goes_with_its_deliveries_their_jobs_and_every_entry_that_names_it(place: Place) -> None:
    other = await place.person(new_id("user"))
    await place.webhook()
    old = await place.notify("old")
    await place.do(lambda them: them.read_all())
    place.clock.move(days=100)
    kept = await place.notify("kept")
    place.clock.move(days=81)

    assert await swept(place) == 1

    assert [one.id for one in await place.do(lambda them: them.page("all", kind=None, after=None, limit=9))] == [
        kept.id
    ]
    assert await counted(place, notifications) == 1
    assert await counted(place, deliveries) == 2
    assert await place.jobs() == 1
    assert {"id": old.id} not in await entries(place, place.user_id)
    assert {"id": kept.id} in await entries(place, place.user_id)
    assert await swept(place) == 0
    assert await entries(place, other) == []


async def test_however_much_is_old_is_removed_piece_by_piece(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "_AT_ONCE", 3)
    other = await place.person(new_id("user"))
    for number in range(8):
        await place.notify(str(number))
        await place.do(lambda them: them.unread(), other)
    place.clock.move(days=181)

    assert await swept(place) == 8

    assert await counted(place, notifications) == 0


async def test_whoever_follows_goes_on_behind_what_was_removed(place: Place) -> None:
    await place.notify("old")
    place.clock.move(days=181)
    await swept(place)
    told = await place.notify("new")

    found = await inbox.place(place.database, place.user_id, "0:1")

    assert (found.after, found.opening) == (1, None)
    assert await entries(place, place.user_id) == [{"id": told.id}]
