"""What overlaps, and when there is nothing to be done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from famulus.features.calendar.records import Occurrence
from famulus.features.calendar.times import DAY, instant, local

MOST_CONFLICTS = 500
MOST_FREE = 200
Pair = tuple[Occurrence, Occurrence]
Gap = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Hours:
    """The hours of some days of the week in which time is looked for, by the clock of a zone."""

    begin: time
    end: time
    weekdays: frozenset[int]
    zone: str


def conflicts(found: Sequence[Occurrence]) -> list[Pair]:
    """Every two things that take up the same time; at most so many."""
    pairs: list[Pair] = []
    under_way: list[Occurrence] = []
    for one in (each for each in found if each.event.busy):
        under_way = [other for other in under_way if other.until_at > one.from_at]
        pairs += [(other, one) for other in under_way]
        if len(pairs) >= MOST_CONFLICTS:
            return pairs[:MOST_CONFLICTS]
        under_way.append(one)
    return pairs


def free_times(
    found: Sequence[Occurrence], hours: Hours, first: datetime, end: datetime, lasts: timedelta
) -> list[Gap]:
    """Times of at least this length within the hours in which nothing takes up time, in order."""
    busy = [(one.from_at, one.until_at) for one in found if one.event.busy]
    gaps: list[Gap] = []
    day = local(first, hours.zone).date()
    last = local(end, hours.zone).date()
    while day <= last and len(gaps) < MOST_FREE:
        if day.weekday() in hours.weekdays:
            opens = max(first, instant(datetime.combine(day, hours.begin), hours.zone))
            closing_day = day if hours.end > hours.begin else day + DAY
            closes = min(end, instant(datetime.combine(closing_day, hours.end), hours.zone))
            gaps += [gap for gap in _gaps(busy, opens, closes) if gap[1] - gap[0] >= lasts]
        day += DAY
    return gaps[:MOST_FREE]


def _gaps(busy: Sequence[Gap], opens: datetime, closes: datetime) -> list[Gap]:
    """What is left of a time without what is busy, which is in order of its beginnings."""
    gaps = []
    for begin, end in busy:
        if end <= opens or begin >= closes:
            continue
        if begin > opens:
            gaps.append((opens, begin))
        opens = max(opens, end)
    if opens < closes:
        gaps.append((opens, closes))
    return gaps
