"""What clients ask, and what they are shown."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from famulus.kit.pages import Page
from famulus.kit.schemas import Time, View

Kind = Literal[
    "message", "conversation", "memory", "file", "passage", "goal", "step", "event", "reminder", "notification"
]
"""What can be found."""
KINDS: tuple[Kind, ...] = (
    "message", "conversation", "memory", "file", "passage", "goal", "step", "event", "reminder", "notification",
)  # fmt: skip
MOST_CHARACTERS = 1_000
"""Longest query."""


@dataclass(frozen=True, slots=True)
class Search:
    """What is searched, and within what."""

    query: str
    kinds: tuple[Kind, ...] = ()
    """Any of these; everything where there is none."""
    since: datetime | None = None
    until: datetime | None = None
    conversation_id: str | None = None

    def wants(self, kind: str) -> bool:
        """Whether such things are looked for."""
        return not self.kinds or kind in self.kinds


class HitView(View):
    """Something that was found."""

    object: Literal["search_hit"] = "search_hit"
    kind: Kind
    id: str
    title: str
    """Its own, or that of what it is in."""
    title_marks: list[tuple[int, int]]
    """Where in the title the words are: from which character to which, the last not included. A character is a code
    point of Unicode."""
    snippet: str
    """The part of its text that shows why it was found, in one line; empty where there is none but the title."""
    marks: list[tuple[int, int]]
    """Where in the snippet the words are."""
    at: Time
    """When it was said or made; of an event, when it begins."""
    conversation_id: str | None
    """The conversation it is in, or is."""
    part_of: str | None
    """The id of what it is a part of: a passage's file, a step's goal, an event's calendar."""
    score: float
    """Which share of what the words tell it has, from 0 to 1."""


class HitPage(Page[HitView]):
    """The best first."""

    match: Literal["all", "any"]
    """Whether hits have all the words, or none has and these have some; of words that much has, the others do."""
    semantic: list[Kind]
    """The kinds that were looked through by meaning, too."""
    degraded: list[str]
    """What was done without: `memory` does not answer, `index` has not caught up with everything that is written."""
