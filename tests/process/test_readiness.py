"""A process that does not get on with its work says so, and says with what; it lives all the same."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from famulus.infra.database import Database
from famulus.jobs.queue import Claim, JobQueue
from famulus.jobs.worker import Worker
from famulus.kit.clock import utc_now
from famulus.kit.errors import Unavailable
from famulus.streams import store
from famulus.streams.log import EventLog
from tests.serving import Client, Server, serving

pytestmark = pytest.mark.anyio

Write = Callable[..., Awaitable[Any]]


class Ticks:
    """A clock that stands until it is put forward."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


class Fault:
    """A database's way of writing, until it is told to do something else."""

    def __init__(self, database: Database, patch: pytest.MonkeyPatch) -> None:
        self._write = database.write
        self.instead: Write | None = None
        self.asked = asyncio.Event()
        patch.setattr(database, "write", self.write)

    async def write(self, work: Any, **options: Any) -> Any:
        self.asked.set()
        return await (self.instead or self._write)(work, **options)


async def _never(*_: Any, **__: Any) -> None:
    await asyncio.Event().wait()


async def _fail(*_: Any, **__: Any) -> None:
    raise Unavailable("The disk is away.")


def stuck(check: Callable[[], None]) -> str | None:
    try:
        check()
    except Unavailable as error:
        return str(error.details["stuck"])
    return None


@pytest.mark.parametrize("fault", [_never, _fail])
async def test_an_event_log_that_is_not_written(
    database: Database, fault: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks, planted = Ticks(), Fault(database, monkeypatch)
    log = EventLog(database, flush_seconds=0, ticks=ticks)
    log.start()
    await database.write(lambda session: log.begin(session, "run_x", [("opened", {})]))
    await database.write(lambda session: store.take(session, "run_x", 1))
    writer = log.open("run_x", 1)
    planted.instead = fault
    planted.asked.clear()

    writer.append_text("delta", "msg_x", "words")
    await planted.asked.wait()
    ticks.seconds += 5
    assert stuck(log.check_progress) is None
    ticks.seconds += 6
    assert stuck(log.check_progress) == "event log"

    if fault is _fail:
        planted.instead = None
        await asyncio.wait_for(anext(log.follow("run_x", after=1)), 10)
        assert stuck(log.check_progress) is None
    writer.close()
    await log.stop()


@pytest.mark.parametrize("fault", [_never, _fail])
async def test_a_worker_that_does_not_look_for_work(
    database: Database, fault: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks, planted = Ticks(), Fault(database, monkeypatch)
    worker = Worker(database, JobQueue(), {}, poll_seconds=0.01, lease_seconds=15, ticks=ticks)
    planted.instead = fault
    worker.start()
    await planted.asked.wait()

    assert stuck(worker.check_progress) is None
    ticks.seconds += 16
    assert stuck(worker.check_progress) == "worker"

    planted.instead = None
    if fault is _never:
        # It would wait for that one claim as long as a lease lasts.
        worker._loops[0].cancel()
    await worker.stop()


async def test_jobs_that_are_due_and_that_nobody_claims(database: Database) -> None:
    ticks = Ticks()
    begun, done = asyncio.Event(), asyncio.Event()

    async def handler(_claim: Claim) -> None:
        begun.set()
        await done.wait()

    queue = JobQueue()
    worker = Worker(database, queue, {"work": handler}, concurrency=1, poll_seconds=0.01, ticks=ticks)
    worker._looked_at = float("inf")
    ticks.seconds += 61

    assert stuck(lambda: worker.check_progress(late_seconds=59)) is None
    assert stuck(lambda: worker.check_progress(late_seconds=61)) == "queue"

    # One that has its hands full is busy, and not stuck.
    await database.write(lambda session: queue.add(session, "work", {}))
    worker.start()
    await begun.wait()
    assert stuck(lambda: worker.check_progress(late_seconds=600)) is None
    done.set()
    await worker.stop()


async def test_a_server_without_workers_serves_and_says_that_they_are_missing(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        server.arguments = ("--no-worker",)
        await server.start()
        owner = await server.owner()
        await owner.send(await owner.thread(), "hello")
        assert await _degraded(server) == []

        late = (utc_now() - timedelta(minutes=2)).strftime("%Y-%m-%d %H:%M:%S.%f")
        server.kept.change("UPDATE jobs SET due_at = ?", [[late]])

        assert await _degraded(server) == ["workers"]
        assert (await owner.request("GET", "/health/live"))[0] == 200


async def _degraded(server: Server) -> Any:
    ready = await Client(server.url, "", "").get("/health/ready")
    assert ready["status"] == "ready"
    return ready["degraded"]
