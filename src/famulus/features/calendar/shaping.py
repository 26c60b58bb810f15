"""From what somebody sends to an event as it is kept: one clock, one zone, and the instants between which it lies."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from famulus.features.calendar.errors import EndsBeforeStart, EventTooLong, InvalidTime
from famulus.features.calendar.records import Calendar, Event
from famulus.features.calendar.rules import Rule
from famulus.features.calendar.schemas import EventDraft, EventPatch, When, shown_rule
from famulus.features.calendar.times import checked, instant, local, midnight, text_of, wall
from famulus.kit.ids import new_id

MOST_DURATION_DAYS = 400
_DAY_SECONDS = 86_400
_PLAIN_FIELDS = ("title", "place", "description", "busy")


def drafted(draft: EventDraft, calendar: Calendar, *, now: datetime, uid: str | None = None) -> Event:
    """A new event."""
    event_id = new_id("event")
    zone = draft.zone or calendar.zone
    all_day = not isinstance(draft.start, datetime)
    start = on_clock(draft.start, zone)
    event = Event(
        id=event_id, user_id=calendar.user_id, calendar_id=calendar.id, uid=uid or f"{event_id}@famulus",
        master_id=None, occurrence=None, title=draft.title, description=draft.description, place=draft.place,
        attendees=[attendee.model_dump() for attendee in draft.attendees],
        busy=not all_day if draft.busy is None else draft.busy, all_day=all_day, start=text_of(start),
        duration_seconds=_duration(draft.start, draft.end, zone), zone=zone, rule=draft.rule,
        except_starts=_starts(draft.except_starts, zone), extra_starts=_starts(draft.extra_starts, zone),
        first_at=now, last_at=None, words="", sequence=0, created_at=now, updated_at=now,
    )  # fmt: skip
    return settled(event)


def patched(event: Event, patch: EventPatch, *, now: datetime) -> Event:
    """The event with what the patch names; a start without an end keeps how long it lasts."""
    sent = patch.model_fields_set
    zone = patch.zone or event.zone
    changes: dict[str, Any] = {
        name: value for name in _PLAIN_FIELDS if name in sent and (value := getattr(patch, name)) is not None
    }
    if patch.attendees is not None:
        changes["attendees"] = [attendee.model_dump() for attendee in patch.attendees]
    if "rule" in sent:
        changes["rule"] = patch.rule
    for name in ("except_starts", "extra_starts"):
        if (given := getattr(patch, name)) is not None:
            changes[name] = _starts(given, zone)
    begins: When = patch.start or _when(event)
    if patch.start is not None:
        changes |= {"start": text_of(on_clock(begins, zone)), "all_day": not isinstance(begins, datetime)}
    if patch.end is not None:
        changes["duration_seconds"] = _duration(begins, patch.end, zone)
    elif changes.get("all_day", event.all_day) != event.all_day:
        changes["duration_seconds"] = _duration(begins, None, zone)
    fresh: dict[str, Any] = {"zone": zone, "sequence": event.sequence + 1, "updated_at": now}
    return settled(replace(event, **changes | fresh))


def settled(event: Event) -> Event:
    """The event with what follows from the rest: its rule as it is kept, its span, the words by which it is found."""
    start = checked(wall(event.start))
    shown = shown_rule(event.rule)
    rule = Rule.parsed(shown, start, event.zone) if shown else None
    begins = [start, *(checked(wall(extra)) for extra in event.extra_starts)]
    lasts = timedelta(seconds=event.duration_seconds)
    last = None
    if rule is None or rule.until:
        last = instant(max([*begins, rule.until] if rule and rule.until else begins), event.zone) + lasts
    words = f"{event.title}\n{event.place}\n{event.description}".casefold()
    return replace(
        event,
        rule=rule.text if rule else None,
        first_at=instant(min(begins), event.zone),
        last_at=last,
        words=words,
    )


def one_of(event: Event, start: datetime, *, now: datetime) -> Event:
    """One occurrence of an event, as an event of its own that takes its place."""
    alone = replace(
        event, id=new_id("event"), master_id=event.id, occurrence=text_of(start), start=text_of(start), rule=None,
        except_starts=[], extra_starts=[], created_at=now, updated_at=now,
    )  # fmt: skip
    return settled(alone)


def on_clock(when: When, zone: str) -> datetime:
    """What a wall clock of the zone shows."""
    if not isinstance(when, datetime):
        return checked(midnight(when))
    checked(when)
    return checked(local(when, zone) if when.tzinfo else when)


def moved(starts: list[str], by: timedelta) -> list[str]:
    """Starts, as much later."""
    return [text_of(wall(start) + by) for start in starts]


def _when(event: Event) -> datetime | date:
    start = wall(event.start)
    return start.date() if event.all_day else start


def _starts(given: list[When], zone: str) -> list[str]:
    return sorted({text_of(on_clock(one, zone)) for one in given})


def _duration(start: When, end: When | None, zone: str) -> int:
    """In seconds by a stop watch; for whole days, as many days of 86,400."""
    if end is None:
        return 3_600 if isinstance(start, datetime) else _DAY_SECONDS
    if isinstance(start, datetime) is not isinstance(end, datetime):
        raise InvalidTime("An event begins and ends with a day, or begins and ends with a time.")
    begins, ends = on_clock(start, zone), on_clock(end, zone)
    lasts = instant(ends, zone) - instant(begins, zone) if isinstance(start, datetime) else ends - begins
    if lasts <= timedelta():
        raise EndsBeforeStart("An event ends after it begins.", start=str(start), end=str(end))
    if lasts.days > MOST_DURATION_DAYS:
        raise EventTooLong(f"An event has at most {MOST_DURATION_DAYS} days.", most_days=MOST_DURATION_DAYS)
    return int(lasts.total_seconds())
