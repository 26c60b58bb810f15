"""What clients say about reminders, and what they get to see."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, StrictBool, StringConstraints, model_validator

from famulus.features.reminders.records import Kind, Missed, Occurrence, Reminder, State
from famulus.kit.records import columns_of
from famulus.kit.schemas import Draft, Instant, Text, Time, View, Zone

_LONGEST_DELAY_SECONDS = 10 * 366 * 86_400


def _not_a_number(given: object) -> object:
    if isinstance(given, (int, float)):
        raise ValueError("is a time as text, such as 2026-11-21T09:00")  # noqa: TRY004 -- what validators raise
    return given


Line = Annotated[Text, StringConstraints(strip_whitespace=True, min_length=1), Field(max_length=200)]
LocalOrInstant = Annotated[datetime, BeforeValidator(_not_a_number)]
"""A time with an offset, or without one: then it is meant by the clock of the reminder's zone."""


class Once(Draft):
    """Once, at a time."""

    kind: Literal["once"] = "once"
    at: LocalOrInstant
    """With an offset, or by the clock of the reminder's zone."""


class Delay(Draft):
    """Once, after a while."""

    kind: Literal["delay"]
    seconds: Annotated[int, Field(ge=1, le=_LONGEST_DELAY_SECONDS)]


class Cron(Draft):
    """Again and again, by a cron expression of five fields."""

    kind: Literal["cron"]
    expression: Annotated[Text, Field(max_length=200)]


class RRule(Draft):
    """Again and again, by a rule of RFC 5545."""

    kind: Literal["rrule"]
    rule: Annotated[Text, Field(max_length=500)]
    """For example FREQ=WEEKLY;INTERVAL=2;BYDAY=FR."""
    begins: LocalOrInstant | None = None
    """When it begins, which says the time of day; now, without one."""


class Phrase(Draft):
    """In plain words."""

    kind: Literal["phrase"]
    text: Annotated[Text, Field(min_length=1, max_length=200)]
    """For example `tomorrow at 9`, `in 10 minutes`, `every other Friday at 14:00`."""


Schedule = Annotated[Once | Delay | Cron | RRule | Phrase, Field(discriminator="kind")]


class Timed(Draft):
    """When something is due."""

    schedule: Schedule
    zone: Zone | None = None
    """The time zone that is meant; one's own, without one."""
    stop_after: Instant | None = None
    """Nothing is due after it. Without an end, a reminder that repeats stops after half a year."""
    max_occurrences: Annotated[int, Field(ge=1, le=10_000)] | None = None


class ReminderDraft(Timed):
    """A new reminder."""

    title: Line
    note: Annotated[Text, Field(max_length=4_000)] = ""
    floating: StrictBool = False
    """Whether it keeps its local time when the person's zone changes, and not the zone."""
    missed: Missed = "coalesce"
    """What was due while nothing ran: `coalesce` says the last of it, late; `skip` nothing; `all` everything."""
    max_lateness_seconds: Annotated[int, Field(ge=0, le=30 * 86_400)] | None = None
    """How late something may still be said; a day, without one."""
    urgent: StrictBool = False
    """Whether it may disturb in quiet hours."""
    prompt: Annotated[Text, Field(min_length=1, max_length=4_000)] | None = None
    """What an assistant is asked each time, in a conversation of its own."""


class ReminderPatch(Draft):
    """Changes to a reminder; what is left out stays. A new schedule begins anew, also when the reminder was over."""

    title: Line | None = None
    note: Annotated[Text, Field(max_length=4_000)] | None = None
    urgent: StrictBool | None = None
    missed: Missed | None = None
    prompt: Annotated[Text, Field(min_length=1, max_length=4_000)] | None = None
    timed: Timed | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("nothing is to be changed")
        return self


class Snooze(Draft):
    """When to say it again: after a while, or at a time."""

    minutes: Annotated[int, Field(ge=1, le=7 * 24 * 60)] | None = None
    until: Instant | None = None

    @model_validator(mode="after")
    def _is_one_of_the_two(self) -> Self:
        if (self.minutes is None) == (self.until is None):
            raise ValueError("say `minutes` or `until`")
        return self


class ReminderView(View):
    """A reminder."""

    id: str
    title: str
    note: str
    state: State
    kind: Kind
    rule: str
    begins: str
    zone: str
    floating: bool
    stop_after: Time | None
    stops_by_default: bool
    max_occurrences: int | None
    occurred: int
    missed: Missed
    max_lateness_seconds: int
    urgent: bool
    prompt: str | None
    about_kind: str | None
    about_id: str | None
    next_at: Time | None
    next_local: str | None
    """The same by the clock of the reminder's zone."""
    snoozed_until: Time | None
    last_fired_at: Time | None
    created_at: Time
    updated_at: Time

    @classmethod
    def of(cls, reminder: Reminder, next_local: str | None) -> "ReminderView":
        """The reminder, as its owner sees it."""
        return cls.model_validate(columns_of(reminder) | {"next_local": next_local})


class OccurrenceView(View):
    """One time at which a reminder was due."""

    id: str
    reminder_id: str
    due_at: Time
    state: Literal["fired", "missed"]
    late_by_seconds: int | None
    notification_id: str | None
    created_at: Time

    @classmethod
    def of(cls, occurrence: Occurrence) -> "OccurrenceView":
        """The occurrence, as its owner sees it."""
        return cls.model_validate(columns_of(occurrence))


class Preview(View):
    """What a schedule comes to."""

    kind: Kind
    rule: str
    zone: str
    next: list[Time]
    next_local: list[str]
