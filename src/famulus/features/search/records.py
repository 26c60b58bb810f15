"""What the index speaks of."""

from dataclasses import dataclass
from typing import NamedTuple

from famulus.infra.findable import Source


@dataclass(frozen=True, slots=True)
class Owner:
    """Somebody who has things that can be found, as the index knows them."""

    owner: int
    last_number: int
    things: int
    packed: int
    """The last number whose words are packed."""
    loose: int
    """How many bytes of words are not."""
    edition: int


class Change(NamedTuple):
    """Word that a thing is new, has changed, or is gone."""

    number: int
    kind: str
    object_id: str


class Thing(NamedTuple):
    """A thing as the index knows it."""

    number: int
    kind: str
    object_id: str


class Loose(NamedTuple):
    """A thing whose words are not packed yet, with all of them."""

    number: int
    words: bytes


class Span(NamedTuple):
    """Words that stand side by side in the index."""

    first: str
    last: str
    most: int
    """So many rows are read of it at most."""


class Use(NamedTuple):
    """What one block of an owner's things has of a word."""

    word: str
    block: int
    uses: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """What the index is to have of a thing: its words with their weights, and none when it is gone."""

    kind: str
    object_id: str
    weights: dict[str, int]


class Kept(NamedTuple):
    """A thing as it is kept, with its words as `words.written` writes them."""

    number: int
    kind: str
    object_id: str
    words: bytes


@dataclass(frozen=True, slots=True)
class Found:
    """A thing that was found, as it is."""

    kind: str
    source: Source
    score: float
