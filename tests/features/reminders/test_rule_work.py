"""What a rule asks for is bounded: counted in lines that are run to find when it is due, and not in milliseconds."""

import sys
from collections.abc import Callable
from itertools import islice
from types import FrameType
from typing import Any

import pytest
from pydantic import TypeAdapter

from famulus.features.reminders.errors import InvalidRule
from famulus.features.reminders.schemas import Schedule
from famulus.features.reminders.service import drawn_from
from famulus.kit.errors import FamulusError
from tests.features.notifications.place import NOON

# About a twentieth of a second.
MOST_LINES = 400_000
HOURS, MINUTES = (",".join(map(str, range(most))) for most in (24, 60))
EVERY_DAY = "BYDAY=MO,TU,WE,TH,FR,SA,SU"
LONG_AGO = "1970-01-01T09:00:00"


def schedule(rule: str, begins: str | None = None) -> Any:
    said = {"kind": "rrule", "rule": rule, "begins": begins} if "=" in rule else {"kind": "cron", "expression": rule}
    return TypeAdapter(Schedule).validate_python(said)


def lines_of(work: Callable[[], object]) -> int:
    """How many lines of Python are run."""
    lines = 0

    def trace(_frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal lines
        lines += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return lines


@pytest.mark.parametrize(
    "said",
    [
        ("FREQ=DAILY", LONG_AGO),
        ("FREQ=WEEKLY;INTERVAL=500;BYDAY=MO", LONG_AGO),
        ("FREQ=MINUTELY", LONG_AGO),
        ("FREQ=MINUTELY;INTERVAL=525600", LONG_AGO),
        ("FREQ=YEARLY;INTERVAL=10;BYMONTH=2;BYMONTHDAY=29", LONG_AGO),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31",),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",),
        ("FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=2,4,6,9,11",),
        ("FREQ=MONTHLY;BYDAY=5MO;BYMONTH=2;BYSETPOS=2",),
        ("FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO;BYMONTH=1;BYMONTHDAY=20",),
        ("FREQ=YEARLY;BYYEARDAY=366;BYDAY=MO",),
        ("FREQ=DAILY;BYMONTHDAY=29;BYMONTH=2;BYDAY=MO",),
        (f"FREQ=YEARLY;INTERVAL=10;BYHOUR={HOURS};{EVERY_DAY}", "2017-01-01T00:00:00"),
        (f"FREQ=DAILY;BYHOUR={HOURS};BYMONTH=2;BYMONTHDAY=30",),
        ("FREQ=SECONDLY",),
        ("FREQ=DAILY;COUNT=1000000000",),
        (f"FREQ=YEARLY;BYHOUR={HOURS};BYMINUTE={MINUTES};{EVERY_DAY}",),
        ("* * * * *",),
        ("0 0 29 2 *",),
        ("0 0 29 2 1#5",),
        ("0 0 31 2,4,6,9,11 *",),
    ],
    ids=lambda said: said[0][:60],
)
def test_no_rule_keeps_anybody_waiting(said: tuple[str, ...]) -> None:
    def ask() -> None:
        try:
            timing = drawn_from(schedule(*said), "Europe/Berlin", NOON, shortest_seconds=60).timing
        except FamulusError:
            return
        at = timing.after(NOON)
        if at is not None:
            timing.after(at)

    assert lines_of(ask) <= MOST_LINES


def test_what_was_due_for_days_is_gone_through_once() -> None:
    timing = drawn_from(schedule(f"FREQ=YEARLY;BYHOUR={HOURS};{EVERY_DAY}"), "UTC", NOON, shortest_seconds=60).timing

    first = lines_of(lambda: timing.after(NOON))
    many = lines_of(lambda: list(islice(timing.following(NOON), 200)))

    assert many < first + 200 * 100


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=MINUTELY;INTERVAL=59",
        "FREQ=DAILY;BYHOUR=9;BYMINUTE=0,30",
        "FREQ=DAILY;BYHOUR=0,23;BYMINUTE=0,59",
        "*/30 9 * * *",
        "* * * * *",
    ],
)
def test_the_shortest_interval_holds_however_it_is_said(rule: str) -> None:
    drawn_from(schedule(rule), "UTC", NOON, shortest_seconds=60)

    with pytest.raises(InvalidRule, match="too often"):
        drawn_from(schedule(rule), "UTC", NOON, shortest_seconds=3_600)
