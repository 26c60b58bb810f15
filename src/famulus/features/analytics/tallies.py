"""What happened in an hour or a day, counted up so that a longer time is the sum of its parts."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson

from famulus.features.analytics.records import Percentiles

_PERCENTS = (50, 95, 99)
# What took a second or more is told to three digits: there are few of them, and nobody asks for more.
_EXACT_MS = 1_000
_SHOWN_DIGITS = 3


@dataclass(slots=True)
class ToolTally:
    """The calls of one tool."""

    calls: int = 0
    succeeded: int = 0
    took_ms: Counter[int] = field(default_factory=Counter)

    def add(self, other: "ToolTally") -> None:
        self.calls += other.calls
        self.succeeded += other.succeeded
        self.took_ms.update(other.took_ms)


@dataclass(slots=True)
class Tally:
    """Everything that figures are made of."""

    many: Counter[str] = field(default_factory=Counter)
    """How often what happened."""
    people: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """To whom. Whoever leaves, or wants to be left out, is taken out with the whole tally, which is made anew."""
    ended: Counter[str] = field(default_factory=Counter)
    """How runs ended."""
    first_ms: Counter[int] = field(default_factory=Counter)
    """How long completed runs took to their first words: how many so long."""
    took_ms: Counter[int] = field(default_factory=Counter)
    """And to their end."""
    tools: dict[str, ToolTally] = field(default_factory=lambda: defaultdict(ToolTally))

    def add(self, other: "Tally") -> None:
        """Count in what another tally has."""
        self.many.update(other.many)
        for name, people in other.people.items():
            self.people[name] |= people
        self.ended.update(other.ended)
        self.first_ms.update(other.first_ms)
        self.took_ms.update(other.took_ms)
        for name, tool in other.tools.items():
            self.tools[name].add(tool)

    def written(self) -> str:
        """The tally as it is kept."""
        tools = {name: [tool.calls, tool.succeeded, _flat(tool.took_ms)] for name, tool in self.tools.items()}
        kept: dict[str, Any] = {
            "many": self.many, "people": {name: list(people) for name, people in self.people.items()},
            "ended": self.ended, "first_ms": _flat(self.first_ms), "took_ms": _flat(self.took_ms), "tools": tools,
        }  # fmt: skip
        return orjson.dumps(kept).decode()

    @classmethod
    def read(cls, written: str) -> "Tally":
        """The tally that was kept like this."""
        kept = orjson.loads(written)
        tally = cls(
            many=Counter(kept["many"]),
            ended=Counter(kept["ended"]),
            first_ms=_counted(kept["first_ms"]),
            took_ms=_counted(kept["took_ms"]),
        )
        tally.people.update((name, set(people)) for name, people in kept["people"].items())
        for name, (calls, succeeded, took_ms) in kept["tools"].items():
            tally.tools[name] = ToolTally(calls, succeeded, _counted(took_ms))
        return tally


def sum_of(tallies: Iterable[Tally]) -> Tally:
    """All of them together."""
    total = Tally()
    for tally in tallies:
        total.add(tally)
    return total


def told_ms(milliseconds: int) -> int:
    """A duration as exact as it is told."""
    if milliseconds < _EXACT_MS:
        return milliseconds
    unit: int = 10 ** (len(str(milliseconds)) - _SHOWN_DIGITS)
    return round(milliseconds / unit) * unit


def percentiles(took: Counter[int]) -> Percentiles | None:
    """The values at the percentiles by rank: each is one that was measured. None where nothing was."""
    many = took.total()
    if not many:
        return None
    found: list[int] = []
    rank = 0
    for value in sorted(took):
        rank += took[value]
        while len(found) < len(_PERCENTS) and rank * 100 >= many * _PERCENTS[len(found)]:
            found.append(value)
    return Percentiles(many, *found)


def _flat(counted: Counter[int]) -> list[int]:
    return [number for pair in counted.items() for number in pair]


def _counted(flat: list[int]) -> Counter[int]:
    return Counter(dict(zip(flat[::2], flat[1::2], strict=True)))
