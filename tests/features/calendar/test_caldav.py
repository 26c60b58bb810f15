"""A calendar on a real CalDAV server, kept in step both ways."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from famulus.features.calendar.records import Calendar
from famulus.features.calendar.schemas import ConnectionDraft, EventPatch
from famulus.features.calendar.sources import Sources
from tests.features.calendar.conftest import MARIA, Desk
from tests.features.calendar.elsewhere import Dav, Keeper, an_event, caldav_server

pytestmark = pytest.mark.anyio


@pytest.fixture
async def dav(tmp_path: Path) -> AsyncIterator[Dav]:
    async with caldav_server(tmp_path) as dav:
        yield dav


@pytest.fixture
async def keeper(desk: Desk) -> AsyncIterator[Keeper]:
    keeper = Keeper.of(desk.database)
    yield keeper
    await keeper.desk.outbound.close()


async def connected(keeper: Keeper, dav: Dav, password: str = "geheim") -> Calendar:
    draft = ConnectionDraft(name="Work", url=dav.url, username="maria", password=SecretStr(password))
    return await keeper.database.write(lambda session: Sources(session, MARIA, keeper.desk).connect(draft))


async def rename(desk: Desk, keeper: Keeper, calendar: Calendar, old: str, new: str) -> None:
    (event,) = [one for one in await keeper.events(calendar) if one.title == old]
    await desk.events(lambda e: e.change(event.id, EventPatch(title=new)))


async def drop(desk: Desk, keeper: Keeper, calendar: Calendar, title: str) -> None:
    (event,) = [one for one in await keeper.events(calendar) if one.title == title]
    await desk.events(lambda e: e.cancel(event.id))


async def test_both_sides_come_to_have_the_same(desk: Desk, keeper: Keeper, dav: Dav) -> None:
    calendar = await connected(keeper, dav)
    await dav.put("theirs", an_event("theirs", "Theirs", more="X-COLOUR:red\r\n"))
    weekly = await desk.add("Ours", "2026-11-24T19:00", rule="FREQ=WEEKLY;COUNT=3", calendar_id=calendar.id)
    await desk.events(
        lambda e: e.change(weekly.id, EventPatch.model_validate({"occurrence": "2026-12-01T19:00:00", "title": "Once"}))
    )

    source = await keeper.sync(calendar)

    assert source.problem is None
    assert await keeper.titles(calendar) == ["Once", "Ours", "Theirs"]
    there = await dav.texts()
    assert all(f"SUMMARY:{title}" in there for title in ("Ours", "Once", "Theirs"))

    # Changes, both ways; what others have put into their event stays there.
    await rename(desk, keeper, calendar, "Theirs", "Renamed here")
    (name,) = [line for line in (await _places(dav)) if line != "theirs.ics"]
    _, text = await dav.ask("GET", name)
    await dav.put(name.removesuffix(".ics"), text.replace("SUMMARY:Ours", "SUMMARY:Renamed there"))
    await keeper.sync(calendar)

    assert await keeper.titles(calendar) == ["Once", "Renamed here", "Renamed there"]
    there = await dav.texts()
    assert "SUMMARY:Renamed here" in there
    assert "X-COLOUR:red" in there

    # Deletions, both ways.
    await drop(desk, keeper, calendar, "Renamed here")
    await dav.ask("DELETE", name)
    await keeper.sync(calendar)

    assert await keeper.titles(calendar) == []
    assert "BEGIN:VEVENT" not in await dav.texts()


async def test_when_both_have_changed_the_server_is_right_and_nothing_written_is_lost_to_a_deletion(
    desk: Desk, keeper: Keeper, dav: Dav
) -> None:
    calendar = await connected(keeper, dav)
    for uid in ("both", "changed-here", "changed-there"):
        await dav.put(uid, an_event(uid, uid))
    await keeper.sync(calendar)

    await rename(desk, keeper, calendar, "both", "Here")
    await dav.put("both", an_event("both", "There"))
    await rename(desk, keeper, calendar, "changed-here", "Kept here")
    await dav.ask("DELETE", "changed-here.ics")
    await drop(desk, keeper, calendar, "changed-there")
    await dav.put("changed-there", an_event("changed-there", "Kept there"))
    await keeper.sync(calendar)

    assert await keeper.titles(calendar) == ["Kept here", "Kept there", "There"]
    there = await dav.texts()
    assert all(f"SUMMARY:{title}" in there for title in ("Kept here", "Kept there", "There"))


async def test_a_second_look_does_nothing(desk: Desk, keeper: Keeper, dav: Dav) -> None:
    calendar = await connected(keeper, dav)
    await dav.put("1", an_event("1", "Theirs"))
    await desk.add("Ours", "2026-11-24T19:00", calendar_id=calendar.id)
    await keeper.sync(calendar)
    here, there = await keeper.events(calendar), await dav.texts()

    await keeper.sync(calendar)

    assert (await keeper.events(calendar), await dav.texts()) == (here, there)


async def test_a_wrong_password_is_said_and_changes_nothing(keeper: Keeper, desk: Desk, dav: Dav) -> None:
    calendar = await connected(keeper, dav, password="falsch")
    await desk.add("Ours", "2026-11-24T19:00", calendar_id=calendar.id)

    source = await keeper.sync(calendar)

    assert (source.failures, source.problem) == (1, "source_refused")
    assert await keeper.titles(calendar) == ["Ours"]


async def _places(dav: Dav) -> list[str]:
    body = '<propfind xmlns="DAV:"><prop><getetag/></prop></propfind>'
    async with dav.http.request("PROPFIND", dav.url, data=body, headers={"Depth": "1"}) as answer:
        text = await answer.text()
    return [
        part.partition("</")[0].rpartition("/")[2] for part in text.split("<href>") if ".ics" in part.partition("</")[0]
    ]
