"""From events to iCalendar files (RFC 5545), as other calendars read them."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Calendar as Component
from icalendar import Event as EventComponent
from icalendar import vCalAddress, vRecur, vText

from famulus.features.calendar.records import Event
from famulus.features.calendar.schemas import shown_rule
from famulus.features.calendar.times import instant, wall

_OURS = "-//Famulus//Famulus//EN"
# What is written anew; whatever else another calendar has put into its event stays there.
_WRITTEN = (
    *("UID", "SUMMARY", "DESCRIPTION", "LOCATION", "DTSTART", "DTEND", "DURATION", "RRULE", "EXDATE", "RDATE"),
    *("RECURRENCE-ID", "ATTENDEE", "TRANSP", "SEQUENCE", "DTSTAMP", "LAST-MODIFIED", "CREATED"),
)


def written(events: Iterable[Event], *, name: str | None = None, onto: str | None = None) -> bytes:
    """A file of events with their changed occurrences; `onto` is what another calendar has written of them."""
    kept = _kept(onto)
    calendar = Component()
    calendar.add("PRODID", _OURS)
    calendar.add("VERSION", "2.0")
    if name is not None:
        calendar.add("X-WR-CALNAME", name)
    events = list(events)
    masters = {event.id: event for event in events if event.master_id is None}
    for event in events:
        entry = _entry(event, masters.get(event.master_id or ""), kept.get(event.occurrence or "", EventComponent()))
        calendar.add_component(entry)
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())


def fingerprint(events: Iterable[Event]) -> str:
    """The same for the same events, whenever and however often they were written."""
    told = sorted(
        repr(
            (
                *(event.uid, event.occurrence, event.title, event.description, event.place, event.attendees),
                *(event.busy, event.all_day, event.start, event.duration_seconds, event.zone),
                *(shown_rule(event.rule), sorted(event.except_starts), sorted(event.extra_starts)),
            )
        )
        for event in events
    )
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def _kept(text: str | None) -> dict[str, EventComponent]:
    """What another calendar says of an event beside what is written here; its changed occurrences are told apart."""
    if text is None:
        return {}
    kept: dict[str, EventComponent] = {}
    for entry in Component.from_ical(text).walk("VEVENT"):
        if isinstance(entry, EventComponent) and "RECURRENCE-ID" not in entry:
            for property_name in _WRITTEN:
                entry.pop(property_name, None)
            kept[""] = entry
    return kept


def _entry(event: Event, master: Event | None, entry: EventComponent) -> EventComponent:
    start = wall(event.start)
    entry.add("UID", event.uid)
    entry.add("DTSTAMP", event.updated_at)
    entry.add("CREATED", event.created_at)
    entry.add("LAST-MODIFIED", event.updated_at)
    entry.add("SEQUENCE", event.sequence)
    entry.add("SUMMARY", event.title)
    for name, text in (("DESCRIPTION", event.description), ("LOCATION", event.place)):
        if text:
            entry.add(name, text)
    lasts = timedelta(seconds=event.duration_seconds)
    if event.all_day:
        entry.add("DTSTART", start.date())
        entry.add("DTEND", (start + lasts).date())
    else:
        begins = _zoned(start, event.zone)
        entry.add("DTSTART", begins)
        entry.add("DTEND", (instant(start, event.zone) + lasts).astimezone(begins.tzinfo))
    entry.add("TRANSP", "OPAQUE" if event.busy else "TRANSPARENT")
    if event.rule:
        entry.add("RRULE", vRecur.from_ical(_rule(event)))
    for name, starts in (("EXDATE", event.except_starts), ("RDATE", event.extra_starts)):
        for one in starts:
            entry.add(name, _start(event, one))
    if event.occurrence and master:
        entry.add("RECURRENCE-ID", _start(master, event.occurrence))
    for attendee in event.attendees:
        entry.add("ATTENDEE", _attendee(attendee), encode=False)
    return entry


def _start(event: Event, start: str) -> Any:
    return wall(start).date() if event.all_day else _zoned(wall(start), event.zone)


def _zoned(start: datetime, zone: str) -> datetime:
    # In UTC it is written with a Z, and needs no zone to be described.
    return start.replace(tzinfo=UTC if zone == "UTC" else ZoneInfo(zone))


def _rule(event: Event) -> str:
    """The end of a rule is written as an instant; of whole days, as a day."""
    parts = []
    for part in (shown_rule(event.rule) or "").split(";"):
        name, _, value = part.partition("=")
        if name == "UNTIL":
            end = datetime.strptime(value, "%Y%m%dT%H%M%S")  # noqa: DTZ007 -- a wall clock's
            value = f"{end:%Y%m%d}" if event.all_day else f"{instant(end, event.zone):%Y%m%dT%H%M%SZ}"
        parts.append(f"{name}={value}")
    return ";".join(parts)


def _attendee(attendee: dict[str, Any]) -> vCalAddress:
    address = vCalAddress(f"mailto:{attendee['email']}")
    address.params["PARTSTAT"] = vText(attendee["status"].upper())
    if attendee["name"]:
        address.params["CN"] = vText(attendee["name"])
    return address
