"""Recurrence rules: dateutil's own answers, in bounded time, whatever the rule."""

import time
from datetime import datetime, timedelta
from itertools import takewhile

import pytest
from dateutil.rrule import rrulestr
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from famulus.features.calendar.errors import InvalidRule, InvalidTime, RuleNeverHappens, RuleNotSupported
from famulus.features.calendar.rules import Rule
from famulus.features.calendar.times import wall
from famulus.kit.errors import FamulusError

START = wall("2026-11-21T09:30")
MOST_SECONDS = 0.5

days_of_week = st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"])
starts = st.datetimes(wall("1971-01-01"), wall("2060-12-31")).map(lambda one: one.replace(microsecond=0))


def some(*values: int) -> st.SearchStrategy[str]:
    chosen = st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True)
    return chosen.map(lambda many: ",".join(map(str, sorted(many))))


@st.composite
def rules(draw: st.DrawFn) -> str:
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = [f"FREQ={frequency}"]
    if draw(st.booleans()):
        parts.append(f"INTERVAL={draw(st.integers(1, 10))}")
    if draw(st.booleans()):
        parts.append(f"BYMONTH={draw(some(1, 2, 3, 6, 10, 12))}")
    if frequency != "WEEKLY" and draw(st.booleans()):
        parts.append(f"BYMONTHDAY={draw(some(-31, -2, -1, 1, 13, 28, 29, 30, 31))}")
    elif draw(st.booleans()):
        days = draw(st.lists(days_of_week, min_size=1, max_size=3, unique=True))
        number = draw(st.sampled_from(["", "1", "-1", "2", "5"])) if frequency in ("MONTHLY", "YEARLY") else ""
        parts.append(f"BYDAY={','.join(number + day for day in days)}")
    elif frequency == "YEARLY" and draw(st.booleans()):
        parts.append(draw(st.sampled_from(["BYWEEKNO=1", "BYWEEKNO=53", "BYYEARDAY=366", "BYYEARDAY=-1,60"])))
    if frequency == "WEEKLY" and draw(st.booleans()):
        parts.append(f"WKST={draw(days_of_week)}")
    if len(parts) > 2 and draw(st.booleans()):
        parts.append(f"BYSETPOS={draw(st.sampled_from(['1', '-1', '2']))}")
    return ";".join(parts)


def by_dateutil(text: str, start: datetime, first: datetime, end: datetime) -> list[datetime]:
    """What dateutil says, asked from the first occurrence on; the first is always one."""
    found = {one for one in takewhile(lambda one: one < end, rrulestr(text, dtstart=start)) if one >= first}
    return sorted(found | ({start} if first <= start < end else set()))


@settings(max_examples=100, deadline=None)
@given(rules(), starts, st.integers(0, 30 * 365), st.integers(1, 400))
def test_a_span_has_what_dateutil_finds_from_the_beginning(text: str, start: datetime, later: int, days: int) -> None:
    first = start + timedelta(days=later)
    end = first + timedelta(days=days)
    try:
        rule = Rule.parsed(text, start, "UTC")
    except RuleNeverHappens:
        assume(False)

    assert rule.between(first, end) == by_dateutil(text, start, first, end)


@settings(max_examples=100, deadline=None)
@given(rules(), starts, st.integers(2, 40))
def test_a_count_ends_where_dateutil_ends_it(text: str, start: datetime, count: int) -> None:
    try:
        rule = Rule.parsed(f"{text};COUNT={count}", start, "UTC")
    except RuleNeverHappens:
        assume(False)
    unending = rrulestr(text, dtstart=start)
    expected = list(takewhile(lambda one: one.year < 2100, unending.xafter(start, count, inc=True)))

    found = rule.starts(count)

    begun = sorted({start, *expected})[:count]
    assert found == begun
    assert rule.until == (begun[-1] if len(begun) == count else None)


@pytest.mark.parametrize(
    ("start", "text", "first", "expected"),
    [
        # Leap days, month ends, the week over new year, and a birthday without a year.
        ("2024-02-29", "FREQ=YEARLY", "2025-01-01", ["2028-02-29"]),
        ("2026-01-31", "FREQ=MONTHLY;COUNT=4", "2026-02-01", ["2026-03-31", "2026-05-31", "2026-07-31"]),
        ("2026-01-31", "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3", "2026-02-01", ["2026-02-28", "2026-03-31"]),
        ("2026-12-28", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;COUNT=3", "2026-12-29", ["2027-01-01", "2027-01-11"]),
        (
            "2027-01-01",
            "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=SU,FR;COUNT=3",
            "2027-01-02",
            ["2027-01-10", "2027-01-15"],
        ),
        ("1604-05-03", "FREQ=YEARLY;BYMONTHDAY=3;BYMONTH=5", "2028-01-01", ["2028-05-03", "2029-05-03"]),
    ],
)
def test_the_calendars_corners(start: str, text: str, first: str, expected: list[str]) -> None:
    found = Rule.parsed(text, wall(start), "UTC").between(wall(first), wall("2030-01-01"))

    assert found == [wall(day) for day in expected]


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("FREQ=SECONDLY", RuleNotSupported),
        ("FREQ=MINUTELY;INTERVAL=5", RuleNotSupported),
        ("FREQ=HOURLY", RuleNotSupported),
        ("FREQ=DAILY;COUNT=1000000000", RuleNotSupported),
        ("FREQ=DAILY;COUNT=" + "9" * 400, RuleNotSupported),
        ("FREQ=DAILY;COUNT=" + "9" * 5_000, InvalidRule),
        ("FREQ=DAILY;COUNT=3;UNTIL=20270101T000000Z", RuleNotSupported),
        ("FREQ=DAILY;INTERVAL=0", RuleNotSupported),
        ("FREQ=DAILY;INTERVAL=-1", RuleNotSupported),
        ("FREQ=DAILY;INTERVAL=x", InvalidRule),
        ("FREQ=DAILY;BYHOUR=0,6,12,18;BYMINUTE=0,5,10,15,20,25,30", RuleNotSupported),
        ("FREQ=DAILY;BYSECOND=1,2,3", RuleNotSupported),
        ("FREQ=YEARLY;BYEASTER=0", RuleNotSupported),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", RuleNeverHappens),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", RuleNeverHappens),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=1000", RuleNeverHappens),
        ("FREQ=DAILY;BYMONTH=13", RuleNeverHappens),
        ("FREQ=MONTHLY;BYMONTHDAY=99", RuleNeverHappens),
        ("FREQ=DAILY;UNTIL=20200101", RuleNeverHappens),
        ("FREQ=DAILY;UNTIL=tomorrow", InvalidTime),
        ("FREQ=DAILY;FREQ=WEEKLY", InvalidRule),
        ("FREQ=DAILY;FOO=1", InvalidRule),
        ("FREQ=DAILY;BYDAY=XX", InvalidRule),
        ("FREQ=DAILY;BYDAY=", InvalidRule),
        ("every day", InvalidRule),
        ("RRULE:FREQ=DAILY\nEXDATE:20200101", RuleNotSupported),
    ],
)
def test_what_is_no_rule_is_refused_at_once(text: str, refusal: type[FamulusError]) -> None:
    began = time.process_time()

    with pytest.raises(refusal):
        Rule.parsed(text, START, "UTC")

    assert time.process_time() - began < MOST_SECONDS


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=DAILY",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU",
        "FREQ=DAILY;COUNT=3000",
    ],
)
def test_an_old_event_costs_no_more_than_a_new_one(text: str) -> None:
    start = wall("1970-01-01") if "COUNT" in text else wall("1900-01-01")
    rule = Rule.parsed(text, start, "UTC")
    began = time.process_time()

    rule.between(wall("2098-01-01"), wall("2098-03-01"))

    assert time.process_time() - began < MOST_SECONDS / 5


def test_an_end_is_on_the_wall_clock_of_the_event() -> None:
    ends = {
        text: Rule.parsed(f"FREQ=DAILY;UNTIL={text}", START, "Europe/Berlin").until
        for text in ("20270101T080000Z", "20270101T090000", "20270101")
    }

    assert list(ends.values()) == [wall("2027-01-01T09:00"), wall("2027-01-01T09:00"), wall("2027-01-01T23:59:59")]
