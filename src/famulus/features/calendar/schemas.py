"""What clients send and see of calendars."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    StrictBool,
    StringConstraints,
    WithJsonSchema,
)

from famulus.features.calendar.records import Calendar, Event, Kind, Occurrence, Scope, Source
from famulus.kit.clock import iso
from famulus.kit.schemas import Draft, Text, Time, View, Zone

MOST_AT_ONCE = 100
MOST_ATTENDEES = 200
MOST_EXCEPTIONS = 1_000
_DAY_LENGTH = len("2026-11-21")


def _when(given: object) -> object:
    """A day, a wall-clock time, or a time with its offset, as text."""
    if isinstance(given, str):
        try:
            return date.fromisoformat(given) if len(given) == _DAY_LENGTH else datetime.fromisoformat(given)
        except ValueError:
            pass
    elif isinstance(given, date):
        return given
    raise ValueError("is a day or a time, such as 2026-11-27, 2026-11-27T12:30 or 2026-11-27T11:30:00Z")


def _address(text: str) -> str:
    if "@" not in text.strip("@") or any(character.isspace() for character in text):
        raise ValueError("this is no e-mail address")
    return text


When = Annotated[
    datetime | date,
    BeforeValidator(_when),
    WithJsonSchema({"type": "string", "examples": ["2026-11-27", "2026-11-27T12:30", "2026-11-27T11:30:00Z"]}),
]
"""A day, a time on the wall clock of the event's zone, or a time with its offset."""
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Place = Annotated[Text, Field(max_length=1_000)]
Description = Annotated[Text, Field(max_length=20_000)]
Rule = Annotated[str, StringConstraints(strip_whitespace=True, min_length=6, max_length=500)]
Reference = Annotated[str, Field(min_length=1, max_length=100)]
Which = Annotated[str, Field(min_length=10, max_length=19)]


class CalendarDraft(Draft):
    """A new calendar."""

    name: Name
    zone: Zone | None = None
    """The zone of times that name none; one's own if left out."""


class CalendarPatch(Draft):
    """Changes to a calendar; what is left out stays."""

    name: Name | None = None
    zone: Zone | None = None


class Attendee(Draft):
    """Somebody who takes part."""

    email: Annotated[str, StringConstraints(strip_whitespace=True, max_length=254), AfterValidator(_address)]
    name: Annotated[Text, Field(max_length=200)] = ""
    status: Literal["needs-action", "accepted", "declined", "tentative"] = "needs-action"


class EventDraft(Draft):
    """A new event."""

    title: Title
    start: When
    """When it begins: a day such as 2026-11-27 for whole days, or a time such as 2026-11-27T12:30."""
    end: When | None = None
    """When it ends; of whole days, the day after the last. An hour or a day after its start if left out."""
    zone: Zone | None = None
    """The IANA zone of its wall-clock times; that of the calendar if left out."""
    place: Place = ""
    description: Description = ""
    attendees: list[Attendee] = Field(default_factory=list, max_length=MOST_ATTENDEES)
    busy: StrictBool | None = None
    """Whether it takes up one's time; whole days do not unless it says so."""
    rule: Rule | None = None
    """How it recurs, such as FREQ=WEEKLY;BYDAY=MO,WE;COUNT=10."""
    except_starts: list[When] = Field(default_factory=list, max_length=MOST_EXCEPTIONS)
    """Starts by the rule at which it does not happen."""
    extra_starts: list[When] = Field(default_factory=list, max_length=MOST_EXCEPTIONS)
    """Starts beside those by the rule."""
    calendar_id: Reference | None = None
    """The calendar that it goes into; one's default calendar if left out."""


class EventPatch(Draft):
    """Changes to an event; what is left out stays. A start without an end keeps how long it lasts."""

    title: Title | None = None
    start: When | None = None
    end: When | None = None
    zone: Zone | None = None
    place: Place | None = None
    description: Description | None = None
    attendees: list[Attendee] | None = Field(default=None, max_length=MOST_ATTENDEES)
    busy: StrictBool | None = None
    rule: Rule | None = None
    """How it recurs; null for not at all."""
    except_starts: list[When] | None = Field(default=None, max_length=MOST_EXCEPTIONS)
    extra_starts: list[When] | None = Field(default=None, max_length=MOST_EXCEPTIONS)
    occurrence: Which | None = None
    """Which occurrence of an event that recurs is meant, by its name; the whole event if left out."""
    scope: Scope = "this"
    """With an occurrence: whether this one is changed, or this and all that follow, or all of them."""


class Created(Draft):
    """An event to be made."""

    action: Literal["create"]
    event: EventDraft


class Updated(Draft):
    """An event to be changed."""

    action: Literal["update"]
    event_id: Reference
    change: EventPatch


class Deleted(Draft):
    """An event to be deleted, or occurrences of it."""

    action: Literal["delete"]
    event_id: Reference
    occurrence: Which | None = None
    scope: Scope = "this"


class Batch(Draft):
    """Several things to be done, one after the other; each succeeds or fails by itself."""

    items: list[Annotated[Created | Updated | Deleted, Field(discriminator="action")]] = Field(
        min_length=1, max_length=MOST_AT_ONCE
    )


class ImportDraft(Draft):
    """An iCalendar file."""

    ics: Annotated[str, Field(min_length=1, max_length=2_000_000)]
    """Its text."""


class ImportView(View):
    """How many events were taken from a file."""

    added: int
    changed: int
    unchanged: int


class FeedView(View):
    """The secret address of a calendar."""

    url: str


class SubscriptionDraft(Draft):
    """A calendar that somebody else serves as a file."""

    name: Name
    url: Annotated[str, StringConstraints(strip_whitespace=True, min_length=8, max_length=2_000)]
    """Where: https://, http:// or webcal://."""
    zone: Zone | None = None


class ConnectionDraft(Draft):
    """A calendar on a CalDAV server."""

    name: Name
    url: Annotated[str, StringConstraints(strip_whitespace=True, min_length=8, max_length=2_000)]
    """The address of the calendar itself."""
    username: Annotated[str, Field(min_length=1, max_length=200, pattern="^[^:]*$")]
    password: Annotated[SecretStr, Field(min_length=1, max_length=1_000)]
    zone: Zone | None = None


class SourceView(View):
    """How it stands with a calendar that is kept elsewhere."""

    object: Literal["calendar.source"] = "calendar.source"
    calendar_id: str
    read_at: Time | None = None
    """When it was read last; a calendar that is kept here never is."""
    failures: int = 0
    """How often in a row it could not be."""
    problem: str | None = None
    """Why not, the last time."""

    @classmethod
    def of(cls, calendar_id: str, source: Source | None) -> Self:
        return cls.model_validate(source, from_attributes=True) if source else cls(calendar_id=calendar_id)


class CalendarView(View):
    """A calendar."""

    id: str
    object: Literal["calendar"] = "calendar"
    name: str
    kind: Kind
    """`own`, `subscription` (read from elsewhere) or `caldav` (kept in step with elsewhere)."""
    zone: str
    is_default: bool
    has_feed: bool
    """Whether a secret address shows it to whoever knows that address."""
    created_at: Time
    updated_at: Time

    @classmethod
    def of(cls, calendar: Calendar) -> Self:
        fields = {name: getattr(calendar, name) for name in cls.model_fields if hasattr(calendar, name)}
        return cls(**fields, has_feed=calendar.feed_hash is not None)


class EventView(View):
    """An event: `start` and `end` are on the wall clock of its zone, or days."""

    id: str
    object: Literal["event"] = "event"
    calendar_id: str
    uid: str
    title: str
    description: str
    place: str
    attendees: list[dict[str, Any]]
    busy: bool
    all_day: bool
    start: str
    duration_seconds: int
    zone: str
    rule: str | None
    except_starts: list[str]
    extra_starts: list[str]
    occurrence: str | None
    """For one occurrence that was changed: which."""
    master_id: str | None
    created_at: Time
    updated_at: Time

    @classmethod
    def of(cls, event: Event) -> Self:
        fields = {name: getattr(event, name) for name in cls.model_fields if hasattr(event, name)}
        shown: dict[str, Any] = {"start": shown_start(event, event.start), "rule": shown_rule(event.rule)}
        for name in ("except_starts", "extra_starts"):
            shown[name] = [shown_start(event, start) for start in fields[name]]
        if event.occurrence:
            shown["occurrence"] = event.occurrence
        return cls(**fields | shown)


class OccurrenceView(View):
    """One time that an event happens."""

    object: Literal["event.occurrence"] = "event.occurrence"
    event_id: str
    calendar_id: str
    occurrence: str
    """Its name, by which it can be changed or cancelled alone."""
    title: str
    place: str
    all_day: bool
    busy: bool
    recurs: bool
    start: str
    """An instant in UTC; of whole days, the first."""
    end: str
    """An instant in UTC; of whole days, the day after the last."""
    zone: str

    @classmethod
    def of(cls, one: Occurrence) -> Self:
        event = one.event
        return cls(
            event_id=event.id,
            calendar_id=event.calendar_id,
            occurrence=one.name,
            title=event.title,
            place=event.place,
            all_day=event.all_day,
            busy=event.busy,
            recurs=event.recurs or event.master_id is not None,
            start=_shown(one.start),
            end=_shown(one.end),
            zone=event.zone,
        )


class ConflictView(View):
    """Two things at the same time."""

    first: OccurrenceView
    second: OccurrenceView


class FreeView(View):
    """A time in which nothing is to be done."""

    start: Time
    end: Time


class BatchErrorView(View):
    """Why an item failed."""

    code: str
    message: str


class BatchResultView(View):
    """What came of one item."""

    status: int
    """As if it had been sent alone."""
    event: EventView | None = None
    error: BatchErrorView | None = None


class BatchView(View):
    """What came of each item, in order."""

    results: list[BatchResultView]


class ConflictsView(View):
    """What overlaps."""

    conflicts: list[ConflictView]


class FreeTimeView(View):
    """Free times, in order."""

    free: list[FreeView]


def shown_start(event: Event, start: str) -> str:
    """A start on the wall clock; of whole days, the day."""
    return start[:_DAY_LENGTH] if event.all_day else start


def shown_rule(rule: str | None) -> str | None:
    """A rule as it was meant: a count stands without the end that it comes to."""
    if rule is None or "COUNT=" not in rule:
        return rule
    return ";".join(part for part in rule.split(";") if not part.startswith("UNTIL="))


def _shown(moment: datetime | date) -> str:
    return iso(moment) if isinstance(moment, datetime) else moment.isoformat()
