"""What is noted, and the figures that are made of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from famulus.infra.hours import Bucket
from famulus.kit.facts import Value

SENT, ENDED, CALLED, IDENTIFIED = "message.sent", "run.ended", "tool.called", "person.identified"
"""What the server notes by itself."""
OURS = ("message.", "run.", "tool.", "person.")
"""How the names begin that nobody else may use."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that has happened, as it is kept."""

    id: str
    user_id: str
    name: str
    at: datetime
    subject: str | None
    outcome: str | None
    took_ms: int | None
    first_ms: int | None
    properties: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Standing:
    """How somebody stands to being counted."""

    opted_out: bool = False
    traits: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Span:
    """From the beginning of one day in UTC to the end of another."""

    first: date
    last: date
    begins: datetime
    ends: datetime
    """The last moment."""
    bucket: Bucket


@dataclass(frozen=True, slots=True)
class Percentiles:
    """So long at most took half, nineteen of twenty, ninety-nine of a hundred; in milliseconds."""

    many: int
    p50: int
    p95: int
    p99: int
