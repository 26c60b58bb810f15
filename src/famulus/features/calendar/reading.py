"""From iCalendar files (RFC 5545) to events: the whole file is looked at before anything of it is kept.

icalendar takes files apart. What somebody else has written may be broken, huge or malicious, so that what it would cost
to read is found out first, from the lines alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from icalendar import Calendar as Component
from icalendar import Event as EventComponent
from pydantic import ValidationError

from famulus.features.calendar.errors import CalendarFileTooBig, EventUnreadable, NotACalendar, UnknownZone
from famulus.features.calendar.records import Calendar, Event
from famulus.features.calendar.schemas import MOST_ATTENDEES, EventDraft, When
from famulus.features.calendar.shaping import drafted, on_clock
from famulus.features.calendar.times import midnight, text_of
from famulus.kit.errors import FamulusError
from famulus.kit.text import shortened, storable

MOST_EVENTS = 5_000
_MOST_LINES = 200_000
_MOST_LEVELS = 4
_MOST_LINE_CHARACTERS = 100_000
_MOST_UID_CHARACTERS = 500
# Of rules that count, all together: each is counted to its end.
_MOST_COUNTED = 60_000
_BROKEN = (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, OverflowError)


@dataclass(frozen=True, slots=True)
class Found:
    """What a file has: events, each followed by its changed occurrences, and what could not be kept."""

    events: list[Event]
    skipped: list[FamulusError]

    def strictly(self) -> list[Event]:
        """The events, if every one of the file could be kept."""
        if self.skipped:
            raise self.skipped[0]
        return self.events


def read(text: str, calendar: Calendar, *, now: datetime) -> Found:
    """The events of a file, as events of this calendar; times without a zone are meant in the calendar's."""
    _refuse_bomb(text)
    try:
        components = Component.from_ical(storable(text).encode(), multiple=True)
        entries = [entry for component in components for entry in component.walk("VEVENT")]
    except _BROKEN:
        raise NotACalendar("This is no iCalendar file, or a broken one.") from None
    if not components or any(component.name != "VCALENDAR" for component in components):
        raise NotACalendar("An iCalendar file begins with BEGIN:VCALENDAR.")
    return _Reader(calendar, now).take([entry for entry in entries if isinstance(entry, EventComponent)])


class _Reader:
    """Makes events of the entries of one file."""

    def __init__(self, calendar: Calendar, now: datetime) -> None:
        self._calendar = calendar
        self._now = now
        self._masters: dict[str, Event] = {}
        self._changed: dict[str, dict[str, Event]] = {}
        self._skipped: list[FamulusError] = []
        self._counted = 0

    def take(self, entries: list[EventComponent]) -> Found:
        """Whole events first: what was changed is changed of one of them."""
        for is_changed in (False, True):
            for entry in entries:
                if ("RECURRENCE-ID" in entry) is is_changed:
                    self._try(entry)
        events: list[Event] = []
        for uid, master in self._masters.items():
            events += [master, *self._changed.get(uid, {}).values()]
        return Found(events, self._skipped)

    def _try(self, entry: Any) -> None:
        uid = storable(str(entry.get("UID", "")))[:_MOST_UID_CHARACTERS]
        try:
            if not uid:
                raise EventUnreadable("An event has no UID.")
            self._keep(entry, uid)
        except ValidationError as error:
            fields = sorted({".".join(map(str, problem["loc"])) for problem in error.errors()})
            self._skipped.append(EventUnreadable("An event does not fit into a calendar.", uid=uid, fields=fields))
        except FamulusError as error:
            self._skipped.append(type(error)(error.message, **{**error.details, "uid": uid}))
        except _BROKEN:
            self._skipped.append(EventUnreadable("An event cannot be read.", uid=uid))

    def _keep(self, entry: Any, uid: str) -> None:
        event = drafted(self._draft(entry), self._calendar, now=self._now, uid=uid)
        event = replace(event, sequence=max(0, min(int(entry.get("SEQUENCE", 0)), 2**31 - 1)))
        if "RECURRENCE-ID" not in entry:
            self._masters[uid] = event
            return
        named = _when(entry["RECURRENCE-ID"])
        if (master := self._masters.get(uid)) is None:
            # Of an event that others keep to themselves: it stands alone.
            alone = f"{uid}#{named}"
            self._masters[alone] = replace(event, uid=alone)
            return
        start = on_clock(named, master.zone)
        name = text_of(midnight(start.date()) if master.all_day else start)
        self._changed.setdefault(uid, {})[name] = replace(event, master_id=master.id, occurrence=name)

    def _draft(self, entry: Any) -> EventDraft:
        start = _when(entry["DTSTART"])
        zone = _zone(entry["DTSTART"].dt) or self._calendar.zone
        rules = entry.get("RRULE")
        if isinstance(rules, list):
            raise EventUnreadable("An event has one rule at most.")
        rule = rules.to_ical().decode() if rules is not None else None
        if rule is not None:
            if isinstance(start, datetime) and start.tzinfo and _zone(start) is None:
                raise UnknownZone("An event recurs in a zone that nobody knows.")
            self._counted += int(str(rules.get("COUNT", [0])[0]))
            if self._counted > _MOST_COUNTED:
                raise CalendarFileTooBig("The rules of this file count too far.", most=_MOST_COUNTED)
        return EventDraft.model_validate(
            {
                "title": shortened(" ".join(str(entry.get("SUMMARY", "")).split()), 500) or "(no title)",
                "start": start,
                "end": _end(entry, start),
                "zone": zone,
                "place": shortened(str(entry.get("LOCATION", "")), 1_000),
                "description": shortened(str(entry.get("DESCRIPTION", "")), 20_000),
                "attendees": list(_attendees(entry)),
                "busy": _busy(entry, start),
                "rule": rule,
                "except_starts": [_same_kind(one, start) for one in _times(entry, "EXDATE")],
                "extra_starts": [_same_kind(one, start) for one in _times(entry, "RDATE")],
            }
        )


def _refuse_bomb(text: str) -> None:
    """What is costly to read is known by its lines."""
    level = deepest = events = length = 0
    lines = text.splitlines()
    if len(lines) > _MOST_LINES:
        raise CalendarFileTooBig(f"A file has at most {_MOST_LINES:,} lines.", most=_MOST_LINES)
    for line in lines:
        length = length + len(line) if line[:1] in (" ", "\t") else len(line)
        if length > _MOST_LINE_CHARACTERS:
            raise CalendarFileTooBig("A line of the file is too long.", most=_MOST_LINE_CHARACTERS)
        word = line[:12].strip().upper()
        if word.startswith("BEGIN:"):
            level += 1
            deepest = max(deepest, level)
            events += word == "BEGIN:VEVENT"
        elif word.startswith("END:"):
            level -= 1
    if level:
        raise NotACalendar("The file is cut off, or something in it is not ended.")
    if deepest > _MOST_LEVELS or events > MOST_EVENTS:
        raise CalendarFileTooBig(
            f"A file has at most {MOST_EVENTS:,} events, and {_MOST_LEVELS} levels.", events=events, levels=deepest
        )


def _when(value: Any) -> When:
    """A day, or a time with its zone, or without one."""
    named = value.params.get("TZID")
    moment = value.dt
    if not isinstance(moment, datetime):
        if not isinstance(moment, date):
            raise EventUnreadable("An event has a time that is none.")
        return moment
    if moment.tzinfo is None and named:
        raise UnknownZone("An event is in a zone that nobody knows.", zone=str(named)[:100])
    return moment


def _zone(moment: Any) -> str | None:
    """The name of a time's zone, if it is one that everybody knows."""
    key = getattr(getattr(moment, "tzinfo", None), "key", None)
    return str(key) if key else "UTC" if getattr(moment, "tzinfo", None) is UTC else None


def _end(entry: Any, start: When) -> When | None:
    if "DTEND" in entry:
        end = _when(entry["DTEND"])
        # An event without any length is shown for a minute: nothing happens in no time.
        return end if end != start else start + timedelta(days=0 if isinstance(start, datetime) else 1, minutes=1)
    if "DURATION" not in entry:
        return None if not isinstance(start, datetime) else start + timedelta(minutes=1)
    lasts: timedelta = entry["DURATION"].dt
    if isinstance(start, datetime):
        return start + (lasts if lasts != timedelta() else timedelta(minutes=1))
    return start + timedelta(days=max(1, lasts.days))


def _times(entry: Any, name: str) -> Iterator[When]:
    values = entry.get(name)
    for value in values if isinstance(values, list) else [values] if values is not None else []:
        for one in value.dts:
            moment = one.dt[0] if isinstance(one.dt, tuple) else one.dt
            yield moment


def _same_kind(one: When, start: When) -> When:
    """Of an event of whole days, days; whatever was written."""
    return one.date() if isinstance(one, datetime) and not isinstance(start, datetime) else one


def _busy(entry: Any, start: When) -> bool:
    if str(entry.get("STATUS", "")).upper() == "CANCELLED":
        return False
    if "TRANSP" in entry:
        return str(entry["TRANSP"]).upper() != "TRANSPARENT"
    return isinstance(start, datetime)


def _attendees(entry: Any) -> Iterator[dict[str, str]]:
    """Those who can be written to, as far as they fit."""
    values = entry.get("ATTENDEE")
    known = {"accepted", "declined", "tentative"}
    for value in (values if isinstance(values, list) else [values] if values is not None else [])[:MOST_ATTENDEES]:
        email = str(value).strip().removeprefix("mailto:").removeprefix("MAILTO:")
        if "@" in email.strip("@") and not any(map(str.isspace, email)) and len(email) <= 254:  # noqa: PLR2004 -- an address's
            status = str(value.params.get("PARTSTAT", "")).lower()
            name = shortened(str(value.params.get("CN", "")), 200)
            yield {"email": email, "name": name, "status": status if status in known else "needs-action"}
