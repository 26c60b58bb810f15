"""The worker: many jobs at a time, none of them lost, whatever a handler does."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from famulus.infra.database import Database
from famulus.jobs.queue import Claim, JobQueue
from famulus.jobs.worker import Handler, Worker
from famulus.kit.errors import Conflict, Unavailable
from tests.jobs.test_queue import FrozenClock, Yard

pytestmark = pytest.mark.anyio


class Bench:
    """A queue whose jobs note that they were done."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = FrozenClock()
        self.queue = JobQueue(lease_seconds=15, now=self.clock)
        self.done: list[str] = []
        self.attempts: list[int] = []
        self.changed = asyncio.Event()

    async def add(self, **options: Any) -> str:
        return await self.database.write(lambda session: self.queue.add(session, "work", {}, **options))

    async def finish(self, claim: Claim) -> None:
        await self.database.write(lambda session: self.queue.finish(session, claim))
        self.done.append(claim.id)
        self.changed.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not condition():
                self.changed.clear()
                await self.changed.wait()

    async def pass_time_until(self, condition: Callable[[], bool]) -> None:
        """Let a second pass again and again; fewer than a lease has while anything is at work."""
        async with asyncio.timeout(60):
            while not condition():
                self.changed.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.changed.wait(), 0.05)
                self.clock.advance(1)

    @asynccontextmanager
    async def at_work(self, handler: Handler, **options: Any) -> AsyncIterator[Worker]:
        settings: dict[str, Any] = {"poll_seconds": 0.05, "lease_seconds": 15, **options}
        worker = Worker(self.database, self.queue, {"work": handler}, now=self.clock, **settings)
        worker.start()
        try:
            yield worker
        finally:
            await worker.stop()

    def failing(self, error: Exception) -> Handler:
        async def handler(claim: Claim) -> None:
            self.attempts.append(claim.attempt)
            self.changed.set()
            raise error

        return handler


@pytest.fixture
def bench(database: Database) -> Bench:
    return Bench(database)


async def test_every_job_is_done_once(bench: Bench) -> None:
    jobs = [await bench.add() for _ in range(70)]

    async with bench.at_work(bench.finish, concurrency=20):
        await bench.until(lambda: len(bench.done) == 70)

    assert sorted(bench.done) == sorted(jobs)


async def test_jobs_of_one_key_are_done_one_after_the_other(bench: Bench) -> None:
    jobs = [await bench.add(serial_key="thread") for _ in range(10)]

    async with bench.at_work(bench.finish):
        await bench.until(lambda: len(bench.done) == 10)

    assert bench.done == jobs


@pytest.mark.parametrize("error", [Conflict("not now"), ValueError("a bug")])
async def test_a_job_that_fails_is_tried_with_pauses_that_grow_and_then_kept_aside(
    bench: Bench, error: Exception
) -> None:
    await bench.add()

    async with bench.at_work(bench.failing(error), max_attempts=3, poll_seconds=0.01):
        begun = bench.clock()
        await bench.pass_time_until(lambda: len(bench.attempts) == 3)
        passed = bench.clock() - begun
    bench.clock.advance(3_600)

    assert bench.attempts == [1, 2, 3]
    assert passed.total_seconds() >= 2 + 4
    assert await Yard(bench.database).claim() == []
    [row] = await bench.database.read(lambda session: session.driver_sql("SELECT dead, last_error, attempts FROM jobs"))
    assert (row[0], row[2]) == (1, 3)
    assert row[1] in ("conflict", "ValueError")


@pytest.mark.parametrize("error", [Unavailable("away"), RuntimeError("a driver's bug")])
async def test_whatever_the_database_does_the_worker_goes_on_when_it_is_well_again(
    bench: Bench, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, failed = bench.database.write, 0

    async def fail_first(work: Any, **options: Any) -> Any:
        nonlocal failed
        if failed < 3:
            failed += 1
            raise error
        return await write(work, **options)

    job = await bench.add()
    monkeypatch.setattr(bench.database, "write", fail_first)
    async with bench.at_work(bench.finish, poll_seconds=0.01) as worker:
        await bench.until(lambda: bench.done == [job])

        assert failed == 3
        worker.check_progress()


async def test_a_failure_that_cannot_be_noted_at_once_is_noted_later(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.add()
    retry, tries = bench.queue.retry, 0

    async def fail_first(*arguments: Any, **options: Any) -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise Unavailable("away")
        await retry(*arguments, **options)

    monkeypatch.setattr(bench.queue, "retry", fail_first)
    async with bench.at_work(bench.failing(ValueError("a bug")), poll_seconds=0.01):
        await bench.pass_time_until(lambda: len(bench.attempts) == 2)

    assert tries >= 3


async def test_a_failure_costs_the_other_jobs_nothing(bench: Bench) -> None:
    broken = await bench.add()
    sound = [await bench.add() for _ in range(5)]

    async def handler(claim: Claim) -> None:
        if claim.id == broken:
            raise RuntimeError("a bug")
        await bench.finish(claim)

    async with bench.at_work(handler):
        await bench.until(lambda: len(bench.done) == 5)

    assert sorted(bench.done) == sorted(sound)


async def test_who_stops_waits_for_what_is_nearly_done(bench: Bench) -> None:
    await bench.add()
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def handler(claim: Claim) -> None:
        begun.set()
        await may_end.wait()
        await bench.finish(claim)

    async with bench.at_work(handler) as worker:
        await begun.wait()
        stopping = asyncio.create_task(worker.stop(drain_seconds=10))
        may_end.set()
        await stopping

    assert len(bench.done) == 1


async def test_who_stops_hands_over_what_is_not_done(bench: Bench) -> None:
    job = await bench.add()
    begun = asyncio.Event()

    async def handler(_claim: Claim) -> None:
        begun.set()
        await asyncio.Event().wait()

    async with bench.at_work(handler) as worker:
        await begun.wait()
        await worker.stop(drain_seconds=0.01)

    async with bench.at_work(bench.finish):
        await bench.until(lambda: bench.done == [job])


async def test_a_worker_that_has_stopped_says_that_it_is_not_ready(bench: Bench) -> None:
    async with bench.at_work(bench.finish) as worker:
        worker.check_progress()

    with pytest.raises(Unavailable):
        worker.check_progress()


async def test_a_claim_that_was_lost_is_told(bench: Bench) -> None:
    await bench.add()
    begun, lost = asyncio.Event(), asyncio.Event()

    async def handler(claim: Claim) -> None:
        claim.on_lost = lost.set
        begun.set()
        await lost.wait()

    async with bench.at_work(handler, lease_seconds=0.3):
        await begun.wait()
        bench.clock.advance(60)
        await bench.database.write(lambda session: bench.queue.claim(session, worker="another", most=1))
        async with asyncio.timeout(60):
            await lost.wait()
