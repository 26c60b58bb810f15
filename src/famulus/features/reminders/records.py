"""The nouns, as rows have them; the fields of each stand in the order of its table's columns."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

State = Literal["active", "paused", "completed", "expired", "cancelled"]
Kind = Literal["once", "cron", "rrule"]
Missed = Literal["coalesce", "skip", "all"]


@dataclass(frozen=True, slots=True)
class Reminder:
    """Something to say, and when."""

    id: str
    user_id: str
    title: str
    note: str
    state: State
    kind: Kind
    rule: str
    begins: str
    at: datetime | None
    zone: str
    floating: bool
    stop_after: datetime | None
    stops_by_default: bool
    max_occurrences: int | None
    occurred: int
    missed: Missed
    max_lateness_seconds: int
    urgent: bool
    prompt: str | None
    about_kind: str | None
    about_id: str | None
    next_at: datetime | None
    snoozed_until: datetime | None
    wake_at: datetime | None
    last_fired_at: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time at which a reminder was due."""

    id: str
    user_id: str
    reminder_id: str
    due_at: datetime
    state: Literal["fired", "missed"]
    late_by_seconds: int | None
    notification_id: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class About:
    """What a reminder was made for, by another feature."""

    kind: str
    id: str
