"""What clients of the memory send and see."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    AliasChoices,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    PlainSerializer,
    StrictBool,
    StrictInt,
    model_validator,
)

from famulus.kit.clock import iso
from famulus.kit.text import storable
from famulus.memory.records import Kind, Memory, Source

MOST_CHARACTERS = 20_000
MOST_AT_ONCE = 1_000
MOST_HITS = 100
_MOST_METADATA, _LONGEST_NAME = 20, 200
# As far as every reader of JSON counts.
MOST_COUNTED = 2**53


def _said(text: str) -> str:
    text = storable(text).strip()
    if not text:
        raise ValueError("must not be blank")
    return text


def _whole(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("is outside of time") from None


def _no_number(given: object) -> object:
    if isinstance(given, (int, float)):
        raise ValueError("is a time as text, such as 2026-11-21T10:00:00Z")  # noqa: TRY004 -- what validators raise
    return given


def _named(given: object) -> str | None:
    """A name in metadata, if it can be one."""
    return given if isinstance(given, str) and 0 < len(given) <= _LONGEST_NAME else None


def _moment(given: object) -> datetime | None:
    """A time in metadata, if it is one; without a zone it is UTC's."""
    try:
        moment = datetime.fromisoformat(given) if isinstance(given, str) else None
        return moment and (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC))
    except (ValueError, OverflowError):
        return None


Time = Annotated[datetime, PlainSerializer(iso, return_type=str)]
Moment = Annotated[AwareDatetime, BeforeValidator(_no_number), AfterValidator(_whole)]
Text = Annotated[str, Field(min_length=1, max_length=MOST_CHARACTERS), AfterValidator(_said)]
Name = Annotated[str, Field(min_length=1, max_length=_LONGEST_NAME), AfterValidator(storable)]
Count = Annotated[StrictInt, Field(ge=-MOST_COUNTED, le=MOST_COUNTED)]
Note = Annotated[str, Field(max_length=500), AfterValidator(storable)] | StrictBool | Count | FiniteFloat | None
Metadata = Annotated[dict[Name, Note], Field(max_length=_MOST_METADATA)]
Importance = Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)]


class Sent(BaseModel):
    """Something a client sends: a field that nobody knows is an error."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class MemoryDraft(Sent):
    """Something to remember."""

    text: Text
    kind: Kind = "fact"
    source: Source = "person"
    """Where it comes from."""
    source_id: Name | None = None
    """Which message, run or person."""
    speaker: Name | None = None
    """Who said it; left out, the name that the text begins with, if there is one before a colon."""
    session: Name | None = None
    """What it was said in; neighbours within a session help to find each other."""
    importance: Importance = 0.5
    pinned: StrictBool = False
    said_at: Moment | None = None
    """When it was said; now if left out."""
    about_from: Moment | None = None
    """When what it tells of began."""
    about_until: Moment | None = None
    expires_at: Moment | None = None
    """From when on it is not recalled any more."""
    key: Name | None = None
    """The sender's name for it: the same key is the same memory. Without one, the same content is."""
    metadata: Metadata | None = None
    """Whatever else the sender wants to have back with it. A `speaker`, a `session` (or `session_id`) and a `timestamp`
    in it count as the fields of that meaning, where those are left out."""

    @model_validator(mode="after")
    def _read_metadata(self) -> Self:
        if not (given := self.metadata):
            return self
        self.speaker = self.speaker or _named(given.get("speaker"))
        self.session = self.session or _named(given.get("session", given.get("session_id")))
        self.said_at = self.said_at or _moment(given.get("timestamp"))
        return self


class ManyDrafts(Sent):
    """Several things to remember, in the order in which they were said."""

    memories: Annotated[list[MemoryDraft], Field(min_length=1, max_length=MOST_AT_ONCE)]


class MemoryPatch(Sent):
    """What to change; another text makes a new version."""

    text: Text | None = None
    kind: Kind | None = None
    importance: Importance | None = None
    pinned: StrictBool | None = None
    about_from: Moment | None = None
    about_until: Moment | None = None
    expires_at: Moment | None = None
    source: Source | None = None
    """Where a new text comes from; where the old one did if left out."""
    source_id: Name | None = None
    key: Name | None = None
    """The sender's name for the change: under the same key a text is replaced once."""


class Filters(Sent):
    """Which memories to look at."""

    kinds: Annotated[list[Kind], Field(max_length=5)] | None = None
    source: Source | None = None
    session: Name | None = None
    speaker: Name | None = None
    since: Moment | None = None
    """About this time or later; for what says no time, when it was said."""
    until: Moment | None = None

    def given(self) -> dict[str, Any]:
        """What is asked for, without what is left open."""
        return {name: value for name, value in self if value is not None and value != []}


class Search(Sent):
    """A question to the memory."""

    query: Annotated[str, Field(max_length=4_000), AfterValidator(storable)] = ""
    """Plain text; empty for a timeline of what the filters let through."""
    k: Annotated[int, Field(ge=1, le=MOST_HITS, validation_alias=AliasChoices("k", "limit"))] = 10
    filters: Filters = Filters()
    with_pinned: StrictBool = False
    """Whether what is pinned comes first, whatever is asked."""


class MemoryView(BaseModel):
    """A memory as clients see it."""

    id: str
    user_id: str
    kind: Kind
    text: str
    source: Source
    source_id: str | None
    speaker: str | None
    session: str | None
    importance: float
    pinned: bool
    said_at: Time
    about_from: Time | None
    about_until: Time | None
    expires_at: Time | None
    superseded_by: str | None
    created_at: Time
    updated_at: Time
    metadata: dict[str, Any] | None = None

    @classmethod
    def of(cls, memory: Memory) -> "MemoryView":
        """The view of a memory."""
        return cls.model_validate(memory, from_attributes=True)


class Reason(BaseModel):
    """Why a memory was found."""

    words: list[str]
    """Words of the query that it has."""
    lexical: float | None
    """Which share of what the query's words tell it has, its neighbours' words counted in: the rarer, the more."""
    dense: float | None
    """How near its meaning is, as a cosine."""
    beside: float | None = None
    """How near the meaning is of what was said right before it or after it in its session, the nearer of both."""


class Hit(BaseModel):
    """A memory that was found."""

    memory: MemoryView
    score: float
    reason: Reason

    @classmethod
    def for_itself(cls, memory: Memory) -> "Hit":
        """A memory that nothing was asked about."""
        return cls(memory=MemoryView.of(memory), score=0, reason=Reason(words=[], lexical=None, dense=None))


class Found(BaseModel):
    """The answer to a search, best first; of a timeline, oldest first."""

    data: list[Hit]
    mode: Literal["lexical", "fused", "timeline"]
    """By words alone, by words and meaning, or by when it happened."""
    note: str | None = None
    """Why meaning was left out."""


class ManyMemories(BaseModel):
    """Several memories."""

    data: list[MemoryView]


class Remembered(BaseModel):
    """What is remembered of a person, newest first."""

    user_id: str
    past_actions: list[str]
    """What the assistant did for them, newest first."""
    data: list[MemoryView]
    has_more: bool
    next: str | None = None


class Export(BaseModel):
    """All that is remembered of a person, every version of it."""

    user_id: str
    exported_at: Time
    data: list[MemoryView]
