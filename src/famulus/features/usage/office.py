"""What the operator may do: see what everybody spends, choose plans, keep the price table."""

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from famulus.features.usage.errors import NobodyToCharge, NotTheirs, PriceNotFound, UnknownPlan
from famulus.features.usage.plans import Plans
from famulus.features.usage.records import Price, Total
from famulus.features.usage.tables import usage_counters, usage_entries, usage_plans, usage_prices
from famulus.infra.database import Session
from famulus.infra.hours import Bucket, bucket_of
from famulus.kit.clock import Clock, utc_now

_SUMS = ("requests", "input_tokens", "output_tokens", "tool_calls", "cost")


@dataclass(frozen=True, slots=True)
class Tokens:
    """What models have read and written."""

    input: int
    output: int


@dataclass(frozen=True, slots=True)
class Spender:
    """A person, their plan, and what they spent."""

    user_id: str
    plan: str
    total: Total


class UsageOffice:
    """Everybody's usage, for those who run the server."""

    def __init__(self, session: Session, plans: Plans, *, now: Clock = utc_now) -> None:
        self._session = session
        self._plans = plans
        self._now = now

    async def spenders(self, *, first: date, last: date, after: str | None, limit: int) -> list[Spender]:
        """Those who spent something in these days, in the order of their ids."""
        sums = (sa.cast(sa.func.sum(usage_entries.c[name]), sa.BigInteger) for name in _SUMS)
        query = (
            sa.select(usage_entries.c.user_id, usage_plans.c.plan, *sums)
            .outerjoin(usage_plans, usage_plans.c.user_id == usage_entries.c.user_id)
            .where(usage_entries.c.day.between(first, last))
            .group_by(usage_entries.c.user_id, usage_plans.c.plan)
            .order_by(usage_entries.c.user_id)
            .limit(limit)
        )
        if after is not None:
            query = query.where(usage_entries.c.user_id > after)
        rows = await self._session.execute(query)
        return [Spender(row[0], row[1] or self._plans.settings.default_plan, Total(row[0], *row[2:])) for row in rows]

    async def put_on_plan(self, user_id: str, plan: str, *, by_owner: bool = True) -> None:
        """Choose somebody's plan; what they have spent already counts in it."""
        if not self._plans.knows(plan):
            raise UnknownPlan("The settings name no such plan.", plan=plan)
        people = sa.table("users", sa.column("id"), sa.column("role"))
        role = (await self._session.execute(sa.select(people.c.role).where(people.c.id == user_id))).scalar()
        if role is None:
            raise NobodyToCharge("There is no such person.")
        if role != "member" and not by_owner:
            raise NotTheirs("Only the owner of this server may choose the plan of an admin or their own.")
        await self._session.alone(f"usage of {user_id}")
        await self._session.execute(sa.delete(usage_plans).where(usage_plans.c.user_id == user_id))
        await self._session.execute(sa.insert(usage_plans), {"user_id": user_id, "plan": plan, "set_at": self._now()})

    async def prices(self) -> dict[str, Price]:
        """The price table, by model."""
        rows = await self._session.execute(
            sa.select(usage_prices.c.model, usage_prices.c.input, usage_prices.c.output).order_by(usage_prices.c.model)
        )
        return {model: Price(*price) for model, *price in rows}

    async def set_price(self, model: str, price: Price) -> None:
        """Say what a model costs from now on; what was spent before keeps its cost."""
        await self._session.alone("prices")
        await self._session.execute(sa.delete(usage_prices).where(usage_prices.c.model == model))
        row = {"model": model, "input": price.input, "output": price.output, "updated_at": self._now()}
        await self._session.execute(sa.insert(usage_prices), row)

    async def drop_price(self, model: str) -> None:
        """Take a model out of the table: it costs nothing from now on."""
        gone = await self._session.execute(sa.delete(usage_prices).where(usage_prices.c.model == model))
        if not gone.rowcount:
            raise PriceNotFound("The price table has no such model.")


async def tokens_of_everybody(session: Session, *, first: date, last: date, bucket: Bucket) -> dict[int, Tokens]:
    """What was taken from one day to another, by the number of each hour or day in which it was begun."""
    sums = (
        sa.cast(sa.func.sum(usage_entries.c[name]), sa.BigInteger).label(name)
        for name in ("input_tokens", "output_tokens")
    )
    query = (
        sa.select(bucket_of(usage_entries.c.at, bucket, session.speaks).label("bucket"), *sums)
        .where(usage_entries.c.day.between(first, last))
        .group_by("bucket")
    )
    return {row[0]: Tokens(row[1], row[2]) for row in await session.execute(query)}


async def erase_usage(session: Session, user_id: str) -> None:
    """Remove what is known of the spending of a person whose account is removed."""
    for table in (usage_entries, usage_counters, usage_plans):
        await session.execute(sa.delete(table).where(table.c.user_id == user_id))
