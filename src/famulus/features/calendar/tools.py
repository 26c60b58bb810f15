"""What an assistant can do with calendars."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pydantic import Field

from famulus.agent.tools import OTHERS_WROTE, Arguments, ToolContext, tool
from famulus.features.calendar import free
from famulus.features.calendar.events import Events
from famulus.features.calendar.expansion import Span, occurrence_of, occurrences
from famulus.features.calendar.records import Event, Occurrence, Scope
from famulus.features.calendar.schemas import EventDraft, EventPatch, Which
from famulus.features.calendar.service import Calendars
from famulus.features.calendar.times import instant, midnight, wall
from famulus.kit.schemas import Day

_MOST_LISTED = 100
_MOST_OVERLAPS = 5


class Days(Arguments):
    """Which days."""

    first_day: Day
    """The first day, such as 2026-11-27, in the user's zone."""
    last_day: Day | None = None
    """The last day; the first if left out."""
    text: str = Field("", max_length=200)
    """Only what has all of these words in its title, place or description."""


class NewEvent(EventDraft, Arguments):
    """A new event."""


class OneEvent(Arguments):
    """One event, or one of its occurrences."""

    event_id: str
    """The event's id, as `find_events` shows it."""
    occurrence: Which | None = None
    """For an event that recurs: which occurrence, by its name as `find_events` shows it; all of it if left out."""
    scope: Scope = "this"
    """With an occurrence: this one, or this and all that follow, or all."""


class Move(OneEvent):
    """When an event is to be instead."""

    start: datetime | date
    """The new beginning: 2026-11-27T12:30 in the zone of the event, or 2026-11-27 for whole days."""
    end: datetime | date | None = None
    """The new end; as long after the beginning as before if left out."""


class EventChange(EventPatch, Arguments):
    """Changes to an event, or to some of its occurrences."""

    event_id: str
    """The event's id, as `find_events` shows it."""


class Free(Arguments):
    """What time is looked for."""

    first_day: Day
    last_day: Day | None = None
    """The last day; six days after the first if left out."""
    minutes: int = Field(60, ge=5, le=24 * 60)
    """How long it has to be."""
    day_begins: time = time(9)
    day_ends: time = time(17)
    with_weekend: bool = False


def _events(context: ToolContext) -> Events:
    return Events(context.transaction, context.user_id, zone=context.zone, now=lambda: context.now)


@tool(transactional=True)
async def find_events(context: ToolContext, arguments: Days) -> str:
    """Find what is in the user's calendars on some days; all of it, or what has some words in it."""
    span = _span(context.zone, arguments.first_day, arguments.last_day or arguments.first_day)
    found = occurrences(await _events(context).within(span), span)
    words = arguments.text.casefold().split()
    found = [one for one in found if all(word in one.event.words for word in words)]
    shown = found[:_MOST_LISTED]
    lines = [*await _from_elsewhere(context, shown), *(_line(one, context.zone) for one in shown)]
    if len(found) > _MOST_LISTED:
        lines.append(f"… and {len(found) - _MOST_LISTED} more.")
    return "\n".join(lines) or f"Nothing is in the calendar {_days(arguments)}."


@tool(transactional=True)
async def create_event(context: ToolContext, arguments: NewEvent) -> str:
    """Put an event into the user's calendar: once, or recurring by an RRULE such as FREQ=WEEKLY;BYDAY=MO.

    Times without an offset are on the wall clock of the user. Resolve words such as "tomorrow" to a date first.
    """
    draft = arguments if arguments.zone else arguments.model_copy(update={"zone": context.zone})
    event = await _events(context).add(draft)
    return await _told(context, "Added", event)


@tool(transactional=True)
async def move_event(context: ToolContext, arguments: Move) -> str:
    """Move an event, or one of its occurrences, to another time."""
    sent = arguments.model_dump(include=arguments.model_fields_set - {"event_id"})
    event = await _events(context).change(arguments.event_id, EventPatch.model_validate(sent))
    return await _told(context, "Moved", event)


@tool(transactional=True)
async def change_event(context: ToolContext, arguments: EventChange) -> str:
    """Change an event's title, place, description, people or rule; of all of it, or of some occurrences."""
    sent = arguments.model_dump(include=arguments.model_fields_set - {"event_id"})
    event = await _events(context).change(arguments.event_id, EventPatch.model_validate(sent))
    return await _told(context, "Changed", event)


@tool(transactional=True)
async def cancel_event(context: ToolContext, arguments: OneEvent) -> str:
    """Cancel an event, or some of its occurrences, for good; only when the user asks for it."""
    event = await _events(context).find(arguments.event_id)
    await _events(context).cancel(arguments.event_id, occurrence=arguments.occurrence, scope=arguments.scope)
    if arguments.occurrence is None or arguments.scope == "all":
        return f"Cancelled “{event.title}”."
    when = _when(occurrence_of(event, wall(arguments.occurrence), context.zone), context.zone)
    return f"Cancelled “{event.title}” {when}{' and all that follow' if arguments.scope == 'following' else ''}."


@tool(transactional=True)
async def find_free_time(context: ToolContext, arguments: Free) -> str:
    """Find when the user has time: within working hours, on weekdays unless the weekend is asked for."""
    last = arguments.last_day or arguments.first_day + timedelta(days=6)
    span = _span(context.zone, arguments.first_day, last)
    weekdays = frozenset(range(7 if arguments.with_weekend else 5))
    hours = free.Hours(arguments.day_begins, arguments.day_ends, weekdays, context.zone)
    found = occurrences(await _events(context).within(span), span)
    # What is over is no free time.
    first = max(span.first, context.now)
    gaps = free.free_times(found, hours, first, span.end, timedelta(minutes=arguments.minutes))
    return "\n".join(f"- {_range(*gap, context.zone)}" for gap in gaps[:_MOST_LISTED]) or "There is no such free time."


async def _told(context: ToolContext, done: str, event: Event) -> str:
    """What was done, when that is where the person lives, and what it overlaps with."""
    one = occurrence_of(event, wall(event.start), context.zone)
    recurs = f" (recurs: {event.rule})" if event.rule else ""
    said = f"{done} “{event.title}” ({event.id}) {_when(one, context.zone)}{recurs}."
    span = Span(one.from_at, max(one.until_at, one.from_at + timedelta(minutes=1)), context.zone)
    if not event.busy:
        return said
    near = occurrences(await _events(context).within(span), span)
    others = [other for other in near if other.event.busy and other.event.id != event.id][:_MOST_OVERLAPS]
    overlaps = [f"It overlaps with {_line(other, context.zone)[2:]}" for other in others]
    return "\n".join([said, *await _from_elsewhere(context, others), *overlaps])


async def _from_elsewhere(context: ToolContext, shown: Sequence[Occurrence]) -> list[str]:
    """A word of warning where some of what is shown was written by whoever keeps the calendar."""
    elsewhere = await Calendars(context.transaction, context.user_id).elsewhere()
    return [OTHERS_WROTE] if any(one.event.calendar_id in elsewhere for one in shown) else []


def _span(zone: str, first: date, last: date) -> Span:
    begin, end = (instant(midnight(day), zone) for day in (first, min(last, date.max - timedelta(2)) + timedelta(1)))
    return Span(begin, end, zone).checked()


def _line(one: Occurrence, zone: str) -> str:
    place = f", {one.event.place}" if one.event.place else ""
    recurs = f", occurrence {one.name}" if one.event.recurs else ""
    return f"- {_when(one, zone).removeprefix('on ')}: {one.event.title}{place} ({one.event.id}{recurs})"


def _when(one: Occurrence, zone: str) -> str:
    if not one.event.all_day:
        return f"on {_range(one.from_at, one.until_at, zone)}"
    last = one.end - timedelta(days=1)
    return f"on {one.start:%A, %d %B %Y}" + ("" if last == one.start else f", to {last:%A, %d %B %Y}")


def _range(begin: datetime, end: datetime, zone: str) -> str:
    first, last = (moment.astimezone(ZoneInfo(zone)) for moment in (begin, end))
    until = f"{last:%H:%M}" if first.date() == last.date() else f"{last:%A, %d %B %Y, %H:%M}"
    return f"{first:%A, %d %B %Y, %H:%M} to {until} ({zone})"


def _days(days: Days) -> str:
    if days.last_day in (None, days.first_day):
        return f"on {days.first_day:%A, %d %B %Y}"
    return f"from {days.first_day:%A, %d %B %Y} to {days.last_day:%A, %d %B %Y}"


TOOLS = (find_events, create_event, move_event, change_event, cancel_event, find_free_time)
