"""Two processes on one database: what one writes the other shows, by word of the relay or by looking for itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest

from famulus.infra.database import Database, Session, Work
from famulus.infra.redis.relay import RedisRelay
from famulus.infra.relay import Relay
from famulus.kit.ids import new_id
from famulus.streams import store
from famulus.streams.log import EventLog, StreamGone
from famulus.streams.outbox import Outbox, packed, unpacked
from famulus.streams.store import END, Entry
from famulus.streams.tail import Tail
from famulus.streams.writer import Writer
from tests.infra.redis_server import private_redis
from tests.infra.test_relay import until

pytestmark = pytest.mark.anyio

T = TypeVar("T")
STREAM = "run_x"


class Watched:
    """A database that counts who reads it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.reads = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    async def read(self, work: Work[T]) -> T:
        self.reads += 1
        return await self._database.read(work)


@dataclass
class Two:
    """One log that writes, and another that follows."""

    writes: EventLog
    follows: EventLog
    database: Database
    watched: Watched
    writer: Writer

    async def add(self, *numbers: int, kind: str = "mark") -> None:
        async def step(_session: Session, drafts: list[store.Draft]) -> None:
            drafts += [(kind, {"number": number}) for number in numbers]

        await self.writer.transact(step)


@asynccontextmanager
async def two_logs(database: Database, url: str | None, **sizes: int) -> AsyncIterator[Two]:
    namespace = new_id("test")
    relays: list[Relay] = [RedisRelay(url, namespace=namespace, **sizes) if url else Relay() for _ in range(2)]
    watched = Watched(database)
    writes = EventLog(database, relay=relays[0], flush_seconds=0)
    follows = EventLog(watched, relay=relays[1], flush_seconds=0)
    parts: list[Relay | EventLog] = [writes, follows, *relays]
    for part in parts:
        part.start()
    if url:
        await until(lambda: all(relay.is_live for relay in relays))
    await database.write(lambda session: writes.begin(session, STREAM, [("opened", {})]))
    await database.write(lambda session: store.take(session, STREAM, 1))
    try:
        yield Two(writes, follows, database, watched, writes.open(STREAM, 1))
    finally:
        for part in parts:
            await part.stop()


async def follow(log: EventLog, got: list[Entry]) -> None:
    async for batch in log.follow(STREAM, after=0):
        got += batch


async def test_what_is_shown_is_not_looked_up(database: Database, redis_url: str) -> None:
    async with two_logs(database, redis_url) as two:
        got: list[Entry] = []
        following = asyncio.create_task(follow(two.follows, got))
        await until(lambda: got)
        reads = two.watched.reads
        for number in range(50):
            await two.add(number)
            await until(lambda n=number: got[-1].seq == n + 2)  # type: ignore[misc]

        await two.add(0, kind=END)
        await following

        # Now and then somebody looks all the same, for what may have been lost.
        assert two.watched.reads - reads <= 2
        assert [entry.seq for entry in got] == list(range(1, 53))
        assert [entry.data.get("number") for entry in got[1:-1]] == list(range(50))


async def test_without_word_from_elsewhere_one_looks_for_oneself(database: Database) -> None:
    async with two_logs(database, None) as two:
        got: list[Entry] = []
        following = asyncio.create_task(follow(two.follows, got))
        await until(lambda: got)
        await two.add(1, 2, 3)
        await until(lambda: len(got) == 4)
        await two.add(0, kind=END)

        async with asyncio.timeout(60):
            await following
        assert [entry.seq for entry in got] == [1, 2, 3, 4, 5]


async def test_many_who_follow_cost_one_look(database: Database) -> None:
    async with two_logs(database, None) as two:
        followers: list[list[Entry]] = [[] for _ in range(20)]
        tasks = [asyncio.create_task(follow(two.follows, got)) for got in followers]
        await until(lambda: all(followers))
        reads = two.watched.reads

        await asyncio.sleep(1.2)

        assert two.watched.reads - reads <= 3
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize("fault", ["frozen", "gone", "emptied"])
async def test_what_was_lost_on_the_way_is_looked_up(database: Database, fault: str) -> None:
    with private_redis() as server:
        async with two_logs(database, server.url) as two:
            got: list[Entry] = []
            following = asyncio.create_task(follow(two.follows, got))
            await until(lambda: got)
            await two.add(1)
            await until(lambda: len(got) == 2)

            if fault == "frozen":
                server.freeze()
            else:
                server.kill()
                if fault == "emptied":
                    server.start()
            began = asyncio.get_running_loop().time()
            await two.add(2, 3)
            await two.add(4)
            assert asyncio.get_running_loop().time() - began < 20
            await until(lambda: len(got) == 5)
            if fault == "frozen":
                server.thaw()
            if fault == "gone":
                server.start()
            await two.add(0, kind=END)

            async with asyncio.timeout(60):
                await following
            assert [entry.seq for entry in got] == [1, 2, 3, 4, 5, 6]


async def test_what_is_trimmed_under_a_reader_is_read_from_the_database(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with private_redis() as server:
        # Trimmed to the message, and not to the nearest hundred.
        server.command("CONFIG", "SET", "stream-node-max-entries", "1")
        async with two_logs(database, server.url, kept_messages=5) as two:
            relay = two.follows._relay
            assert isinstance(relay, RedisRelay)
            asked, goes_on = relay._asked, asyncio.Event()

            async def held_up() -> Any:
                await goes_on.wait()
                return await asked()

            reader = two.follows.follow(STREAM, after=0)
            got = list(await anext(reader))
            # The reader's client takes nothing, and its process hears nothing.
            monkeypatch.setattr(relay, "_asked", held_up)
            for first in range(0, 5_000, 50):
                await two.add(*range(first, first + 50))
            await two.add(0, kind=END)
            await until(lambda: not two.writes._outbox._pending)
            assert await relay._speaker.xlen(relay._prefix + STREAM) <= 5
            reads = two.watched.reads
            goes_on.set()

            async with asyncio.timeout(60):
                got += [entry async for batch in reader for entry in batch]
                # Nor does one miss anything who comes only now, to what is left.
                late = [entry async for batch in two.follows.follow(STREAM, after=2_500) for entry in batch]
            assert [entry.seq for entry in got] == list(range(1, 5_003))
            assert [entry.data["number"] for entry in got[1:-1]] == list(range(5_000))
            assert late == got[2_500:]
            assert two.watched.reads - reads >= 5_000 // 256


@pytest.mark.parametrize("word", [True, False])
async def test_who_follows_what_is_deleted_elsewhere_is_told(database: Database, redis_url: str, word: bool) -> None:
    async with two_logs(database, redis_url if word else None) as two:
        got: list[Entry] = []
        following = asyncio.create_task(follow(two.follows, got))
        await until(lambda: got)

        await two.database.write(lambda session: two.writes.discard(session, [STREAM]))

        with pytest.raises(StreamGone):
            async with asyncio.timeout(0.4 if word else 2):
                await following


class Carried(Relay):
    """A relay whose server answers when it is told to."""

    takes = True


def entries(first: int, last: int, *, text: str = "") -> list[Entry]:
    return [Entry(seq, 1, "mark", {"text": text}) for seq in range(first, last + 1)]


async def test_what_waits_for_a_slow_server_is_bounded() -> None:
    outbox = Outbox(Carried())
    for first in range(1, 10_001, 10):
        outbox.add(STREAM, entries(first, first + 9))

    [(_, message)] = outbox.take()

    sent = unpacked(message)
    assert isinstance(sent, list)
    assert len(sent) <= 256
    assert sent[-1].seq == 10_000
    assert outbox.take() == []


async def test_what_is_too_large_for_a_message_is_named_by_its_number() -> None:
    assert unpacked(packed(entries(1, 9, text="x" * 20_000))) == 9


async def test_a_tail_takes_in_word_that_comes_twice_late_or_with_a_hole() -> None:
    tail = Tail()
    tail.publish(entries(1, 3))
    tail.publish(entries(2, 5))
    tail.publish(entries(4, 4))
    assert [entry.seq for entry in tail.since(0) or []] == [1, 2, 3, 4, 5]

    tail.publish(entries(8, 9))
    assert tail.since(5) is None
    assert [entry.seq for entry in tail.since(7) or []] == [8, 9]
    assert tail.since(9) == []

    tail.learn(12)
    assert tail.since(9) is None
    assert tail.since(12) == []
