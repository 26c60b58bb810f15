"""Plain words for days and times of day."""

from datetime import date, time

import pytest

from famulus.agent.dates import told

TODAY = date(2026, 11, 21)  # a Saturday


@pytest.mark.parametrize(
    ("text", "day", "begin", "end"),
    [
        ("lunch today", "2026-11-21", None, None),
        ("Tomorrow at 9", "2026-11-22", "09:00", None),
        ("the day after tomorrow at 12:30", "2026-11-23", "12:30", None),
        ("on Friday at 3pm for 2 hours", "2026-11-27", "15:00", "17:00"),
        ("Saturday at 12 am", "2026-11-21", "00:00", None),
        ("next Saturday from 9:15 to 10:45", "2026-11-28", "09:15", "10:45"),
        ("on 3 May at 8 for half an hour", "2027-05-03", "08:00", "08:30"),
        ("on the 24th of December", "2026-12-24", None, None),
        ("on 1 May 2026", "2026-05-01", None, None),
        ("in 40 days at noon", "2026-12-31", None, None),
        ("2028-02-29 at 25:00", "2028-02-29", None, None),
    ],
)
def test_words_for_days(text: str, day: str, begin: str | None, end: str | None) -> None:
    found = told(text, TODAY)

    assert found is not None
    assert (found.day, found.begin) == (date.fromisoformat(day), time.fromisoformat(begin) if begin else None)
    assert (f"{found.end:%H:%M}" if found.end else None) == end


@pytest.mark.parametrize("text", ["lunch", "on 31 February", "2026-13-01", "someday", ""])
def test_no_day_is_made_up(text: str) -> None:
    assert told(text, TODAY) is None


def test_what_is_left_is_what_it_is_about() -> None:
    found = told("lunch with Ana on Friday at 12:30", TODAY)

    assert found is not None
    assert found.rest == "lunch with Ana"
