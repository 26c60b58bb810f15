"""Events: kept as they were meant, changed one at a time or from one on, found, and nobody else's."""

from datetime import date

import pytest
from pydantic import ValidationError

from famulus.features.calendar import errors
from famulus.features.calendar.records import Event
from famulus.features.calendar.repository import erase_calendars
from famulus.features.calendar.schemas import Batch, CalendarDraft, EventDraft, EventPatch, EventView
from tests.features.calendar.conftest import MARIA, OTTO, Desk

pytestmark = pytest.mark.anyio

FIRST, END = "2026-11-23T00:00+01:00", "2026-12-21T00:00+01:00"


def patch(**fields: object) -> EventPatch:
    return EventPatch.model_validate(fields)


async def a_weekly_one(desk: Desk, **fields: object) -> Event:
    return await desk.add("Choir", "2026-11-24T19:00", "2026-11-24T21:00", rule="FREQ=WEEKLY;COUNT=4", **fields)


async def test_an_event_is_on_the_wall_clock_of_its_zone(desk: Desk) -> None:
    for start in ("2026-11-27T12:30", "2026-11-27T11:30:00Z", "2026-11-27T06:30-05:00"):
        event = await desk.add("Lunch", start)
        assert (event.start, event.zone, event.duration_seconds) == ("2026-11-27T12:30:00", "Europe/Berlin", 3_600)


@pytest.mark.parametrize(
    ("start", "end", "refusal"),
    [
        ("2026-11-27T12:30", "2026-11-27T12:30", errors.EndsBeforeStart),
        ("2026-11-27T12:30", "2026-11-27T11:00", errors.EndsBeforeStart),
        ("2026-11-27", "2026-11-27", errors.EndsBeforeStart),
        ("2026-11-27", "2026-11-27T12:00", errors.InvalidTime),
        ("9999-12-31T23:59", None, errors.InvalidTime),
        ("0001-01-01T00:00+14:00", None, errors.InvalidTime),
        ("2026-01-01", "2027-12-31", errors.EventTooLong),
    ],
)
async def test_an_event_begins_before_it_ends_and_within_the_calendar(
    desk: Desk, start: str, end: str | None, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        await desk.add("Impossible", start, end)


@pytest.mark.parametrize("start", ["soon", "2026-02-30", 1_800_000_000, "2026-11-27T25:00", "", None, True])
def test_a_time_is_written_as_a_time(start: object) -> None:
    with pytest.raises(ValidationError):
        EventDraft.model_validate({"title": "When?", "start": start})


async def test_one_occurrence_is_moved_and_another_cancelled(desk: Desk) -> None:
    event = await a_weekly_one(desk)

    await desk.events(
        lambda e: e.change(event.id, patch(occurrence="2026-12-01T19:00:00", start="2026-12-02T20:00", title="Concert"))
    )
    await desk.events(lambda e: e.cancel(event.id, occurrence="2026-12-08T19:00:00"))

    assert await desk.told(FIRST, END) == [
        "2026-11-24 18:00 Choir",
        "2026-12-02 19:00 Concert",
        "2026-12-15 18:00 Choir",
    ]


async def test_a_changed_occurrence_can_be_changed_again_and_cancelled(desk: Desk) -> None:
    event = await a_weekly_one(desk)
    name = "2026-12-01T19:00:00"
    first = await desk.events(lambda e: e.change(event.id, patch(occurrence=name, place="Church")))
    second = await desk.events(lambda e: e.change(event.id, patch(occurrence=name, title="Mass")))
    assert (second.id, second.place, second.title) == (first.id, "Church", "Mass")

    await desk.events(lambda e: e.cancel(first.id))

    assert [line[-5:] for line in await desk.told(FIRST, END)] == ["Choir"] * 3


async def test_this_and_what_follows_becomes_another_event(desk: Desk) -> None:
    event = await a_weekly_one(desk)
    await desk.events(lambda e: e.change(event.id, patch(occurrence="2026-12-15T19:00:00", title="Concert")))

    later = await desk.events(
        lambda e: e.change(
            event.id, patch(occurrence="2026-12-08T19:00:00", scope="following", start="2026-12-09T18:00")
        )
    )

    assert later.id != event.id
    assert EventView.of(later).rule == "FREQ=WEEKLY;COUNT=2"
    assert await desk.told(FIRST, END) == [
        "2026-11-24 18:00 Choir",
        "2026-12-01 18:00 Choir",
        "2026-12-09 17:00 Choir",
        "2026-12-15 18:00 Concert",
    ]


async def test_a_series_ends_before_an_occurrence(desk: Desk) -> None:
    event = await a_weekly_one(desk)

    await desk.events(lambda e: e.cancel(event.id, occurrence="2026-12-08T19:00:00", scope="following"))

    assert await desk.told(FIRST, END) == ["2026-11-24 18:00 Choir", "2026-12-01 18:00 Choir"]


async def test_a_whole_series_moves_with_what_was_left_out_and_changed(desk: Desk) -> None:
    event = await a_weekly_one(desk)
    await desk.events(lambda e: e.cancel(event.id, occurrence="2026-12-08T19:00:00"))
    await desk.events(lambda e: e.change(event.id, patch(occurrence="2026-12-01T19:00:00", title="Concert")))

    await desk.events(
        lambda e: e.change(event.id, patch(occurrence="2026-12-15T19:00:00", scope="all", start="2026-12-16T20:00"))
    )

    assert await desk.told(FIRST, END) == [
        "2026-11-25 19:00 Choir",
        "2026-12-01 18:00 Concert",
        "2026-12-16 19:00 Choir",
    ]


async def test_an_occurrence_must_be_one(desk: Desk) -> None:
    weekly, once = await a_weekly_one(desk), await desk.add("Once", "2026-11-25T10:00")

    for name in ("2026-11-25T19:00:00", "2026-12-22T19:00:00", "not-a-time"):
        with pytest.raises(errors.OccurrenceNotFound):
            await desk.events(lambda e, name=name: e.cancel(weekly.id, occurrence=name))  # type: ignore[misc]
    with pytest.raises(errors.NotRecurring):
        await desk.events(lambda e: e.cancel(once.id, occurrence="2026-11-25T10:00:00"))
    with pytest.raises(errors.NotRecurring):
        await desk.events(lambda e: e.change(weekly.id, patch(occurrence="2026-12-01T19:00:00", rule="FREQ=DAILY")))


async def test_extra_and_left_out_starts(desk: Desk) -> None:
    await a_weekly_one(desk, except_starts=["2026-12-01T18:00:00Z"], extra_starts=["2026-12-03T19:00"])

    assert await desk.told(FIRST, END) == [
        "2026-11-24 18:00 Choir",
        "2026-12-03 18:00 Choir",
        "2026-12-08 18:00 Choir",
        "2026-12-15 18:00 Choir",
    ]


async def test_words_are_found_literally_and_in_any_case(desk: Desk) -> None:
    await desk.add("Ärztin 100%", "2026-11-25T10:00", place="Straße_1")
    await desk.add("Lunch", "2026-11-25T12:00", description="with Ana")

    async def found(text: str) -> list[str]:
        return [event.title for event in await desk.events(lambda e: e.page(text=text, limit=9))]

    assert await found("ÄRZTIN strasse_") == ["Ärztin 100%"]
    assert await found("ana LUNCH") == ["Lunch"]
    assert await found("0%") == ["Ärztin 100%"]
    assert await found("%ana") == []


async def test_each_item_of_a_batch_succeeds_or_fails_by_itself(desk: Desk) -> None:
    known = await desk.add("Old", "2026-11-25T10:00")
    batch = Batch.model_validate(
        {
            "items": [
                {"action": "create", "event": {"title": "New", "start": "2026-11-25"}},
                {"action": "create", "event": {"title": "Bad", "start": "2026-11-25", "end": "2026-11-24"}},
                {"action": "update", "event_id": known.id, "change": {"title": "Changed"}},
                {"action": "update", "event_id": "event_unknown", "change": {"title": "Changed"}},
                {"action": "delete", "event_id": known.id},
                {"action": "delete", "event_id": known.id},
            ]
        }
    )

    results = await desk.events(lambda e: e.act(batch))

    assert [result.status for result in results] == [201, 422, 200, 404, 204, 404]
    assert [result.error.code for result in results if result.error] == [
        "ends_before_start",
        "event_not_found",
        "event_not_found",
    ]
    assert [event.title for event in await desk.events(lambda e: e.page(limit=9))] == ["New"]


async def test_the_first_calendar_is_there_when_it_is_needed_and_stays(desk: Desk) -> None:
    event = await desk.add("Lunch", "2026-11-25T12:00")
    work = await desk.calendars(lambda c: c.open(CalendarDraft(name="Work", zone="America/New_York")))
    there = await desk.add("Call", "2026-11-25T09:00", calendar_id=work.id)

    assert (there.zone, there.first_at.hour) == ("America/New_York", 14)
    with pytest.raises(errors.DefaultCalendar):
        await desk.calendars(lambda c: c.delete(event.calendar_id))
    await desk.calendars(lambda c: c.delete(work.id))
    assert [one.title for one in await desk.events(lambda e: e.page(limit=9))] == ["Lunch"]


async def test_calendars_of_others_are_calendars_of_nobody(desk: Desk) -> None:
    secret = await a_weekly_one(desk)

    for act in (
        lambda e: e.find(secret.id),
        lambda e: e.change(secret.id, patch(title="Mine")),
        lambda e: e.cancel(secret.id),
        lambda e: e.page(after=secret.id, limit=1),
    ):
        with pytest.raises(errors.EventNotFound):
            await desk.events(act, of=OTTO)
    planted = EventDraft(title="Planted", start=date(2026, 11, 25), calendar_id=secret.calendar_id)
    with pytest.raises(errors.CalendarNotFound):
        await desk.events(lambda e: e.add(planted), of=OTTO)

    assert await desk.within(FIRST, END, of=OTTO) == []
    assert len(await desk.told(FIRST, END)) == 4


async def test_an_erased_persons_calendars_are_gone(desk: Desk) -> None:
    await a_weekly_one(desk)

    await desk.database.write(lambda session: erase_calendars(session, MARIA))

    assert await desk.told(FIRST, END) == []
    assert await desk.calendars(lambda c: c.page(after=None, limit=9)) == []
