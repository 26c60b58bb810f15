"""What is spent is counted once, and nobody spends more than they may."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

import pytest

from famulus.features.accounts.tables import users
from famulus.features.usage.errors import NobodyToCharge, PriceNotFound, QuotaExceeded, UnknownPlan
from famulus.features.usage.office import UsageOffice, erase_usage
from famulus.features.usage.plans import Plans
from famulus.features.usage.records import Notice, Price, Spent, Window
from famulus.features.usage.service import Usage
from famulus.infra.database import Database, Session
from famulus.settings.spending import UsageSettings

pytestmark = pytest.mark.anyio
T = TypeVar("T")
MARIA, OTTO = "user_maria", "user_otto"
EVENING = datetime(2026, 11, 30, 23, 59, 30, tzinfo=UTC)
MODEL = "gpt-test"


class Desk:
    """Usage under the limits of a test, at a frozen moment, and what people were told of it."""

    def __init__(self, database: Database, **limits: dict[str, float]) -> None:
        self.database = database
        self.moment = EVENING
        self.told: list[tuple[str, Notice]] = []
        settings = UsageSettings.model_validate({"plans": {"free": limits, "pro": {}}, "reserved_tokens": 100})
        self.plans = Plans(settings, self._tell)

    async def _tell(self, _session: Session, user_id: str, notice: Notice) -> None:
        self.told.append((user_id, notice))

    async def usage(self, act: Callable[[Usage], Coroutine[Any, Any, T]], *, of: str = MARIA) -> T:
        return await self.database.write(lambda session: act(Usage(session, of, self.plans, now=lambda: self.moment)))

    async def office(self, act: Callable[[UsageOffice], Coroutine[Any, Any, T]]) -> T:
        return await self.database.write(lambda session: act(UsageOffice(session, self.plans, now=lambda: self.moment)))

    async def reserve(self, key: str, *, of: str = MARIA) -> None:
        await self.usage(lambda usage: usage.reserve("chat", key=key, model=MODEL), of=of)

    async def settle(self, key: str, *spent: int, refund: bool = False, of: str = MARIA) -> None:
        await self.usage(lambda usage: usage.settle(key, Spent(*spent), refund=refund), of=of)

    async def used(self, *, of: str = MARIA) -> dict[tuple[str, str, str], int]:
        standings = await self.usage(lambda usage: usage.standings(), of=of)
        return {(one.feature, one.metric, one.window.period): one.used for one in standings}


@pytest.fixture
async def database(database: Database) -> Database:
    async def add_people(session: Session) -> None:
        for user_id, role in ((MARIA, "owner"), (OTTO, "member")):
            row = {"id": user_id, "name": user_id, "role": role, "zone": "UTC", "preferences": {}}
            await session.execute(users.insert(), row | {"created_at": EVENING, "updated_at": EVENING})

    await database.write(add_people)
    return database


async def test_what_was_reserved_becomes_what_was_spent(database: Database) -> None:
    desk = Desk(database, chat={"requests_per_day": 5, "tokens_per_month": 1_000})
    await desk.reserve("run_1")
    held = await desk.used()

    await desk.settle("run_1", 30, 12, 2)
    await desk.settle("run_1", 900, 900, 900)

    assert held == {("chat", "requests", "day"): 1, ("chat", "tokens", "month"): 100}
    assert await desk.used() == {("chat", "requests", "day"): 1, ("chat", "tokens", "month"): 42}
    (total,) = await desk.usage(lambda usage: usage.totals("model", first=date(2026, 11, 30), last=date(2026, 11, 30)))
    assert (total.by, total.requests, total.input_tokens, total.output_tokens, total.tool_calls) == (
        MODEL,
        1,
        30,
        12,
        2,
    )


async def test_what_failed_is_refunded_but_for_what_the_provider_took(database: Database) -> None:
    desk = Desk(database, chat={"requests_per_day": 5, "tokens_per_day": 1_000})
    await desk.reserve("run_1")

    await desk.settle("run_1", 7, 0, refund=True)

    assert await desk.used() == {("chat", "requests", "day"): 0, ("chat", "tokens", "day"): 7}


async def test_of_two_hundred_at_once_as_many_as_may_come_through(database: Database) -> None:
    desk = Desk(database, chat={"requests_per_day": 50})

    async def attempt(number: int) -> bool:
        try:
            await desk.reserve(f"run_{number}")
        except QuotaExceeded:
            return False
        return True

    outcomes = await asyncio.gather(*(attempt(number) for number in range(200)))

    assert sum(outcomes) == 50
    assert await desk.used() == {("chat", "requests", "day"): 50}
    assert [notice.percent for _, notice in desk.told] == [80, 100]


async def test_a_refusal_says_when_it_ends_and_charges_nothing(database: Database) -> None:
    desk = Desk(database, chat={"requests_per_day": 9, "requests_per_month": 1}, all={"tokens_per_day": 150})
    await desk.reserve("run_1")
    before = await desk.used()

    with pytest.raises(QuotaExceeded) as refused:
        await desk.reserve("run_2")

    assert refused.value.details == {
        "feature": "chat",
        "metric": "requests",
        "window": "month",
        "limit": 1,
        "used": 1,
        "resets_at": "2026-12-01T00:00:00.000Z",
        "retry_after_seconds": 30,
    }
    assert await desk.used() == before


async def test_what_everything_together_may_take_is_a_limit_too(database: Database) -> None:
    desk = Desk(database, all={"tokens_per_day": 150})
    await desk.reserve("run_1")
    await desk.usage(lambda usage: usage.record("title", key="job_1", model=MODEL, spent=Spent(40, 9)))

    with pytest.raises(QuotaExceeded, match="tokens per day for everything"):
        await desk.reserve("run_2")

    assert await desk.used() == {("all", "tokens", "day"): 149}


async def test_money_is_limited_by_the_price_table(database: Database) -> None:
    desk = Desk(database, chat={"cost_per_day": 0.0009})
    await desk.office(lambda office: office.set_price(MODEL, Price(input=2_000_000, output=8_000_000)))
    await desk.reserve("run_1")
    await desk.settle("run_1", 100, 50)
    await desk.reserve("run_2")

    with pytest.raises(QuotaExceeded):
        await desk.reserve("run_3")

    # 100 tokens at 2 and 50 at 8 for a million, and 100 more at 2 that are reserved.
    assert await desk.used() == {("chat", "cost", "day"): 200 + 400 + 200}


async def test_a_new_day_and_a_new_month_begin_at_nothing(database: Database) -> None:
    desk = Desk(database, chat={"requests_per_day": 1, "requests_per_month": 1, "tokens_per_day": 500})
    await desk.reserve("run_1")
    desk.moment += timedelta(minutes=1)

    await desk.reserve("run_2")
    await desk.settle("run_1", 400)

    # What was begun before midnight counts on the day on which it was begun.
    used = await desk.used()
    assert used == {("chat", "requests", "day"): 1, ("chat", "requests", "month"): 1, ("chat", "tokens", "day"): 100}


async def test_a_person_is_warned_once_in_a_window(database: Database) -> None:
    desk = Desk(database, chat={"requests_per_day": 5})
    for number in range(4):
        await desk.reserve(f"run_{number}")
    await desk.settle("run_3", refund=True)
    await desk.reserve("run_4")

    assert desk.told == [(MARIA, Notice(80, "chat", "requests", Window("day", EVENING.date())))]


async def test_of_tokens_a_person_hears_once_they_are_spent_and_not_when_they_are_held(database: Database) -> None:
    desk = Desk(database, chat={"tokens_per_day": 200})
    await desk.reserve("run_1")
    await desk.reserve("run_2")
    held = [notice.percent for _, notice in desk.told]
    await desk.settle("run_1", 1)
    await desk.settle("run_2", 1)
    little = [notice.percent for _, notice in desk.told]

    await desk.reserve("run_3")
    await desk.settle("run_3", 170)
    most = [notice.percent for _, notice in desk.told]
    await desk.usage(lambda usage: usage.record("chat", key="job_1", model=MODEL, spent=Spent(40, 0)))

    assert (held, little, most) == ([], [], [80])
    assert [(notice.percent, notice.metric) for _, notice in desk.told] == [(80, "tokens"), (100, "tokens")]


async def test_in_a_new_window_a_person_is_told_anew(database: Database) -> None:
    desk = Desk(database, chat={"requests_per_day": 1})
    for number in range(3):
        await desk.reserve(f"run_{number}")
        await desk.settle(f"run_{number}", refund=True)
        await desk.reserve(f"again_{number}")
        desk.moment += timedelta(days=1)

    assert [(notice.percent, notice.window.starts_on.day) for _, notice in desk.told] == [(100, 30), (100, 1), (100, 2)]


async def test_a_plan_is_chosen_for_a_person_and_for_nobody_else(database: Database) -> None:
    desk = Desk(database, chat={"requests_per_day": 1})
    await desk.office(lambda office: office.put_on_plan(MARIA, "pro"))
    for number in range(3):
        await desk.reserve(f"run_{number}")
    await desk.reserve("run_of_otto", of=OTTO)

    with pytest.raises(QuotaExceeded):
        await desk.reserve("another_of_otto", of=OTTO)
    with pytest.raises(UnknownPlan):
        await desk.office(lambda office: office.put_on_plan(OTTO, "platinum"))
    with pytest.raises(NobodyToCharge):
        await desk.office(lambda office: office.put_on_plan("user_nobody", "pro"))

    day = EVENING.date()
    spenders = await desk.office(lambda office: office.spenders(first=day, last=day, after=None, limit=9))
    assert [(one.user_id, one.plan, one.total.requests) for one in spenders] == [(MARIA, "pro", 3), (OTTO, "free", 1)]


async def test_nobody_settles_what_somebody_else_has_reserved(database: Database) -> None:
    desk = Desk(database, chat={"tokens_per_day": 500})
    await desk.reserve("run_1")

    await desk.settle("run_1", 1, of=OTTO)

    assert await desk.used() == {("chat", "tokens", "day"): 100}
    assert await desk.used(of=OTTO) == {("chat", "tokens", "day"): 0}


async def test_the_price_table_is_kept_by_the_operator(database: Database) -> None:
    desk = Desk(database)
    await desk.office(lambda office: office.set_price("a/b", Price(1, 2)))
    await desk.office(lambda office: office.set_price("a/b", Price(3, 4)))
    kept = await desk.office(lambda office: office.prices())
    await desk.office(lambda office: office.drop_price("a/b"))

    with pytest.raises(PriceNotFound):
        await desk.office(lambda office: office.drop_price("a/b"))

    assert kept == {"a/b": Price(3, 4)}
    assert await desk.office(lambda office: office.prices()) == {}


async def test_nothing_is_left_of_an_erased_person(database: Database) -> None:
    desk = Desk(database, chat={"requests_per_day": 5})
    await desk.reserve("run_1")
    await desk.office(lambda office: office.put_on_plan(MARIA, "free"))

    await database.write(lambda session: erase_usage(session, MARIA))

    assert await desk.used() == {("chat", "requests", "day"): 0}
    day = EVENING.date()
    assert await desk.office(lambda office: office.spenders(first=day, last=day, after=None, limit=9)) == []
