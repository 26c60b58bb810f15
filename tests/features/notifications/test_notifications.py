"""Notifications: told once, read, put away and deleted by their owner, and seen live from any position."""

import asyncio
from functools import partial
from typing import Any

import pytest

from famulus.features.notifications import inbox
from famulus.features.notifications.errors import ActionNotFound, ChannelNotFound, NotificationNotFound
from famulus.features.notifications.schemas import Action, Bulk, Notice, NotificationPatch
from famulus.features.notifications.service import Notifications
from famulus.kit.ids import new_id
from famulus.kit.pages import InvalidCursor
from famulus.streams.cursors import cursor_of
from famulus.streams.log import EventLog
from famulus.streams.store import Entry
from tests.features.notifications.place import Place

pytestmark = pytest.mark.anyio

OPEN = Action(id="open", label="Open", kind="open", url="/calendar")
DISMISS = Action(id="dismiss", label="Done", kind="dismiss")


async def titles(place: Place, which: Any = "all", **by: Any) -> list[str]:
    fields = {"kind": None, "after": None, "limit": 100, **by}
    return [one.title for one in await place.do(lambda them: them.page(which, **fields))]


async def test_a_notification_has_arrived_in_the_app_when_it_is_committed(place: Place) -> None:
    told = await place.notify("Tea is ready", body="Green.")

    assert (await place.delivery(told, "in_app")).state == "delivered"
    assert await place.do(lambda them: them.unread()) == 1
    assert await place.jobs() == 0


async def test_the_same_cause_is_told_once(place: Place) -> None:
    told = await asyncio.gather(*(place.notify("Tea is ready", key="tea") for _ in range(5)))

    assert len({one.id for one in told}) == 1
    assert await titles(place) == ["Tea is ready"]


async def test_lists_are_filtered_and_paged_latest_first(place: Place) -> None:
    told = [await place.notify(str(number), kind="even" if number % 2 == 0 else "odd") for number in range(6)]
    await place.do(lambda them: them.change(told[0].id, NotificationPatch(read=True)))
    await place.do(lambda them: them.change(told[1].id, NotificationPatch(archived=True)))

    assert await titles(place) == ["5", "4", "3", "2", "1", "0"]
    assert await titles(place, "unread") == ["5", "4", "3", "2"]
    assert await titles(place, "read") == ["0"]
    assert await titles(place, "archived") == ["1"]
    assert await titles(place, kind="even") == ["4", "2", "0"]
    assert await titles(place, after=told[3].id, limit=2) == ["2", "1"]
    with pytest.raises(InvalidCursor):
        await titles(place, after="nonsense")


async def test_reading_and_putting_away_can_be_taken_back(place: Place) -> None:
    told = await place.notify()

    for patch, unread in (
        (NotificationPatch(read=True), 0),
        (NotificationPatch(read=False), 1),
        (NotificationPatch(archived=True), 0),
        (NotificationPatch(archived=False), 1),
    ):
        await place.do(partial(_change, told.id, patch))
        assert await place.do(lambda them: them.unread()) == unread


async def test_many_at_once_get_an_answer_each(place: Place) -> None:
    mine = [await place.notify(str(number)) for number in range(3)]
    other = await place.person(new_id("user"))
    theirs = await place.do(lambda them: them.notify(Notice(title="theirs")), other)
    ids = [mine[0].id, theirs.id, "nonsense", mine[1].id]

    results = await place.do(lambda them: them.do_to_many(Bulk(action="delete", ids=ids)))

    assert [(one.done, one.error) for one in results] == [
        (True, None),
        (False, "notification_not_found"),
        (False, "notification_not_found"),
        (True, None),
    ]
    assert await titles(place) == ["2"]
    assert await place.do(lambda them: them.unread(), other) == 1


async def test_everything_is_read_at_once(place: Place) -> None:
    for number in range(3):
        await place.notify(str(number))

    assert await place.do(lambda them: them.read_all()) == 3
    assert await place.do(lambda them: them.read_all()) == 0


async def test_an_action_is_done_once_however_often_it_is_asked_for(place: Place) -> None:
    hook = await place.webhook()
    call = Action(id="done", label="Done", kind="callback", channel_id=hook.id)
    told = await place.notify(kind="task", actions=[OPEN, DISMISS, call])
    await place.deliver()
    place.receiver.requests.clear()

    results = await asyncio.gather(*(place.do(lambda them: them.act(told.id, "done")) for _ in range(4)))
    await place.deliver()

    assert len({result.delivery_id for result in results}) == 1
    (request,) = place.receiver.requests
    assert request.json["type"] == "action"
    assert request.json["action"]["id"] == "done"
    assert request.headers["Idempotency-Key"] == results[0].delivery_id
    assert (await place.do(lambda them: them.act(told.id, "open"))).url == "/calendar"
    assert (await place.do(lambda them: them.find(told.id))).archived_at is None
    await place.do(lambda them: them.act(told.id, "dismiss"))
    assert (await place.do(lambda them: them.find(told.id))).archived_at is not None
    with pytest.raises(ActionNotFound):
        await place.do(lambda them: them.act(told.id, "other"))


async def test_nothing_of_somebody_elses_is_found(place: Place) -> None:
    told = await place.notify(actions=[DISMISS])
    hook = await place.webhook()
    other = await place.person(new_id("user"))
    call = Action(id="call", label="Call", kind="callback", channel_id=hook.id)

    for work in (
        lambda them: them.find(told.id),
        lambda them: them.change(told.id, NotificationPatch(read=True)),
        lambda them: them.act(told.id, "dismiss"),
    ):
        with pytest.raises(NotificationNotFound):
            await place.do(work, other)
    with pytest.raises(ChannelNotFound):
        await place.do(lambda them: them.notify(Notice(title="Mine", actions=[call])), other)
    await place.do(lambda them: them.delete(told.id), other)
    assert await titles(place) == [told.title]


async def test_what_happens_is_seen_live_and_from_any_position(place: Place) -> None:
    log = EventLog(place.database)
    log.start()
    first = await place.notify("first")
    start = await inbox.place(place.database, place.user_id, None)
    assert start.opening is not None
    name, snapshot = start.opening
    assert (name, snapshot["unread"], [one["title"] for one in snapshot["data"]]) == (inbox.SNAPSHOT, 1, ["first"])

    second = await place.notify("second")
    await place.do(lambda them: them.change(first.id, NotificationPatch(read=True)))
    await place.do(lambda them: them.delete(second.id))
    seen = await _seen(place, log, start.after, 3)

    assert [(entry.kind, entry.data["id"]) for entry in seen] == [
        (inbox.CREATED, second.id),
        (inbox.CHANGED, first.id),
        (inbox.DELETED, second.id),
    ]
    # What was deleted since is not shown any more.
    assert [entry.data["notification"] is None for entry in seen] == [True, False, True]
    assert seen[-1].data["unread"] == 0
    again = await inbox.place(place.database, place.user_id, cursor_of(seen[0]))
    assert again.opening is None
    assert [entry.seq for entry in await _seen(place, log, again.after, 2)] == [seen[1].seq, seen[2].seq]
    for unknown in ("0:999", "7:1"):
        reset = await inbox.place(place.database, place.user_id, unknown)
        assert reset.opening is not None
        assert reset.opening[0] == inbox.RESET
    await log.stop()


async def test_somebody_to_whom_nothing_was_ever_told_can_wait_for_the_first(place: Place) -> None:
    log = EventLog(place.database)
    log.start()
    start = await inbox.place(place.database, place.user_id, None)

    waiting = asyncio.create_task(_seen(place, log, start.after, 1))
    told = await place.notify()

    assert [entry.data["id"] for entry in await waiting] == [told.id]
    await log.stop()


async def _change(notification_id: str, patch: NotificationPatch, them: Notifications) -> None:
    await them.change(notification_id, patch)


async def _seen(place: Place, log: EventLog, after: int, most: int) -> list[Entry]:
    seen: list[Entry] = []
    async with asyncio.timeout(60):
        async for batch in inbox.follow(place.database, log, place.user_id, after):
            seen += batch
            if len(seen) >= most:
                return seen
    raise AssertionError("The stream has ended.")
