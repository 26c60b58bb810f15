"""What clients send of what happened, and the figures that those see who run the server."""

from datetime import date
from typing import Annotated, Self

from pydantic import BaseModel, Field, StrictBool, StrictFloat, StrictInt, StringConstraints, field_validator

from famulus.features.analytics.records import OURS, Percentiles, Standing
from famulus.infra.hours import Bucket
from famulus.kit.schemas import Draft, Time

_MOST_EVENTS = 50
_MOST_PROPERTIES = 20

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$", max_length=64)]
"""Such as `page.opened`."""
# A word and no sentence: nothing that anybody says to the assistant looks like this for long.
Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_./:+-]+$", max_length=64)]
Properties = Annotated[dict[Name, Word | StrictBool | StrictInt | StrictFloat], Field(max_length=_MOST_PROPERTIES)]


class EventDraft(Draft):
    """Something that a person did, in a page or a program."""

    name: Name
    properties: Properties = Field(default_factory=dict)
    """Words, numbers and truths; never what somebody says."""

    @field_validator("name")
    @classmethod
    def _is_not_ours(cls, name: str) -> str:
        if name.startswith(OURS):
            raise ValueError("the server itself notes events of this name")
        return name


class Capture(Draft):
    """What has happened; it is noted under the time at which it arrives."""

    events: Annotated[list[EventDraft], Field(min_length=1, max_length=_MOST_EVENTS)]


class Captured(BaseModel):
    """How many events were taken down; nothing is kept of people who are left out."""

    accepted: int


class Traits(Draft):
    """What a program knows of the person it works for: words, numbers and truths."""

    traits: Annotated[Properties, Field(min_length=1)]


class CountingChoice(Draft):
    """Whether one wants to be left out."""

    opted_out: StrictBool


class StandingView(BaseModel):
    """How one stands to being counted."""

    enabled: bool
    """Whether this server counts anything."""
    opted_out: bool
    traits: dict[str, str | int | float | bool]

    @classmethod
    def of(cls, standing: Standing, *, enabled: bool) -> Self:
        return cls(enabled=enabled, opted_out=standing.opted_out, traits=dict(standing.traits))


class PercentilesView(BaseModel):
    """So many were measured; half, 95 and 99 of a hundred took at most so many milliseconds."""

    many: int
    p50: int
    p95: int
    p99: int

    @classmethod
    def of(cls, measured: Percentiles | None) -> Self | None:
        return None if measured is None else cls(
            many=measured.many, p50=measured.p50, p95=measured.p95, p99=measured.p99
        )  # fmt: skip


class WaitsView(BaseModel):
    """How long people waited for the answers that were completed."""

    first_words: PercentilesView | None
    """From sending to the first words."""
    whole_turn: PercentilesView | None
    """From sending to the end, with what a client took for its own tools."""


class MomentView(BaseModel):
    """An hour or a day in UTC."""

    at: Time
    active_people: int
    """How many sent something."""
    messages: int
    runs: dict[str, int]
    """How many ended, by how: completed, failed, cancelled, expired, incomplete."""
    tool_calls: int
    input_tokens: int
    output_tokens: int
    waits: WaitsView


class TotalsView(BaseModel):
    """All of the time that was asked for."""

    active_people: int
    messages: int
    runs: dict[str, int]
    tool_calls: int
    input_tokens: int
    output_tokens: int
    waits: WaitsView


class ToolView(BaseModel):
    """How the calls of a tool went."""

    name: str
    calls: int
    succeeded: int
    took: PercentilesView | None


class NameView(BaseModel):
    """How often something happened, and to how many people."""

    name: str
    many: int
    people: int


class AnalyticsView(BaseModel):
    """How the server was used; times without anything are left out."""

    since: date
    until: date
    bucket: Bucket
    enabled: bool
    retention_days: int
    left_out: int
    """How many people want to be left out now; only the tokens count what they do."""
    totals: TotalsView
    data: list[MomentView]
    tools: list[ToolView]
    """The most called first."""
    events: list[NameView]
    """The most frequent first."""
