"""Facts: something has happened, told to whoever counts such things.

A fact says who, what and how it went; never what was said.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that somebody has done, or that was done for them."""

    user_id: str
    name: str
    subject: str | None = None
    """What it was done with: a tool, a model."""
    outcome: str | None = None
    """How it went: `ok`, or a word that names what went wrong."""
    took_ms: int | None = None
    first_ms: int | None = None
    """When there was something to see, before it was all over."""
    properties: Mapping[str, Value] = field(default_factory=dict)


Tell = Callable[[Fact], None]
"""Takes a fact down. It does not wait, and does not fail: nobody who tells has anything to do with what comes of it."""


def tell_nobody(_fact: Fact) -> None:
    """For processes in which nobody counts."""
