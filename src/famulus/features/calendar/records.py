"""Rows as objects; a field is named as its column, and stands in its order."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

Kind = Literal["own", "subscription", "caldav"]
Scope = Literal["this", "following", "all"]


@dataclass(frozen=True, slots=True)
class Calendar:
    """A set of events."""

    id: str
    user_id: str
    name: str
    kind: Kind
    zone: str
    is_default: bool
    feed_hash: str | None
    created_at: datetime
    updated_at: datetime

    @property
    def is_read_only(self) -> bool:
        """Whether its events are somebody else's to change."""
        return self.kind == "subscription"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens, once or again and again; or one occurrence that was changed."""

    id: str
    user_id: str
    calendar_id: str
    uid: str
    master_id: str | None
    occurrence: str | None
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
    first_at: datetime
    last_at: datetime | None
    words: str
    sequence: int
    created_at: datetime
    updated_at: datetime

    @property
    def recurs(self) -> bool:
        """Whether it happens more than once."""
        return self.rule is not None or bool(self.extra_starts)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time that an event happens; whole days are days, and no instants."""

    event: Event
    name: str
    """Which occurrence: when it begins, or would have begun if it was changed, on the wall clock of the event."""
    start: datetime | date
    end: datetime | date
    from_at: datetime
    """When it begins for whoever asks."""
    until_at: datetime


@dataclass(frozen=True, slots=True)
class Source:
    """Where a calendar comes from that is kept elsewhere, and what came of asking there."""

    calendar_id: str
    user_id: str
    sealed: str
    etag: str | None
    failures: int
    problem: str | None
    job_id: str | None
    read_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class RemoteEvent:
    """An event on a CalDAV server, as both sides had it when they were last alike."""

    calendar_id: str
    uid: str
    user_id: str
    href: str
    etag: str
    fingerprint: str
