"""Plain words for days and times of day, and the dates that they name: a small grammar for the offline stand-in."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_DAY = re.compile(
    r"\b(?:on\s+)?(?:"
    r"(?P<near>today|tonight|tomorrow|the day after tomorrow)"
    r"|(?P<next>next\s+|this\s+)?(?P<weekday>" + "|".join(_WEEKDAYS) + r")"
    r"|(?P<iso>\d{4}-\d{2}-\d{2})"
    r"|(?:the\s+)?(?P<day>\d{1,2})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<month>"
    + "|".join(_MONTHS)
    + r")(?:\s+(?P<year>\d{4}))?"
    r"|in\s+(?P<days>\d{1,3})\s+days"
    r")\b",
    re.IGNORECASE,
)
_CLOCK = r"(?P<{0}hour>\d{{1,2}})(?::(?P<{0}minute>\d{{2}}))?\s*(?P<{0}half>am|pm)?"
_TIME = re.compile(
    r"\b(?:at|from)\s+" + _CLOCK.format("") + r"(?:\s*(?:to|until|till|-)\s*" + _CLOCK.format("to_") + r")?(?!\d)\b",
    re.IGNORECASE,
)
_LENGTH = re.compile(r"\bfor\s+(?P<many>\d{1,3}|an?|half an)\s+(?P<unit>minute|hour)s?\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Told:
    """A day, and perhaps the time of day, that somebody has named; and their words without it."""

    day: date
    begin: time | None
    end: datetime | None
    rest: str


def told(text: str, today: date) -> Told | None:
    """The day and the time that are named in a text; None where no day is."""
    match = _DAY.search(text)
    day = _day(match, today) if match else None
    if match is None or day is None:
        return None
    rest = text[: match.start()] + text[match.end() :]
    begin = end = None
    if (clock := _TIME.search(rest)) and (begin := _time(clock, "")) is not None:
        end_time = _time(clock, "to_")
        end = datetime.combine(day, end_time) if end_time else None
        rest = rest[: clock.start()] + rest[clock.end() :]
    if begin is not None and (length := _LENGTH.search(rest)):
        end = datetime.combine(day, begin) + _length(length)
        rest = rest[: length.start()] + rest[length.end() :]
    return Told(day, begin, end, " ".join(rest.split()))


def names_a_day(text: str) -> bool:
    """Whether a day is named."""
    return _DAY.search(text) is not None


def _day(match: re.Match[str], today: date) -> date | None:
    found = {name: value.lower() for name, value in match.groupdict().items() if value}
    match found:
        case {"near": near}:
            days = {"today": 0, "tonight": 0, "tomorrow": 1, "the day after tomorrow": 2}[near]
            return today + timedelta(days)
        case {"weekday": weekday}:
            ahead = (_WEEKDAYS.index(weekday) - today.weekday()) % 7
            return today + timedelta(ahead or (7 if found.get("next", "").startswith("next") else 0))
        case {"days": days}:
            return today + timedelta(int(days))
        case {"iso": iso}:
            return _date(*map(int, iso.split("-")))
    year = int(found["year"]) if "year" in found else today.year
    named = _date(year, _MONTHS.index(found["month"]) + 1, int(found["day"]))
    # Without a year, a day that is over is meant for the next.
    return _date(year + 1, named.month, named.day) if named and "year" not in found and named < today else named


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _time(match: re.Match[str], which: str) -> time | None:
    if match[f"{which}hour"] is None:
        return None
    hour, minute = int(match[f"{which}hour"]), int(match[f"{which}minute"] or 0)
    half = (match[f"{which}half"] or "").lower()
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None  # noqa: PLR2004 -- a clock's


def _length(match: re.Match[str]) -> timedelta:
    many = match["many"].lower()
    number = 0.5 if many.startswith("half") else 1 if many in ("a", "an") else int(many)
    return timedelta(hours=number) if match["unit"].lower() == "hour" else timedelta(minutes=number)
