"""What a memory is, once it is read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

Kind = Literal["fact", "preference", "event", "procedure", "turn"]
"""`procedure` is something the assistant did, `turn` something that was said, word for word."""
Source = Literal["message", "run", "person"]


@dataclass(frozen=True, slots=True)
class Memory:
    """One version of something remembered."""

    number: int
    id: str
    user_id: str
    key: str
    kind: Kind
    text: str
    source: Source
    source_id: str | None
    speaker: str | None
    session: str | None
    importance: float
    pinned: bool
    said_at: datetime
    about_from: datetime | None
    about_until: datetime | None
    expires_at: datetime | None
    chain: str
    superseded_by: str | None
    created_at: datetime
    updated_at: datetime
    indexed: int
    metadata: dict[str, Any] | None


class Glimpse(NamedTuple):
    """What there is to weigh of a memory that may be what is looked for: hundreds of them for each search."""

    number: int
    text: str
    speaker: str | None
    session: str | None
    when: datetime | None
    """When it happened; for what says no time, when it was said. None where nobody asked."""
    before: int
    """The number of what was said before it in its session; zero, which nothing has, where nothing was."""
    after: int
