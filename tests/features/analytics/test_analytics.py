"""What happens is counted behind everybody's back: nobody waits for it, and whoever wants to is left out."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from famulus.features.accounts.tables import users
from famulus.features.analytics.errors import ForwardRefused, SpanNotShown
from famulus.features.analytics.jobs import Forwarder, Sweeper
from famulus.features.analytics.overview import overview, span_of
from famulus.features.analytics.recording import FORWARD_JOB, Recorder
from famulus.features.analytics.repository import EventRepository
from famulus.features.analytics.schemas import AnalyticsView
from famulus.features.analytics.service import Counting, erase_analytics
from famulus.infra.database import Database, Session
from famulus.infra.outbound import Outbound
from famulus.jobs.queue import Claim, JobQueue
from famulus.kit.errors import Unavailable
from famulus.kit.facts import Fact
from famulus.settings.counting import AnalyticsSettings

pytestmark = pytest.mark.anyio
MARIA, OTTO = "user_maria", "user_otto"
NOON = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)


class Room:
    """Analytics at a moment that a test sets."""

    def __init__(self, database: Database, **settings: Any) -> None:
        self.database = database
        self.moment = NOON
        self.settings = AnalyticsSettings.model_validate(settings)
        self.queue = JobQueue(now=self._now)
        self.recorder = Recorder(database, self.queue, self.settings, now=self._now)

    def _now(self) -> datetime:
        return self.moment

    def tell(self, name: str, *, of: str = MARIA, **said: Any) -> None:
        self.recorder.tell(Fact(of, name, **said))

    async def seen(self, *, since: date | None = None, bucket: Any = "day") -> AnalyticsView:
        await self.recorder.flush()
        span = span_of(since or NOON.date(), NOON.date(), bucket, today=NOON.date())
        return await self.database.read(lambda session: overview(session, span, self.settings))

    async def counting(self, act: Callable[[Counting], Any], *, of: str = MARIA) -> Any:
        return await self.database.write(lambda session: act(Counting(session, of, now=self._now)))

    async def claim(self) -> list[Claim]:
        return await self.database.write(lambda session: self.queue.claim(session, worker="w", most=9))

    async def forward(self, claim: Claim) -> None:
        outbound = Outbound(allowed=["127.0.0.1"])
        try:
            await Forwarder(self.database, self.queue, outbound, self.settings).forward(claim)
        finally:
            await outbound.close()


@pytest.fixture
async def database(database: Database) -> Database:
    async def add_people(session: Session) -> None:
        for user_id, role in ((MARIA, "owner"), (OTTO, "member")):
            row = {"id": user_id, "name": user_id, "role": role, "zone": "UTC", "preferences": {}}
            await session.execute(users.insert(), row | {"created_at": NOON, "updated_at": NOON})

    await database.write(add_people)
    return database


@pytest.fixture
def room(database: Database) -> Room:
    return Room(database)


async def test_what_happened_is_counted_by_day_and_by_hour(room: Room) -> None:
    for hours, who in ((24, MARIA), (1, MARIA), (1, OTTO), (0, OTTO)):
        room.moment = NOON - timedelta(hours=hours)
        room.tell("message.sent", of=who)
        room.tell("run.ended", of=who, outcome="failed" if hours else "completed")
    room.moment = NOON

    days = await room.seen(since=NOON.date() - timedelta(days=1))
    by_hour = await room.seen(bucket="hour")

    assert [(one.at.day, one.messages, one.active_people, one.runs) for one in days.data] == [
        (20, 1, 1, {"failed": 1}),
        (21, 3, 2, {"failed": 2, "completed": 1}),
    ]
    assert (days.totals.messages, days.totals.active_people) == (4, 2)
    assert days.totals.runs == {"failed": 3, "completed": 1}
    assert [(one.at.hour, one.messages) for one in by_hour.data] == [(11, 2), (12, 1)]
    assert [(one.name, one.many, one.people) for one in days.events] == [("message.sent", 4, 2), ("run.ended", 4, 2)]


async def test_how_long_people_wait_is_told_by_rank_of_what_was_completed(room: Room) -> None:
    for number in range(1, 101):
        first = number if number % 2 else None
        room.tell("run.ended", outcome="completed", took_ms=number * 10, first_ms=first)
    room.tell("run.ended", outcome="failed", took_ms=9_999_999)

    seen = await room.seen()

    assert [one.waits for one in seen.data] == [seen.totals.waits]
    whole, first_words = seen.totals.waits.whole_turn, seen.totals.waits.first_words
    assert whole is not None
    assert (whole.many, whole.p50, whole.p95, whole.p99) == (100, 500, 950, 990)
    assert first_words is not None
    assert (first_words.many, first_words.p50, first_words.p95, first_words.p99) == (50, 49, 95, 99)


async def test_tools_are_told_apart_by_how_they_go(room: Room) -> None:
    for outcome in ("ok", "ok", "tool_timeout"):
        room.tell("tool.called", subject="calculate", outcome=outcome, took_ms=40)
    room.tell("tool.called", subject="search_files", outcome="ok", took_ms=7)

    seen = await room.seen()

    assert [(tool.name, tool.calls, tool.succeeded) for tool in seen.tools] == [
        ("calculate", 3, 2),
        ("search_files", 1, 1),
    ]
    assert [tool.took and tool.took.p95 for tool in seen.tools] == [40, 7]
    assert seen.totals.tool_calls == 4


async def test_nobody_is_counted_who_does_not_want_to_be(room: Room) -> None:
    room.tell("message.sent")
    room.tell("message.sent", of=OTTO)
    await room.counting(lambda counting: counting.identify({"client": "cli"}))
    before = await room.seen()

    await room.counting(lambda counting: counting.opt(out=True))
    room.tell("message.sent")
    unheard = await room.counting(lambda counting: counting.identify({"client": "page"}))
    after = await room.seen()

    assert (before.totals.messages, before.left_out) == (2, 0)
    assert (after.totals.messages, after.totals.active_people, after.left_out) == (1, 1, 1)
    assert unheard.traits == {}
    await room.counting(lambda counting: counting.opt(out=False))
    room.tell("message.sent")
    assert (await room.seen()).totals.messages == 2


async def test_with_a_person_goes_what_was_noted_and_what_waits_to_be(room: Room) -> None:
    room.tell("message.sent")
    await room.seen()
    room.tell("message.sent")
    room.tell("message.sent", of=OTTO)

    async def erase(session: Session) -> None:
        await erase_analytics(session, MARIA)
        await session.execute(users.delete().where(users.c.id == MARIA))

    await room.database.write(erase)

    assert (await room.seen()).totals.messages == 1


async def test_a_database_that_is_away_fails_nobody_and_loses_nothing(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> None:
        raise Unavailable("The database is away.")

    room.tell("message.sent")
    with monkeypatch.context() as patched:
        patched.setattr(room.database, "write", away)
        with pytest.raises(Unavailable):
            await room.recorder.flush()
        room.tell("message.sent")

    assert (await room.seen()).totals.messages == 2


async def test_what_cannot_be_written_at_all_is_left_out_and_holds_up_nothing_that_follows(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    room.tell("message.sent")
    with monkeypatch.context() as patched:
        patched.setattr(EventRepository, "add", broken)
        await room.recorder.flush()
    room.tell("message.sent")

    assert (await room.seen()).totals.messages == 1


async def test_to_tell_waits_for_nobody_and_much_is_written_at_once(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, writes = room.database.write, 0

    async def counted(*work: Any, **how: Any) -> Any:
        nonlocal writes
        writes += 1
        return await write(*work, **how)

    monkeypatch.setattr(room.database, "write", counted)
    for _ in range(1_000):
        # No coroutine: there is nothing in it to wait for.
        room.tell("message.sent")
    before = writes
    await room.recorder.flush()

    assert (before, writes) == (0, 2)
    assert (await room.seen()).totals.messages == 1_000


async def test_no_more_waits_than_there_is_room_for(database: Database) -> None:
    room = Room(database, buffer=3)
    for _ in range(9):
        room.tell("message.sent")

    assert (await room.seen()).totals.messages == 3
    room.tell("message.sent")
    assert (await room.seen()).totals.messages == 4


async def test_what_is_switched_off_notes_nothing(database: Database) -> None:
    room = Room(database, enabled=False)
    room.tell("message.sent")

    seen = await room.seen()

    assert (seen.enabled, seen.totals.messages) == (False, 0)


async def test_what_is_old_is_swept(room: Room) -> None:
    for days in (91, 89):
        room.moment = NOON - timedelta(days=days)
        room.tell("message.sent")
    await room.recorder.flush()

    await Sweeper(room.database, room.settings, now=lambda: NOON).sweep()

    seen = await room.seen(since=NOON.date() - timedelta(days=100))
    assert [one.at.date() for one in seen.data] == [(NOON - timedelta(days=89)).date()]


@pytest.mark.parametrize(
    ("first", "bucket"), [(date(2026, 11, 22), "day"), (date(2020, 1, 1), "day"), (date(2026, 11, 1), "hour")]
)
def test_only_so_many_days_are_shown_at_once(first: date, bucket: Any) -> None:
    with pytest.raises(SpanNotShown):
        span_of(first, NOON.date(), bucket, today=NOON.date())


@asynccontextmanager
async def a_service(statuses: list[int]) -> AsyncIterator[tuple[str, list[Any]]]:
    """An analytics service that answers with these, and then that all is well; its address, and what it was sent."""
    heard: list[Any] = []

    async def batch(request: web.Request) -> web.Response:
        heard.append(await request.json())
        return web.Response(status=statuses.pop(0) if statuses else 200)

    app = web.Application()
    app.router.add_post("/batch/", batch)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/batch/", heard
    await runner.cleanup()


async def test_what_is_noted_is_sent_on_until_it_is_taken(database: Database) -> None:
    async with a_service([503]) as (url, heard):
        room = Room(database, forward_url=url, forward_key="a key")
        await room.counting(lambda counting: counting.identify({"client": "cli"}))
        room.tell("person.identified")
        room.tell("tool.called", subject="calculate", outcome="ok", took_ms=40)
        await room.recorder.flush()
        (claim,) = await room.claim()

        with pytest.raises(ForwardRefused):
            await room.forward(claim)
        await room.forward(claim)

    assert claim.kind == FORWARD_JOB
    assert heard[0] == heard[1]
    assert heard[0]["api_key"] == "a key"
    who, called = heard[0]["batch"]
    assert (who["event"], who["properties"], who["distinct_id"]) == ("$identify", {"$set": {"client": "cli"}}, MARIA)
    assert called["properties"] == {"subject": "calculate", "outcome": "ok", "took_ms": 40}
    assert called["timestamp"] == "2026-11-21T12:30:00.000Z"
    assert called["uuid"] != who["uuid"]
    assert await room.claim() == []


async def test_nothing_is_sent_on_of_somebody_who_has_left_meanwhile(database: Database) -> None:
    async with a_service([]) as (url, heard):
        room = Room(database, forward_url=url)
        room.tell("message.sent")
        await room.recorder.flush()
        await room.counting(lambda counting: counting.opt(out=True))

        (claim,) = await room.claim()
        await room.forward(claim)

    assert heard == []


async def test_what_is_refused_for_what_it_is_is_not_sent_again(database: Database) -> None:
    async with a_service([400]) as (url, heard):
        room = Room(database, forward_url=url)
        room.tell("message.sent")
        await room.recorder.flush()
        (claim,) = await room.claim()
        await room.forward(claim)

    assert len(heard) == 1
