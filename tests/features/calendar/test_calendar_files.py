"""iCalendar files: what goes out comes in again; what is hostile or broken is refused at once, and whole."""

import time
from datetime import UTC, datetime

import pytest
from icalendar import Calendar as Component

from famulus.features.calendar import errors
from famulus.features.calendar.exchange import Exchange, Taken, shown_by
from famulus.features.calendar.reading import read
from famulus.features.calendar.records import Event
from famulus.features.calendar.schemas import CalendarDraft, EventPatch
from famulus.features.calendar.writing import fingerprint, written
from famulus.kit.errors import FamulusError
from tests.features.calendar.conftest import MARIA, NOW, OTTO, Desk

pytestmark = pytest.mark.anyio

FIRST, END = "2026-11-01T00:00Z", "2027-11-01T00:00Z"


def a_file(*events: str) -> str:
    body = "".join(f"BEGIN:VEVENT\r\n{event}\r\nEND:VEVENT\r\n" for event in events)
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//A//B//EN\r\n{body}END:VCALENDAR\r\n".replace("|", "\r\n")


async def a_calendar(desk: Desk, name: str = "Imported") -> str:
    return (await desk.calendars(lambda c: c.open(CalendarDraft(name=name)))).id


async def taken(desk: Desk, calendar_id: str, text: str, *, is_all: bool = False) -> Taken:
    calendar = await desk.calendars(lambda c: c.find(calendar_id))
    events = read(text, calendar, now=NOW).strictly()
    return await desk.database.write(
        lambda session: Exchange(session, MARIA, now=lambda: NOW).take(calendar_id, events, is_all=is_all)
    )


async def everything(desk: Desk, calendar_id: str) -> list[Event]:
    _, events = await desk.database.read(lambda session: Exchange(session, MARIA).everything(calendar_id))
    return events


async def a_full_calendar(desk: Desk) -> str:
    calendar_id = await a_calendar(desk, "Full")
    weekly = await desk.add(
        "Choir; practice, Ä: and more", "2026-11-24T19:00", "2026-11-24T21:00", rule="FREQ=WEEKLY;COUNT=9",
        calendar_id=calendar_id, except_starts=["2026-12-01T19:00"], extra_starts=["2026-12-03T19:00"],
        attendees=[{"email": "ana@example.org", "name": "Ana", "status": "accepted"}], description="x\n" * 300,
    )  # fmt: skip
    await desk.events(
        lambda e: e.change(
            weekly.id, EventPatch.model_validate({"occurrence": "2026-12-08T19:00:00", "start": "2026-12-09T20:00"})
        )
    )
    await desk.add("Holiday", "2026-12-24", "2026-12-27", rule="FREQ=YEARLY;UNTIL=20301231", calendar_id=calendar_id)
    await desk.add(
        "Call", "2026-11-27T15:00Z", zone="UTC", calendar_id=calendar_id, rule="FREQ=DAILY;UNTIL=20261201T150000Z"
    )
    return calendar_id


async def test_what_is_exported_is_imported_as_it_was(desk: Desk) -> None:
    full = await everything(desk, await a_full_calendar(desk))
    text = written(full, name="Full").decode()
    other = await a_calendar(desk)

    first = await taken(desk, other, text)
    again = await taken(desk, other, text)

    assert (first, again) == (Taken(added=3), Taken(unchanged=3))
    assert fingerprint(await everything(desk, other)) == fingerprint(full)
    told = await desk.told(FIRST, END)
    assert len(told) % 2 == 0
    assert told[::2] == told[1::2]
    assert "BEGIN:VTIMEZONE" in text
    assert max(map(len, text.encode().split(b"\r\n"))) <= 75


async def test_a_changed_file_changes_the_same_events(desk: Desk) -> None:
    calendar_id = await a_calendar(desk)
    one = "UID:1|DTSTART:20261127T100000Z|SUMMARY:One"
    two = "UID:2|DTSTART:20261127T120000Z|RRULE:FREQ=DAILY;COUNT=3|SUMMARY:Two"
    moved = "UID:2|RECURRENCE-ID:20261128T120000Z|DTSTART:20261128T140000Z|SUMMARY:Moved"
    await taken(desk, calendar_id, a_file(one, two, moved))
    before = {event.uid: event.id for event in await everything(desk, calendar_id) if not event.master_id}

    changed = await taken(desk, calendar_id, a_file(one.replace("One", "Uno"), two), is_all=True)

    assert changed == Taken(changed=2)
    assert {event.uid: event.id for event in await everything(desk, calendar_id)} == before
    assert await taken(desk, calendar_id, a_file(one), is_all=True) == Taken(changed=1, removed=1)


@pytest.mark.parametrize(
    ("zone", "start"),
    [
        (";TZID=Europe/Berlin:20261127T123000", "2026-11-27 11:30"),
        (";TZID=W. Europe Standard Time:20261127T123000", "2026-11-27 11:30"),
        (":20261127T113000Z", "2026-11-27 11:30"),
        (":20261127T123000", "2026-11-27 11:30"),
        (";VALUE=DATE:20261127", "2026-11-26 23:00"),
    ],
)
async def test_times_are_read_as_they_were_meant(desk: Desk, zone: str, start: str) -> None:
    await taken(desk, await a_calendar(desk), a_file(f"UID:1|DTSTART{zone}|SUMMARY:Lunch"))

    assert await desk.told(FIRST, END) == [f"{start} Lunch"]


START = "UID:1|DTSTART:20260101T000000Z"
BOMB = f"{START}|RRULE:FREQ="
MANY_COUNTS = [(BOMB + "DAILY;COUNT=3000").replace("UID:1", f"UID:{number}") for number in range(40)]


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("", errors.NotACalendar),
        ("hello", errors.NotACalendar),
        ("BEGIN:VCALENDAR", errors.NotACalendar),
        ("BEGIN:VEVENT\r\nEND:VEVENT", errors.NotACalendar),
        ("END:VCALENDAR", errors.NotACalendar),
        (a_file("UID:1|NONSENSE"), errors.EventUnreadable),
        (a_file("UID:1|DTSTART:20260101T000000Z")[:-20], errors.NotACalendar),
        (a_file("DTSTART:20260101T000000Z"), errors.EventUnreadable),
        (a_file("UID:1|SUMMARY:no start"), errors.EventUnreadable),
        (a_file("UID:1|DTSTART:garbage"), errors.EventUnreadable),
        (a_file("UID:1|DTSTART;TZID=Mars/Olympus:20260101T100000"), errors.UnknownZone),
        (a_file("UID:1|DTSTART:20260101T100000Z|DTEND:20250101T100000Z"), errors.EndsBeforeStart),
        (a_file("UID:1|DTSTART:99991231T100000Z"), errors.InvalidTime),
        (a_file(BOMB + "SECONDLY"), errors.RuleNotSupported),
        (a_file(BOMB + "DAILY;COUNT=1000000000"), errors.CalendarFileTooBig),
        (a_file(*MANY_COUNTS), errors.CalendarFileTooBig),
        (a_file(BOMB + "YEARLY;BYMONTH=2;BYMONTHDAY=30"), errors.RuleNeverHappens),
        (a_file(START + "|EXDATE:" + ",".join(["20260101T000000Z"] * 5_000)), errors.EventUnreadable),
        (a_file("UID:1|SUMMARY:" + "x" * 200_000), errors.CalendarFileTooBig),
        (a_file("UID:1|SUMMARY:" + "|  x" * 60_000), errors.CalendarFileTooBig),
        (a_file("BEGIN:VEVENT|" * 20_000 + "END:VEVENT|" * 20_000), errors.CalendarFileTooBig),
        ("x\n" * 300_000, errors.CalendarFileTooBig),
    ],
    ids=range(22),
)  # fmt: skip
async def test_a_file_that_cannot_be_kept_is_refused_whole_and_soon(
    desk: Desk, text: str, refusal: type[FamulusError]
) -> None:
    calendar_id = await a_calendar(desk)
    good = "BEGIN:VEVENT\r\nUID:good\r\nDTSTART:20261127T100000Z\r\nSUMMARY:Good\r\nEND:VEVENT\r\nEND:VCALENDAR"
    began = time.process_time()

    with pytest.raises(refusal):
        await taken(desk, calendar_id, text.replace("END:VCALENDAR", good, 1))

    assert time.process_time() - began < 2
    assert await everything(desk, calendar_id) == []


async def test_a_lenient_reader_keeps_what_can_be_kept(desk: Desk) -> None:
    calendar = await desk.calendars(lambda c: c.default())
    found = read(
        a_file("UID:1|DTSTART:20261127T100000Z", BOMB.replace("UID:1", "UID:2") + "SECONDLY"), calendar, now=NOW
    )

    assert [event.uid for event in found.events] == ["1"]
    assert [error.code for error in found.skipped] == ["rule_not_supported"]


async def test_a_feed_shows_its_calendar_until_it_is_revoked(desk: Desk) -> None:
    calendar_id = await a_full_calendar(desk)
    first = await desk.database.write(lambda session: Exchange(session, MARIA).open_feed(calendar_id))
    second = await desk.database.write(lambda session: Exchange(session, MARIA).open_feed(calendar_id))
    calendar, events = await desk.database.read(lambda session: shown_by(session, second))
    await desk.database.write(lambda session: Exchange(session, MARIA).close_feed(calendar_id))

    assert (calendar.id, len(events)) == (calendar_id, 4)
    for token in (first, second, "", "x" * 43):
        with pytest.raises(errors.FeedNotFound):
            await desk.database.read(lambda session, token=token: shown_by(session, token))  # type: ignore[misc]
    with pytest.raises(errors.CalendarNotFound):
        await desk.database.write(lambda session: Exchange(session, OTTO).open_feed(calendar_id))


async def test_what_another_calendar_has_written_beside_stays(desk: Desk) -> None:
    calendar_id = await a_calendar(desk)
    theirs = a_file(
        "UID:1|DTSTART:20261127T100000Z|SUMMARY:Old|X-COLOUR:red|BEGIN:VALARM|ACTION:DISPLAY|TRIGGER:-PT5M|DESCRIPTION:x|END:VALARM"
    )
    await taken(desk, calendar_id, theirs)
    (event,) = await everything(desk, calendar_id)
    renamed = await desk.events(lambda e: e.change(event.id, EventPatch(title="New")))

    (entry,) = Component.from_ical(written([renamed], onto=theirs)).walk("VEVENT")

    assert (str(entry["SUMMARY"]), str(entry["X-COLOUR"])) == ("New", "red")
    assert [str(part.name) for part in entry.subcomponents] == ["VALARM"]
    assert entry.decoded("DTSTART") == datetime(2026, 11, 27, 10, tzinfo=UTC)
