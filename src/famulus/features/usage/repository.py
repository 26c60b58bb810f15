"""The SQL of usage, for one owner."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from famulus.features.usage.records import METRICS, UNLIMITED, Amount, Counter, Entry, Price, Spent, Total, Window
from famulus.features.usage.tables import usage_counters, usage_entries, usage_plans, usage_prices
from famulus.infra.database import Session
from famulus.infra.prepared import Prepared
from famulus.kit.ids import new_id

_owner: sa.BindParameter[str] = sa.bindparam("owner")
_counter = (
    usage_counters.c.user_id == _owner,
    usage_counters.c.feature == sa.bindparam("of"),
    usage_counters.c.period == sa.bindparam("per"),
    usage_counters.c.starts_on == sa.bindparam("since", type_=sa.Date),
)
_STATE = (usage_counters.c.requests, usage_counters.c.tokens, usage_counters.c.cost, usage_counters.c.told)
# One statement that looks and takes: of any number that come at once, none takes what is not there.
_TAKE = Prepared(
    sa.update(usage_counters)
    .where(
        *_counter,
        *(
            usage_counters.c[metric] + sa.bindparam(f"more_{metric}", type_=sa.BigInteger)
            <= sa.bindparam(f"most_{metric}", type_=sa.BigInteger)
            for metric in ("requests", "tokens", "cost")
        ),
    )
    .values(
        {
            metric: usage_counters.c[metric] + sa.bindparam(f"more_{metric}", type_=sa.BigInteger)
            for metric in ("requests", "tokens", "cost")
        }
    )
    .returning(*_STATE)
)
_FIND_COUNTER = Prepared(sa.select(*_STATE).where(*_counter))
_BEGIN_COUNTER = Prepared(sa.insert(usage_counters))
_NOTE_TOLD = Prepared(sa.update(usage_counters).where(*_counter).values(told=sa.bindparam("percent")))
_HOLD = Prepared(sa.insert(usage_entries))
_SETTLE = Prepared(
    sa.update(usage_entries).where(
        usage_entries.c.id == sa.bindparam("key"),
        usage_entries.c.user_id == _owner,
        usage_entries.c.state == "held",
    )
)
_FIND = Prepared(
    sa.select(
        usage_entries.c.id,
        usage_entries.c.feature,
        usage_entries.c.model,
        usage_entries.c.state,
        usage_entries.c.requests,
        usage_entries.c.tokens,
        usage_entries.c.cost,
        usage_entries.c.day,
    ).where(usage_entries.c.id == sa.bindparam("key"), usage_entries.c.user_id == _owner)
)
_plan = sa.select(usage_plans.c.plan).where(usage_plans.c.user_id == _owner)
_PLAN = Prepared(_plan)
_price = usage_prices.c.model == sa.bindparam("name")
# One row, whether or not anything was said of the person and of the model.
_TERMS = Prepared(
    sa.select(
        _plan.scalar_subquery(),
        *(sa.select(usage_prices.c[way]).where(_price).scalar_subquery() for way in ("input", "output")),
    )
)
_TOTALS = tuple(
    sa.cast(sa.func.sum(usage_entries.c[column]), sa.BigInteger)
    for column in ("requests", "input_tokens", "output_tokens", "tool_calls", "cost")
)


class UsageRepository:
    """What one person has spent and may spend."""

    def __init__(self, session: Session, user_id: str) -> None:
        self._session = session
        self._user_id = user_id

    async def plan(self) -> str | None:
        """The plan that somebody chose for this person."""
        row = await self._session.row(_PLAN, {"owner": self._user_id})
        return row[0] if row else None

    async def terms(self, model: str) -> tuple[str | None, Price]:
        """The plan that somebody chose for this person, and what the operator says that a model costs."""
        row = await self._session.row(_TERMS, {"owner": self._user_id, "name": model})
        plan, *price = row or (None, None, None)
        return plan, Price(*(part or 0 for part in price))

    async def take(self, feature: str, window: Window, amount: Amount, most: Amount | None) -> Counter | None:
        """Add to a counter; None, and nothing is added, when that would be more than `most`."""
        key = self._key(feature, window)
        most = most or Amount(UNLIMITED, UNLIMITED, UNLIMITED)
        parameters = {**key, **_named("more", amount), **_named("most", most)}
        row = await self._session.row(_TAKE, parameters)
        if row is None and await self.find_counter(feature, window) is None:
            # The first of a window makes its counter; those who come at the same time wait for it, and then add.
            await self._session.alone(f"usage of {self._user_id}")
            if await self.find_counter(feature, window) is None:
                begun = {
                    "user_id": self._user_id, "feature": feature, "period": window.period,
                    "starts_on": window.starts_on, "requests": 0, "tokens": 0, "cost": 0, "told": 0,
                }  # fmt: skip
                await self._session.change(_BEGIN_COUNTER, begun)
            row = await self._session.row(_TAKE, parameters)
        return Counter(feature, window, Amount(*row[:3]), row[3]) if row else None

    async def find_counter(self, feature: str, window: Window) -> Counter | None:
        row = await self._session.row(_FIND_COUNTER, self._key(feature, window))
        return Counter(feature, window, Amount(*row[:3]), row[3]) if row else None

    async def note_told(self, counter: Counter, percent: int) -> None:
        """Remember what the person was told of this window."""
        await self._session.change(_NOTE_TOLD, {**self._key(counter.feature, counter.window), "percent": percent})

    async def hold(self, entry: Entry, *, at: datetime) -> None:
        row = {
            "id": entry.id, "user_id": self._user_id, "feature": entry.feature, "model": entry.model,
            "state": entry.state, "input_tokens": 0, "output_tokens": 0, "tool_calls": 0, "day": entry.day, "at": at,
            **asdict(entry.charged),
        }  # fmt: skip
        await self._session.change(_HOLD, row)

    async def find(self, name: str) -> Entry | None:
        row = await self._session.row(_FIND, {"key": name, "owner": self._user_id})
        if row is None:
            return None
        key, feature, model, state, *charged, day = row
        return Entry(key, feature, model, state, Amount(*charged), day)

    async def settle(self, key: str, state: str, charged: Amount, spent: Spent) -> bool:
        """Close an entry that is held; whether it was. What it was for is not known from then on."""
        values = {"id": new_id("use"), "state": state, **asdict(charged), **asdict(spent)}
        return await self._session.change(_SETTLE, {"key": key, "owner": self._user_id, **values}) > 0

    async def totals(self, by: str, *, first: date, last: date) -> list[Total]:
        """What was spent from one day to another, by `day`, `feature` or `model`."""
        column = usage_entries.c[by]
        query = (
            sa.select(column, *_TOTALS)
            .where(usage_entries.c.user_id == self._user_id, usage_entries.c.day.between(first, last))
            .group_by(column)
            .order_by(column)
        )
        return [Total(str(row[0]), *row[1:]) for row in await self._session.execute(query)]

    def _key(self, feature: str, window: Window) -> dict[str, Any]:
        return {"owner": self._user_id, "of": feature, "per": window.period, "since": window.starts_on}


def _named(name: str, amount: Amount) -> dict[str, int]:
    return {f"{name}_{metric}": amount.of(metric) for metric in METRICS}
