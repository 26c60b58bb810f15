"""What may be done with a person's usage, within one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date

from famulus.features.usage.errors import QuotaExceeded
from famulus.features.usage.plans import EVERYTHING, Plans
from famulus.features.usage.records import (
    METRICS,
    UNLIMITED,
    Amount,
    Counter,
    Entry,
    Metric,
    Notice,
    Price,
    Spent,
    Total,
    Window,
    windows_at,
)
from famulus.features.usage.repository import UsageRepository
from famulus.infra.database import Session
from famulus.kit.clock import Clock, iso, utc_now

_ALL_OF_IT = 100


@dataclass(frozen=True, slots=True)
class Standing:
    """A limit, and how much of it is taken."""

    feature: str
    metric: Metric
    window: Window
    used: int
    limit: int


class Usage:
    """What one person spends: reserved before the work, settled after it; each is part of the work's transaction.

    A reservation that a limit does not allow raises, and the transaction it was part of charges nothing.
    """

    def __init__(self, session: Session, user_id: str, plans: Plans, *, now: Clock = utc_now) -> None:
        self._session = session
        self._user_id = user_id
        self._plans = plans
        self._now = now
        self._repository = UsageRepository(session, user_id)

    async def plan(self) -> str:
        """The person's plan."""
        return self._known(await self._repository.plan())

    async def reserve(self, feature: str, *, key: str, model: str) -> None:
        """Take one request, and the tokens that one usually needs, out of what is left, for the work named `key`."""
        now = self._now()
        day = now.astimezone(UTC).date()
        tokens = self._plans.settings.reserved_tokens
        plan, price = await self._terms(model)
        amount = Amount(1, tokens, price.of(Spent(input_tokens=tokens)))
        await self._charge(plan, feature, day, amount, bounded=True)
        await self._repository.hold(Entry(key, feature, model, "held", amount, day), at=now)

    async def reserve_once(self, feature: str, *, key: str, model: str) -> None:
        """The same for work that may be begun again: what it has reserved before and not settled is still its own."""
        if await self._repository.find(key) is None:
            await self.reserve(feature, key=key, model=model)

    async def settle(self, key: str, spent: Spent, *, refund: bool = False) -> None:
        """The work is over: what it really took counts; when it failed, its request does not. Once, however often."""
        entry = await self._repository.find(key)
        if entry is None or entry.state != "held":
            return
        plan, price = await self._terms(entry.model)
        charged = Amount(0 if refund else 1, spent.tokens, price.of(spent))
        if await self._repository.settle(key, "refunded" if refund else "spent", charged, spent):
            await self._charge(plan, entry.feature, entry.day, charged - entry.charged, bounded=False)

    async def record(self, feature: str, *, key: str, model: str, spent: Spent) -> None:
        """Note work that no limit holds up, such as a title; what it took counts all the same."""
        now = self._now()
        plan, price = await self._terms(model)
        charged = Amount(1, spent.tokens, price.of(spent))
        day = now.astimezone(UTC).date()
        await self._repository.hold(Entry(key, feature, model, "held", Amount(), day), at=now)
        await self._repository.settle(key, "spent", charged, spent)
        await self._charge(plan, feature, day, charged, bounded=False)

    async def standings(self) -> list[Standing]:
        """Every limit of the person's plan, and how much of it is taken now."""
        plan = await self.plan()
        windows = {window.period: window for window in windows_at(self._now().astimezone(UTC).date())}
        found = []
        for feature, metric, period, limit in self._plans.limited(plan):
            counter = await self._repository.find_counter(feature, windows[period])
            used = counter.taken.of(metric) if counter else 0
            found.append(Standing(feature, metric, windows[period], used, limit))
        return found

    async def totals(self, by: str, *, first: date, last: date) -> list[Total]:
        """What was spent from one day to another, by `day`, `feature` or `model`."""
        return await self._repository.totals(by, first=first, last=last)

    async def _terms(self, model: str) -> tuple[str, Price]:
        """The person's plan, and the model's price."""
        chosen, price = await self._repository.terms(model)
        return self._known(chosen), price

    def _known(self, chosen: str | None) -> str:
        return chosen if chosen and self._plans.knows(chosen) else self._plans.settings.default_plan

    async def _charge(self, plan: str, feature: str, day: date, amount: Amount, *, bounded: bool) -> None:
        # Always in the same order: two that charge the same counters wait for each other and do not deadlock.
        for name in self._plans.counted_with(plan, feature):
            for window in windows_at(day):
                most = self._most(plan, name, window)
                counter = await self._repository.take(name, window, amount, most if bounded else None)
                if counter is None:
                    raise await self._exceeded(name, window, amount, most)
                # What is held is a guess: of tokens and money somebody hears once they are spent.
                await self._tell(counter, most, METRICS[:1] if bounded else METRICS)

    def _most(self, plan: str, feature: str, window: Window) -> Amount:
        limits = (self._plans.limit(plan, feature, metric, window.period) for metric in METRICS)
        return Amount(*(UNLIMITED if limit is None else limit for limit in limits))

    async def _exceeded(self, feature: str, window: Window, amount: Amount, most: Amount) -> QuotaExceeded:
        counter = await self._repository.find_counter(feature, window)
        taken = counter.taken if counter else Amount()
        metric = next((m for m in METRICS if taken.of(m) + amount.of(m) > most.of(m)), METRICS[0])
        what = "everything" if feature == EVERYTHING else feature
        seconds = (window.resets_at - self._now()).total_seconds()
        return QuotaExceeded(
            f"Your plan's {metric} per {window.period} for {what} are used up until {iso(window.resets_at)}.",
            feature=feature,
            metric=metric,
            window=window.period,
            limit=most.of(metric),
            used=taken.of(metric),
            resets_at=iso(window.resets_at),
            retry_after_seconds=max(1, round(seconds)),
        )

    async def _tell(self, counter: Counter, most: Amount, metrics: Sequence[Metric]) -> None:
        """Tell the person when a part of a limit is reached, once for each part and window."""
        percents = {m: _ALL_OF_IT * counter.taken.of(m) // most.of(m) for m in metrics if 0 < most.of(m) < UNLIMITED}
        if not percents:
            return
        metric = max(percents, key=lambda name: percents[name])
        reached = max((p for p in (self._plans.settings.warn_percent, _ALL_OF_IT) if p <= percents[metric]), default=0)
        if reached > counter.told:
            await self._repository.note_told(counter, reached)
            await self._plans.tell(
                self._session, self._user_id, Notice(reached, counter.feature, metric, counter.window)
            )
