"""What is counted, and over which times."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

Period = Literal["day", "month"]
Metric = Literal["requests", "tokens", "cost"]
State = Literal["held", "spent", "refunded"]

METRICS: tuple[Metric, ...] = ("requests", "tokens", "cost")
MILLION = 1_000_000
UNLIMITED = 2**62
"""More than anybody takes."""


@dataclass(frozen=True, slots=True)
class Amount:
    """So much of everything that is counted; the cost in millionths of the currency."""

    requests: int = 0
    tokens: int = 0
    cost: int = 0

    def __sub__(self, other: "Amount") -> "Amount":
        return Amount(self.requests - other.requests, self.tokens - other.tokens, self.cost - other.cost)

    def of(self, metric: Metric) -> int:
        amount: int = getattr(self, metric)
        return amount


@dataclass(frozen=True, slots=True)
class Spent:
    """What a piece of work has taken, as the provider reported it."""

    input_tokens: int = 0
    output_tokens: int = 0
    tool_calls: int = 0

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens


@dataclass(frozen=True, slots=True)
class Price:
    """Of a million tokens, in millionths of the currency."""

    input: int = 0
    output: int = 0

    def of(self, spent: Spent) -> int:
        """What it costs, rounded up: nothing that has a price is free."""
        return -(-(spent.input_tokens * self.input + spent.output_tokens * self.output) // MILLION)


@dataclass(frozen=True, slots=True)
class Window:
    """A day or a month in UTC, in which a limit holds."""

    period: Period
    starts_on: date

    @property
    def resets_at(self) -> datetime:
        """When the next one begins."""
        following = self.starts_on + timedelta(days=1 if self.period == "day" else 32)
        if self.period == "month":
            following = following.replace(day=1)
        return datetime(following.year, following.month, following.day, tzinfo=UTC)


def windows_at(day: date) -> tuple[Window, Window]:
    """The day and its month."""
    return Window("day", day), Window("month", day.replace(day=1))


@dataclass(frozen=True, slots=True)
class Counter:
    """How much of a window is taken."""

    feature: str
    window: Window
    taken: Amount
    told: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One piece of work in the books."""

    id: str
    feature: str
    model: str
    state: State
    charged: Amount
    day: date


@dataclass(frozen=True, slots=True)
class Total:
    """What was spent by all the work that has something in common."""

    by: str
    requests: int
    input_tokens: int
    output_tokens: int
    tool_calls: int
    cost: int


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell a person, once in a window."""

    percent: int
    feature: str
    metric: Metric
    window: Window
