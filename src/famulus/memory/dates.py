"""The days that a question names: what was said or happened then is more likely to be meant."""

import re
from datetime import UTC, date, datetime, timedelta

_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_MONTH = "|".join(_MONTHS)
_ISO = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_DAY_FIRST = re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th)?(?: of)? ({_MONTH}),? (\d{{4}})\b", re.IGNORECASE)
_MONTH_FIRST = re.compile(rf"\b({_MONTH}) (\d{{1,2}})(?:st|nd|rd|th)?,? (\d{{4}})\b", re.IGNORECASE)
_WHOLE_MONTH = re.compile(rf"\b({_MONTH}),? (\d{{4}})\b", re.IGNORECASE)
# People remember a day only roughly, and it may have been another day where they were.
_SLACK = timedelta(days=3)

Span = tuple[datetime, datetime]


def spans_of(query: str) -> list[Span]:
    """From when to when each day or month was that the query names."""
    days = [_day(*map(int, found)) for found in _ISO.findall(query)]
    days += [_day(int(year), _number(month), int(day)) for day, month, year in _DAY_FIRST.findall(query)]
    days += [_day(int(year), _number(month), int(day)) for month, day, year in _MONTH_FIRST.findall(query)]
    spans = [(day - _SLACK, day + _SLACK + timedelta(days=1)) for day in days if day is not None]
    for month, year in _WHOLE_MONTH.findall(_DAY_FIRST.sub("", query)):
        first = _day(int(year), _number(month), 1)
        if first is not None:
            spans.append((first, (first + timedelta(days=32)).replace(day=1)))
    return spans


def without_dates(query: str) -> str:
    """The query without the days that it names: they are about when, and not about what."""
    rest = query
    for pattern in (_ISO, _DAY_FIRST, _MONTH_FIRST, _WHOLE_MONTH):
        rest = pattern.sub("", rest)
    return rest if any(map(str.isalpha, rest)) else query


def _number(month: str) -> int:
    return _MONTHS.index(month.lower()) + 1


def _day(year: int, month: int, day: int) -> datetime | None:
    # At the ends of time there is no room for slack.
    if not 1900 <= year <= 2200:  # noqa: PLR2004 -- years that people talk about
        return None
    try:
        found = date(year, month, day)
    except ValueError:
        return None
    return datetime(found.year, found.month, found.day, tzinfo=UTC)
