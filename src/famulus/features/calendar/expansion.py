"""From events to occurrences: what happens in a span of time, in order, for somebody in a zone."""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from famulus.features.calendar.errors import SpanTooLong, TooManyOccurrences
from famulus.features.calendar.records import Event, Occurrence
from famulus.features.calendar.rules import FIRST_ASKED_YEAR, kept_rule
from famulus.features.calendar.times import DAY, LAST_YEAR, instant, local, midnight, text_of, wall

MOST_DAYS = 400
MOST_OCCURRENCES = 20_000
_PATIENCE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Span:
    """Some time, and the zone whose days are meant."""

    first: datetime
    end: datetime
    zone: str

    def checked(self) -> "Span":
        """The span itself, where it can be asked about."""
        if not (self.first.year > FIRST_ASKED_YEAR and self.end.year <= LAST_YEAR):
            raise SpanTooLong(f"A calendar can be asked about {FIRST_ASKED_YEAR + 1} to {LAST_YEAR}.")
        if not self.first < self.end <= self.first + MOST_DAYS * DAY:
            raise SpanTooLong(f"The span ends after it begins, and has at most {MOST_DAYS} days.", most_days=MOST_DAYS)
        return self


@dataclass
class _Work:
    """How much has been found, and how long it has taken: whoever asks for too much is told so."""

    until: float = field(default_factory=lambda: time.monotonic() + _PATIENCE_SECONDS)
    found: list[Occurrence] = field(default_factory=list)

    def add(self, occurrences: Iterable[Occurrence]) -> None:
        self.found += occurrences
        if len(self.found) > MOST_OCCURRENCES or time.monotonic() > self.until:
            raise TooManyOccurrences(
                "More happens in this span than can be answered at once: ask about a shorter one.",
                most=MOST_OCCURRENCES,
            )


def occurrences(events: Iterable[Event], span: Span) -> list[Occurrence]:
    """What happens in the span, the earliest first. `events` holds the changed occurrences beside their events."""
    events = list(events)
    changed: dict[str, set[str]] = defaultdict(set)
    for event in events:
        if event.master_id and event.occurrence:
            changed[event.master_id].add(event.occurrence)
    work = _Work()
    for event in events:
        work.add(_within(_of(event, span, changed[event.id]), span))
    return sorted(work.found, key=lambda one: (one.from_at, one.event.id, one.name))


def occurrence_of(event: Event, start: datetime, zone: str) -> Occurrence:
    """The event as it happens when its clock shows `start`, for somebody in a zone."""
    lasts = timedelta(seconds=event.duration_seconds)
    name = event.occurrence or text_of(start)
    if event.all_day:
        end = start + lasts
        return Occurrence(event, name, start.date(), end.date(), instant(start, zone), instant(end, zone))
    begin = instant(start, event.zone)
    return Occurrence(event, name, begin, begin + lasts, begin, begin + lasts)


def starts_of(event: Event, first: datetime, end: datetime) -> list[datetime]:
    """When it begins by its own clock, from `first` on and before `end`, changed occurrences not known."""
    start = wall(event.start)
    begun = set(kept_rule(event.rule, start).between(first, end)) if event.rule else {start}
    begun |= {wall(extra) for extra in event.extra_starts}
    dropped = {wall(one) for one in event.except_starts}
    return sorted(one for one in begun - dropped if first <= one < end)


def happens(event: Event, name: str) -> datetime | None:
    """When the occurrence of this name begins, if there is one."""
    try:
        start = wall(name).replace(tzinfo=None)
    except ValueError:
        return None
    if event.all_day:
        start = midnight(start.date())
    if not FIRST_ASKED_YEAR < start.year <= LAST_YEAR:
        return None
    return start if starts_of(event, start, start + timedelta(seconds=1)) else None


def _of(event: Event, span: Span, changed: set[str]) -> Iterator[Occurrence]:
    lasts = timedelta(seconds=event.duration_seconds)
    zone = span.zone if event.all_day else event.zone
    # A day more on both sides: clocks are changed, and days are longer or shorter for it.
    first = local(span.first, zone) - lasts - DAY
    end = local(span.end, zone) + DAY
    for start in starts_of(event, first, end):
        if text_of(start) not in changed:
            yield occurrence_of(event, start, span.zone)


def _within(found: Iterable[Occurrence], span: Span) -> Iterator[Occurrence]:
    return (one for one in found if one.from_at < span.end and one.until_at > span.first)
