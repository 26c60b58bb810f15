"""Occurrences: right by the clock on the wall, in any zone and year, and free time between them."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil import tz
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from famulus.features.calendar import errors
from famulus.features.calendar.expansion import Span, occurrences
from famulus.features.calendar.free import Hours, conflicts, free_times
from famulus.features.calendar.records import Calendar, Event
from famulus.features.calendar.schemas import EventDraft
from famulus.features.calendar.shaping import drafted
from famulus.features.calendar.times import wall
from tests.features.calendar.conftest import NOW, Desk

ZONES = (
    *("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Africa/Casablanca"),
    *("Asia/Tokyo", "UTC", "Pacific/Apia", "Asia/Kathmandu"),
)
CALENDAR = Calendar("cal_1", "user_1", "C", "own", "UTC", True, None, NOW, NOW)


def an_event(start: str, end: str | None = None, *, zone: str = "UTC", **fields: object) -> Event:
    draft = EventDraft.model_validate({"title": "E", "start": start, "end": end, "zone": zone, **fields})
    return drafted(draft, CALENDAR, now=NOW)


def shown(event: Event, first: str, end: str, *, zone: str = "UTC") -> list[str]:
    span = Span(datetime.fromisoformat(first), datetime.fromisoformat(end), zone)
    return [f"{one.from_at:%m-%d %H:%M}/{one.until_at:%m-%d %H:%M}" for one in occurrences([event], span)]


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(ZONES),
    # dateutil does not know how clocks are changed after 2037.
    st.datetimes(wall("1972-01-01"), wall("2030-01-01")).map(lambda one: one.replace(second=0, microsecond=0)),
    st.sampled_from(["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=SU,SA", "FREQ=MONTHLY;BYDAY=-1SU", "FREQ=DAILY;INTERVAL=3"]),
    st.integers(0, 2_000),
)
def test_occurrences_are_dateutils_at_the_instants_of_the_zone(
    zone: str, start: datetime, rule: str, later: int
) -> None:
    event = an_event(start.isoformat(), (start + timedelta(hours=26)).isoformat(), zone=zone, rule=rule)
    first = (start + timedelta(days=later)).replace(tzinfo=UTC)
    span = Span(first, first + timedelta(days=200), zone)

    found = [one.from_at for one in occurrences([event], span)]

    asked = rrulestr(rule, dtstart=start).between(
        span.first.replace(tzinfo=None) - timedelta(5), span.end.replace(tzinfo=None) + timedelta(5)
    )
    lasts = timedelta(seconds=event.duration_seconds)
    expected = {resolved(one, zone) for one in {start, *asked}}
    assert found == sorted(one for one in expected if one < span.end and one + lasts > span.first)


def resolved(start: datetime, zone: str) -> datetime:
    """What dateutil makes of a wall-clock time, whether it exists or not."""
    return tz.resolve_imaginary(start.replace(tzinfo=tz.gettz(zone))).astimezone(UTC)


@pytest.mark.parametrize(
    ("zone", "start", "rule", "span", "expected"),
    [
        # 02:30 does not exist in Berlin on 28 March 2027: half an hour after the gap has begun.
        ("Europe/Berlin", "2027-03-27T02:30", "FREQ=DAILY", ("2027-03-27", "2027-03-30"),
         ["03-27 01:30/03-27 02:30", "03-28 01:30/03-28 02:30", "03-29 00:30/03-29 01:30"]),
        # 02:30 comes twice in Berlin on 25 October 2026: the first is meant, and it happens once.
        ("Europe/Berlin", "2026-10-24T02:30", "FREQ=DAILY", ("2026-10-24", "2026-10-27"),
         ["10-24 00:30/10-24 01:30", "10-25 00:30/10-25 01:30", "10-26 01:30/10-26 02:30"]),
        # Lord Howe's clocks go by half an hour.
        ("Australia/Lord_Howe", "2026-10-03T02:15", "FREQ=DAILY", ("2026-10-02", "2026-10-05"),
         ["10-02 15:45/10-02 16:45", "10-03 15:45/10-03 16:45", "10-04 15:15/10-04 16:15"]),
        # In Santiago midnight does not exist on 6 September 2026.
        ("America/Santiago", "2026-09-05T00:00", "FREQ=DAILY", ("2026-09-05", "2026-09-08"),
         ["09-05 04:00/09-05 05:00", "09-06 04:00/09-06 05:00", "09-07 03:00/09-07 04:00"]),
        # Samoa had no 30 December 2011.
        ("Pacific/Apia", "2011-12-29T12:00", "FREQ=DAILY;COUNT=3", ("2011-12-29", "2012-01-02"),
         ["12-29 22:00/12-29 23:00", "12-30 22:00/12-30 23:00", "12-30 22:00/12-30 23:00"]),
    ],
)  # fmt: skip
def test_by_the_clock_on_the_wall(zone: str, start: str, rule: str, span: tuple[str, str], expected: list[str]) -> None:
    event = an_event(start, zone=zone, rule=rule)

    assert shown(event, f"{span[0]}T00:00Z", f"{span[1]}T00:00Z") == expected


def test_whole_days_are_days_wherever_one_is() -> None:
    event = an_event("2026-03-29", "2026-03-30", zone="Asia/Tokyo")

    assert shown(event, "2026-03-01T00:00Z", "2026-04-30T00:00Z", zone="Europe/Berlin") == ["03-28 23:00/03-29 22:00"]
    assert shown(event, "2026-03-01T00:00Z", "2026-04-30T00:00Z", zone="America/New_York") == [
        "03-29 04:00/03-30 04:00"
    ]


def test_what_has_begun_before_the_span_and_lasts_into_it_is_in_it() -> None:
    event = an_event("2026-11-20T20:00", "2026-11-22T08:00", rule="FREQ=WEEKLY")

    assert shown(event, "2026-11-22T07:00Z", "2026-11-22T09:00Z") == ["11-20 20:00/11-22 08:00"]
    assert shown(event, "2026-11-22T08:00Z", "2026-11-22T09:00Z") == []
    assert shown(event, "2026-11-20T19:00Z", "2026-11-20T20:00Z") == []


@pytest.mark.parametrize(
    ("first", "end"),
    [
        ("2026-01-01T00:00Z", "2027-06-01T00:00Z"),
        ("2026-01-02T00:00Z", "2026-01-01T00:00Z"),
        ("2026-01-01T00:00Z", "2026-01-01T00:00Z"),
        ("1900-01-01T00:00Z", "1900-02-01T00:00Z"),
        ("9999-01-01T00:00Z", "9999-02-01T00:00Z"),
    ],
)
def test_a_span_can_be_answered(first: str, end: str) -> None:
    with pytest.raises(errors.SpanTooLong):
        Span(datetime.fromisoformat(first), datetime.fromisoformat(end), "UTC").checked()


def test_too_much_is_refused_and_not_counted_to_its_end() -> None:
    busy = [an_event("2020-01-01T00:00", rule=f"FREQ=DAILY;BYHOUR={','.join(map(str, range(24)))}")] * 9
    span = Span(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC), "UTC")

    with pytest.raises(errors.TooManyOccurrences):
        occurrences(busy, span)


@pytest.mark.anyio
async def test_what_overlaps_is_told_once(desk: Desk) -> None:
    await desk.add("One", "2026-11-25T10:00", "2026-11-25T12:00")
    await desk.add("Two", "2026-11-25T11:00", "2026-11-25T13:00")
    await desk.add("Three", "2026-11-25T12:00", "2026-11-25T14:00")
    await desk.add("Holiday", "2026-11-25")

    found = await desk.within("2026-11-25T00:00Z", "2026-11-26T00:00Z")

    assert [(one.event.title, two.event.title) for one, two in conflicts(found)] == [("One", "Two"), ("Two", "Three")]


@pytest.mark.anyio
async def test_free_time_is_within_working_hours_and_between_what_is_busy(desk: Desk) -> None:
    await desk.add("Standup", "2026-11-23T09:00", "2026-11-23T09:30", rule="FREQ=DAILY")
    await desk.add("Workshop", "2026-11-24T10:00", "2026-11-25T16:30")
    first, end = (datetime(2026, 11, day, tzinfo=UTC) for day in (23, 30))
    found = await desk.within(first.isoformat(), end.isoformat())
    hours = Hours(time(9), time(17), frozenset({0, 1, 2}), "Europe/Berlin")

    gaps = free_times(found, hours, first, end, timedelta(hours=1))

    berlin = ZoneInfo("Europe/Berlin")
    assert [f"{begin.astimezone(berlin):%a %H:%M}-{until.astimezone(berlin):%H:%M}" for begin, until in gaps] == [
        "Mon 09:30-17:00",
    ]
    half_hours = free_times(found, hours, first, end, timedelta(minutes=30))
    assert [f"{begin.astimezone(berlin):%a %H:%M}" for begin, _ in half_hours] == [
        "Mon 09:30",
        "Tue 09:30",
        "Wed 16:30",
    ]
