"""Whatever happens in whatever order: one log without gap, the same for everybody, and nothing of who lost it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from famulus.infra.database import Database, Session
from famulus.streams import store
from famulus.streams.log import EventLog, StreamGone
from famulus.streams.store import END, Draft, Entry, Fenced
from famulus.streams.writer import Writer
from tests.databases import BOTH, a_database, sqlite_url

STREAM = "run_x"
Action = tuple[str, int]


class Mishap(Exception):
    """Something that goes wrong in somebody's transaction."""


@dataclass
class Follower:
    """Somebody who watches, from a position on."""

    after: int
    task: "asyncio.Task[None]" = field(init=False)
    got: list[Entry] = field(default_factory=list)

    async def watch(self, log: EventLog) -> None:
        async for batch in log.follow(STREAM, after=self.after):
            self.got += batch


@pytest.fixture(params=BOTH)
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of a database that is emptied for each log."""
    return sqlite_url(tmp_path) if request.param == "sqlite" else str(request.getfixturevalue("postgres_database"))


@asynccontextmanager
async def a_log(address: str) -> AsyncIterator[tuple[EventLog, Database]]:
    """An event log on an empty database."""
    async with a_database(address) as database:
        await database.write(lambda session: store.delete(session, [STREAM]))
        log = EventLog(database, flush_seconds=0)
        log.start()
        await database.write(lambda session: log.begin(session, STREAM, [("opened", {})]))
        yield log, database
        await log.stop()


async def take(log: EventLog, database: Database, epoch: int) -> Writer:
    await database.write(lambda session: store.take(session, STREAM, epoch))
    return log.open(STREAM, epoch)


async def add(writer: Writer, *drafts: Draft, mishap: bool = False) -> None:
    async def step(_session: Session, shown: list[Draft]) -> None:
        shown += drafts
        if mishap:
            raise Mishap

    await writer.transact(step)


class Play:
    """One course of events, and what it should have come to."""

    def __init__(self, log: EventLog, database: Database) -> None:
        self._log = log
        self._database = database
        self._epoch = 0
        self._lost: list[Writer] = []
        self.followers: list[Follower] = []
        self.said = ""
        self.marks: list[int] = []

    async def begin(self) -> None:
        self._writer = await self._taken()

    async def act(self, action: Action) -> None:
        kind, number = action
        match kind:
            case "text":
                text = f"{number} "
                self._writer.append_text("text", "m", text)
                self.said += text
            case "mark":
                await add(self._writer, *[("mark", {"number": number})] * 2)
                self.marks += [number] * 2
            case "mishap":
                with pytest.raises(Mishap):
                    await add(self._writer, ("mark", {"number": -1}), mishap=True)
            case "join":
                head = await self._log.head(STREAM)
                self._join(number % ((head.seq if head else 0) + 1))
            case "leave" if self.followers:
                self.followers[number % len(self.followers)].task.cancel()
            case "turn":
                for _ in range(number):
                    await asyncio.sleep(0)
            case "take over":
                await add(self._writer)
                self._lost.append(self._writer)
                self._writer = await self._taken()
                await self._haunt()

    async def end(self) -> list[Entry]:
        await add(self._writer, (END, {}))
        for writer in (*self._lost, self._writer):
            writer.close()
        for follower in self.followers:
            with suppress(asyncio.CancelledError):
                await follower.task
        return [entry async for batch in self._log.follow(STREAM, after=0) for entry in batch]

    async def _taken(self) -> Writer:
        self._epoch += 1
        return await take(self._log, self._database, self._epoch)

    async def _haunt(self) -> None:
        """Let somebody write who has lost the stream."""
        lost = self._lost[-1]
        lost.append_text("text", "m", "ghost")
        with pytest.raises(Fenced):
            await add(lost, ("mark", {"number": -2}))

    def _join(self, after: int) -> None:
        follower = Follower(after)
        follower.task = asyncio.create_task(follower.watch(self._log))
        self.followers.append(follower)


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["text", "text", "text", "mark", "mishap", "join", "leave", "turn", "take over"]),
        st.integers(0, 20),
    ),
    max_size=40,
)


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(actions=ACTIONS)
def test_any_course_of_events_leaves_one_log_that_everybody_saw(address: str, actions: list[Action]) -> None:
    async def play() -> None:
        async with asyncio.timeout(20), a_log(address) as (log, database):
            course = Play(log, database)
            await course.begin()
            for action in actions:
                await course.act(action)
            entries = await course.end()
        _is_whole(entries)
        assert "".join(e.data["text"] for e in entries if e.kind == "text") == course.said
        assert [e.data["number"] for e in entries if e.kind == "mark"] == course.marks
        for follower in course.followers:
            rest = [_bare(entry) for entry in entries if entry.seq > follower.after]
            got = [_bare(entry) for entry in follower.got]
            assert got == (rest[: len(got)] if follower.task.cancelled() else rest)

    asyncio.run(play())


def _is_whole(entries: list[Entry]) -> None:
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    assert [entry.epoch for entry in entries] == sorted(entry.epoch for entry in entries)
    assert [entry.kind for entry in entries].count(END) == 1
    assert entries[-1].kind == END


def _bare(entry: Entry) -> tuple[int, int, str, dict[str, Any]]:
    return entry.seq, entry.epoch, entry.kind, entry.data


@pytest.mark.anyio
async def test_an_ended_stream_takes_nothing_more(address: str) -> None:
    async with a_log(address) as (log, database):
        writer = await take(log, database, 1)
        await add(writer, (END, {}))

        with pytest.raises(Fenced):
            await add(writer, ("mark", {}))
        with pytest.raises(Fenced):
            await take(log, database, 2)


@pytest.mark.anyio
async def test_nobody_takes_a_stream_with_an_older_epoch(address: str) -> None:
    async with a_log(address) as (log, database):
        await take(log, database, 5)

        for epoch in (4, 5):
            with pytest.raises(Fenced):
                await take(log, database, epoch)


@pytest.mark.anyio
async def test_who_has_lost_the_stream_learns_it_from_what_stands_in_the_way_too(address: str) -> None:
    async with a_log(address) as (log, database):
        lost = await take(log, database, 1)
        await add(await take(log, database, 2), ("mark", {}))

        async def clash(session: Session, drafts: list[Draft]) -> None:
            drafts.append(("mark", {}))
            await store.create(session, STREAM)

        with pytest.raises(Fenced):
            await lost.transact(clash)


@pytest.mark.anyio
async def test_who_has_lost_the_stream_is_told(address: str) -> None:
    async with a_log(address) as (log, database):
        told = asyncio.Event()
        old = await take(log, database, 1)
        old.on_fenced = told.set
        await take(log, database, 2)

        old.append_text("text", "m", "ghost")

        async with asyncio.timeout(60):
            await told.wait()
        assert old.is_fenced
        assert [entry.kind for entry in await log.page(STREAM, after=0)] == ["opened"]


@pytest.mark.anyio
async def test_who_follows_what_is_deleted_is_told(address: str) -> None:
    async with a_log(address) as (log, database):
        follower = Follower(0)
        follower.task = asyncio.create_task(follower.watch(log))
        while not follower.got:
            await asyncio.sleep(0)

        await database.write(lambda session: log.discard(session, [STREAM]))

        with pytest.raises(StreamGone):
            async with asyncio.timeout(60):
                await follower.task


@pytest.mark.anyio
async def test_what_happens_in_a_transaction_that_fails_is_not_shown_and_text_before_it_is_kept(address: str) -> None:
    async with a_log(address) as (log, database):
        writer = await take(log, database, 1)
        writer.append_text("text", "m", "before ")
        with pytest.raises(Mishap):
            await add(writer, ("mark", {}), mishap=True)
        writer.append_text("text", "m", "after")
        await add(writer, (END, {}))

        entries = await log.page(STREAM, after=0)

        assert [entry.kind for entry in entries if entry.kind != "text"] == ["opened", END]
        assert "".join(entry.data["text"] for entry in entries if entry.kind == "text") == "before after"


@pytest.mark.anyio
async def test_who_has_lost_the_stream_cannot_write_beside_its_heir(address: str) -> None:
    async with a_log(address) as (log, database):
        for epoch in (1, 2):
            await database.write(lambda session, e=epoch: store.take(session, STREAM, e))  # type: ignore[misc]
        batches = [store.Batch(STREAM, epoch, [("mark", {"number": epoch})]) for epoch in (1, 2)]

        kept = await database.write(lambda session: store.append(session, batches))

        assert list(kept) == [(STREAM, 2)]
        assert [entry.data for entry in await log.page(STREAM, after=1)] == [{"number": 2}]


@pytest.mark.anyio
async def test_who_is_stopped_twice_still_learns_what_came_of_a_write(postgres_database: str) -> None:
    async with a_log(postgres_database) as (log, database):
        writer = await take(log, database, 1)

        async def slowly(session: Session, shown: list[Draft]) -> None:
            shown.append(("late", {}))
            begun.set()
            await session.driver_sql("SELECT 1 FROM pg_sleep(0.3)")

        begun = asyncio.Event()
        writing = asyncio.create_task(writer.transact(slowly))
        await begun.wait()
        for _ in range(3):
            writing.cancel()
            await asyncio.sleep(0)
        with suppress(asyncio.CancelledError):
            await writing

        assert [entry.kind for entry in await log.page(STREAM, after=0)] == ["opened", "late"]
        writer.close()
