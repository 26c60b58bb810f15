"""Plans: what a person may spend in a day and in a month, by feature."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from famulus.features.usage.records import METRICS, MILLION, Metric, Notice, Period
from famulus.infra.database import Session
from famulus.settings.spending import UsageSettings

EVERYTHING = "all"
"""The name under which a plan limits all features together."""

Tell = Callable[[Session, str, Notice], Awaitable[None]]
"""Tells a person something within the transaction that caused it; whoever reaches people says how."""


async def _tell_nobody(_session: Session, _user_id: str, _notice: Notice) -> None:
    """For processes without notifications."""


@dataclass(frozen=True, slots=True)
class Plans:
    """The plans of this server."""

    settings: UsageSettings = field(default_factory=UsageSettings)
    tell: Tell = _tell_nobody

    def counted_with(self, plan: str, feature: str) -> tuple[str, ...]:
        """Under which names work for `feature` is counted."""
        return (feature, EVERYTHING) if EVERYTHING in self._limits(plan) else (feature,)

    def limit(self, plan: str, feature: str, metric: Metric, period: Period) -> int | None:
        """How much at most; None for as much as one likes. Costs in millionths of the currency."""
        limits = self._limits(plan).get(feature)
        most = getattr(limits, f"{metric}_per_{period}") if limits else None
        if most is None:
            return None
        return round(most * MILLION) if metric == "cost" else int(most)

    def limited(self, plan: str) -> list[tuple[str, Metric, Period, int]]:
        """Every limit of the plan."""
        periods: tuple[Period, ...] = ("day", "month")
        return [
            (feature, metric, period, limit)
            for feature in self._limits(plan)
            for metric in METRICS
            for period in periods
            if (limit := self.limit(plan, feature, metric, period)) is not None
        ]

    @property
    def names(self) -> list[str]:
        """The plans that there are; the default one, which needs no description, first."""
        return list(dict.fromkeys((self.settings.default_plan, *self.settings.plans)))

    def knows(self, plan: str) -> bool:
        """Whether it is one of them."""
        return plan in self.names

    def _limits(self, plan: str) -> dict[str, object]:
        # A plan that was taken out of the settings leaves its people on the default one.
        plans = self.settings.plans
        return dict(plans.get(plan, plans.get(self.settings.default_plan, {})))
