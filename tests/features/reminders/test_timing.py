"""When a reminder is due: by the clock of its zone, whatever is done to that clock, and in bounded time."""

# ruff: noqa: DTZ001 -- what a wall's clock shows has no zone

import time
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from famulus.features.reminders.errors import InvalidRule, PhraseNotUnderstood
from famulus.features.reminders.phrases import Said, understood
from famulus.features.reminders.rules import parsed
from famulus.features.reminders.timing import Timing, checked_cron
from famulus.features.reminders.walls import instant_of, wall_at

BERLIN, LORD_HOWE, SANTIAGO = "Europe/Berlin", "Australia/Lord_Howe", "America/Santiago"
CASABLANCA, APIA, NEW_YORK = "Africa/Casablanca", "Pacific/Apia", "America/New_York"
ZONES = [BERLIN, LORD_HOWE, SANTIAGO, CASABLANCA, APIA, NEW_YORK, "UTC", "Asia/Kolkata", "America/St_Johns"]
SATURDAY = datetime(2026, 11, 21, 10)

# Zone, local time of day, from when on, and the exact instants that follow.
CHANGES = [
    (BERLIN, "02:30", "2027-03-27T00:00Z", ["2027-03-27T01:30Z", "2027-03-28T01:00Z", "2027-03-29T00:30Z"]),
    (BERLIN, "02:30", "2026-10-24T00:00Z", ["2026-10-24T00:30Z", "2026-10-25T00:30Z", "2026-10-26T01:30Z"]),
    (NEW_YORK, "02:30", "2027-03-13T00:00Z", ["2027-03-13T07:30Z", "2027-03-14T07:00Z", "2027-03-15T06:30Z"]),
    (NEW_YORK, "01:30", "2026-10-31T00:00Z", ["2026-10-31T05:30Z", "2026-11-01T05:30Z", "2026-11-02T06:30Z"]),
    (LORD_HOWE, "02:15", "2026-10-02T16:00Z", ["2026-10-03T15:30Z", "2026-10-04T15:15Z"]),
    (LORD_HOWE, "01:45", "2026-04-03T00:00Z", ["2026-04-03T14:45Z", "2026-04-04T14:45Z", "2026-04-05T15:15Z"]),
    (SANTIAGO, "00:00", "2026-09-05T00:00Z", ["2026-09-05T04:00Z", "2026-09-06T04:00Z", "2026-09-07T03:00Z"]),
    (CASABLANCA, "02:30", "2026-02-14T00:00Z", ["2026-02-14T01:30Z", "2026-02-15T01:30Z", "2026-02-16T02:30Z"]),
    (APIA, "09:00", "2011-12-29T00:00Z", ["2011-12-29T19:00Z", "2011-12-30T10:00Z", "2011-12-30T19:00Z"]),
]


def following(timing: Timing, start: datetime, count: int) -> list[datetime]:
    found: list[datetime] = []
    at: datetime | None = start
    while len(found) < count:
        at = timing.after(at) if at else None
        if at is None:
            break
        found.append(at)
    return found


@pytest.mark.parametrize(("zone", "clock", "start", "expected"), CHANGES)
@pytest.mark.parametrize("kind", ["rrule", "cron"])
def test_a_time_of_day_is_said_once_a_day(zone: str, clock: str, start: str, expected: list[str], kind: str) -> None:
    begins = datetime.fromisoformat(f"2010-01-01T{clock}")
    rule = "FREQ=DAILY" if kind == "rrule" else f"{begins.minute} {begins.hour} * * *"
    timing = Timing(kind, rule, begins, zone)  # type: ignore[arg-type]

    found = following(timing, datetime.fromisoformat(start), len(expected))

    assert found == [datetime.fromisoformat(one) for one in expected]


@pytest.mark.parametrize(("kind", "rule"), [("rrule", "FREQ=MINUTELY;INTERVAL=15"), ("cron", "*/15 * * * *")])
@pytest.mark.parametrize("start", ["2026-10-25T00:00Z", "2027-03-28T00:00Z"])
def test_every_quarter_of_an_hour_goes_on_while_clocks_are_changed(kind: str, rule: str, start: str) -> None:
    timing = Timing(kind, rule, datetime(2026, 1, 1), BERLIN)  # type: ignore[arg-type]
    begin = datetime.fromisoformat(start)

    assert following(timing, begin, 12) == [begin + quarter * timedelta(minutes=15) for quarter in range(1, 13)]


@settings(max_examples=150, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    wall=st.datetimes(datetime(1975, 1, 1), datetime(2090, 1, 1)).map(lambda one: one.replace(microsecond=0)),
)
def test_a_wall_time_means_an_instant_that_shows_it_or_the_first_after_the_gap(zone: str, wall: datetime) -> None:
    clock = ZoneInfo(zone)

    instant = instant_of(wall, clock)

    if wall_at(instant, clock) != wall:
        before = wall_at(instant - timedelta(seconds=1), clock)
        assert before < wall < wall_at(instant, clock)
    else:
        assert wall_at(instant - timedelta(hours=1), clock) != wall or instant.astimezone(clock).fold == 0


@settings(max_examples=150, deadline=None)
@given(
    rule=st.sampled_from(
        ["FREQ=DAILY", "FREQ=DAILY;INTERVAL=3", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR", "FREQ=MONTHLY;BYMONTHDAY=31",
         "FREQ=MONTHLY;BYDAY=-1FR", "FREQ=YEARLY", "FREQ=MONTHLY;INTERVAL=5", "FREQ=WEEKLY;BYDAY=TU;WKST=SU;INTERVAL=3",
         "FREQ=HOURLY;INTERVAL=7", "FREQ=MINUTELY;INTERVAL=90", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
         "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"]
    ),
    begins=st.datetimes(datetime(2001, 1, 1), datetime(2030, 1, 1)).map(lambda at: at.replace(second=0, microsecond=0)),
    days=st.integers(0, 2_000),
)  # fmt: skip
def test_the_next_time_is_the_one_that_dateutil_finds_from_the_beginning(
    rule: str, begins: datetime, days: int
) -> None:
    start = begins + timedelta(days=days, minutes=7)

    found = Timing("rrule", rule, begins, "UTC").after(start.replace(tzinfo=UTC))

    expected = rrulestr(rule, dtstart=begins).after(start)
    assert found == (expected.replace(tzinfo=UTC) if expected else None)


@settings(max_examples=100, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    rule=st.sampled_from(["FREQ=DAILY", "FREQ=MINUTELY;INTERVAL=20", "FREQ=HOURLY;INTERVAL=3", "FREQ=WEEKLY"]),
    start=st.datetimes(datetime(2005, 1, 1), datetime(2060, 1, 1)).map(lambda one: one.replace(tzinfo=UTC)),
)
def test_times_go_forward_in_every_zone(zone: str, rule: str, start: datetime) -> None:
    times = following(Timing("rrule", rule, datetime(2004, 1, 1, 2, 30), zone), start, 20)

    assert len(times) == 20
    assert times == sorted(set(times))
    assert times[0] > start


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY", "FREQ=DAILY;COUNT=1000000000", "FREQ=MINUTELY;INTERVAL=0", "FREQ=MINUTELY;BYSECOND=1",
        "FREQ=DAILY;BYSECOND=0", "FREQ=YEARLY;BYEASTER=1", "FREQ=DAILY;INTERVAL=99999999999", "FREQ=HOURLY;BYHOUR=9",
        "FREQ=DAILY;FREQ=DAILY", "FREQ=DAILY;UNTIL=x", "nonsense", "", "FREQ=DAILY;" + "BYHOUR=1;" * 100,
        "FREQ=DAILY;BYDAY=XX",
    ],
)  # fmt: skip
def test_a_rule_that_asks_for_too_much_is_refused(rule: str) -> None:
    with pytest.raises(InvalidRule):
        parsed(rule, SATURDAY)


@pytest.mark.parametrize("begins", [datetime(1900, 1, 1), datetime(9999, 1, 1)])
def test_a_beginning_that_nobody_can_mean_is_refused(begins: datetime) -> None:
    with pytest.raises(InvalidRule):
        parsed("FREQ=DAILY", begins)


@pytest.mark.parametrize(
    "rule", ["FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31", "FREQ=MINUTELY;INTERVAL=7"]
)
def test_the_next_time_is_found_or_not_found_in_bounded_time(rule: str) -> None:
    timing = Timing("rrule", parsed(rule, datetime(1970, 1, 1))[0].text, datetime(1970, 1, 1), BERLIN)

    began = time.process_time()
    timing.after(datetime(2026, 11, 21, tzinfo=UTC))

    assert time.process_time() - began < 0.5


@pytest.mark.parametrize("expression", ["* * * * * *", "* * * *", "61 * * * *", "0 0 31 2 *", "", "x y z a b"])
def test_a_cron_expression_that_is_none_is_refused(expression: str) -> None:
    with pytest.raises(InvalidRule):
        checked_cron(expression)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("in 10 minutes", Said(seconds=600)),
        ("in an hour", Said(seconds=3_600)),
        ("in half an hour", Said(seconds=1_800)),
        ("in 2 days", Said(datetime(2026, 11, 23, 10))),
        ("tomorrow at 9", Said(datetime(2026, 11, 22, 9))),
        ("tomorrow morning", Said(datetime(2026, 11, 22, 9))),
        ("tonight", Said(datetime(2026, 11, 21, 20))),
        ("at 9", Said(datetime(2026, 11, 22, 9))),
        ("at 14:30", Said(datetime(2026, 11, 21, 14, 30))),
        ("next Monday 14:00", Said(datetime(2026, 11, 23, 14))),
        ("on Saturday at 5pm", Said(datetime(2026, 11, 21, 17))),
        ("next Saturday at 5 pm", Said(datetime(2026, 11, 28, 17))),
        ("2026-12-24 18:00", Said(datetime(2026, 12, 24, 18))),
        ("every other Friday", Said(datetime(2026, 11, 27, 9), rule="FREQ=WEEKLY;INTERVAL=2;BYDAY=FR")),
        ("every weekday at 8:30", Said(datetime(2026, 11, 22, 8, 30), rule="FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR")),
        ("every morning", Said(datetime(2026, 11, 22, 9), rule="FREQ=DAILY")),
        ("every Monday and Thursday at 9", Said(datetime(2026, 11, 23, 9), rule="FREQ=WEEKLY;BYDAY=MO,TH")),
        ("every 15 minutes", Said(datetime(2026, 11, 21, 10), rule="FREQ=MINUTELY;INTERVAL=15")),
        ("every month on the 15th at 12:00", Said(datetime(2026, 11, 21, 12), rule="FREQ=MONTHLY;BYMONTHDAY=15")),
    ],
)
def test_plain_words_say_a_time(text: str, expected: Said) -> None:
    assert understood(text, SATURDAY) == expected


@pytest.mark.parametrize("text", ["", "soon", "heute Abend", "at 25:00", "tomorrow at 99", "every blue moon", "9"])
def test_words_that_are_not_understood_are_not_guessed_at(text: str) -> None:
    with pytest.raises(PhraseNotUnderstood):
        understood(text, SATURDAY)


@pytest.mark.parametrize("rule", ["FREQ=YEARLY", "FREQ=MONTHLY;BYDAY=-1FR", "FREQ=DAILY;INTERVAL=3", "FREQ=HOURLY"])
def test_every_time_that_follows_is_the_next_after_the_last(rule: str) -> None:
    timing = Timing("rrule", rule, datetime(2026, 3, 1, 2, 30), BERLIN)
    at, expected = datetime(2026, 3, 20, tzinfo=UTC), []
    for _ in range(60):
        at = timing.after(at) or at
        expected.append(at)

    assert list(islice(timing.following(datetime(2026, 3, 20, tzinfo=UTC)), 60)) == expected
