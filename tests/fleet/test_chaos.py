"""Workers that are killed, stopped and woken at random while people talk: every run ends once, every effect is one."""

import asyncio
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from tests.fleet.fleet import Fleet, a_fleet
from tests.fleet.following import Stubborn
from tests.journeys.talk import use
from tests.serving import Client, Server

pytestmark = pytest.mark.anyio

SEED = 20261121
SETTINGS = {
    "FAMULUS_JOBS__MAX_ATTEMPTS": "100",
    "FAMULUS_JOBS__POLL_SECONDS": "0.5",
    "FAMULUS_MODEL__OFFLINE_WORDS_PER_SECOND": "100",
}


async def talked(clients: list[Client], runs: int, *, over_seconds: float) -> list[Stubborn]:
    """So many runs, begun one after the other: words, and effects that would be seen twice."""
    followers: list[Stubborn] = []
    for number in range(runs):
        what = use("add_goal", title=f"effect {number}") if number % 2 else f"count to {100 + number % 200}"
        followers.append(await said(clients[number % len(clients) :] + clients, what, name=f"said {number}"))
        await asyncio.sleep(over_seconds / runs)
    return followers


async def said(clients: list[Client], what: str, *, name: str) -> Stubborn:
    run = await clients[0].send(await clients[0].thread(), what, client_message_id=name)
    return Stubborn(clients, run["id"])


async def harassed(fleet: Fleet, *, seconds: float, every_seconds: float, leaving: int = 0) -> int:
    """Kill a worker, start it again, and so on, as long as more than `leaving` are there; how often."""
    chance = random.Random(SEED)
    until = time.monotonic() + seconds
    starting: dict[int, asyncio.Task[Server]] = {}
    killed = 0
    while time.monotonic() < until:
        # One that has just been killed is left alone until it is there again.
        up = [worker for worker in fleet.workers if id(worker) not in starting or starting[id(worker)].done()]
        if len(up) > leaving:
            victim = chance.choice(up)
            victim.kill()
            killed += 1
            starting[id(victim)] = asyncio.create_task(victim.start())
        await asyncio.sleep(every_seconds)
    await asyncio.gather(*starting.values())
    return killed


async def outlived(fleet: Fleet, clients: list[Client]) -> None:
    """A worker that is held up for longer than its lease, and wakes with words of its own: nobody gets to hear them."""
    victim, *others = fleet.workers
    for other in others:
        other.kill()
    followers = [await said(clients, "count to 150", name=f"outlived {number}") for number in range(4)]
    following = asyncio.gather(*(follower.follow() for follower in followers))
    async with asyncio.timeout(60):
        await until(lambda: all(epochs(follower) for follower in followers))
        victim.signal(signal.SIGSTOP)
        await asyncio.gather(*(other.start() for other in others))
        await until(lambda: all(len(epochs(follower)) > 1 for follower in followers))
        victim.signal(signal.SIGCONT)
        await following
        await until(lambda: victim.log_text.count("run.taken_over") >= len(followers))
    for follower in followers:
        await follower.assert_sound()


def epochs(follower: Stubborn) -> set[str]:
    """Those who have written what was said to this follower."""
    words = (event for event in follower.seen if event.name == "thread.message.delta")
    return {str(event.id).partition(":")[0] for event in words}


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.05)


async def asked(url: str, sql: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url)
    rows: list[asyncpg.Record] = await connection.fetch(sql)
    await connection.close()
    return rows


async def effects(url: str) -> Counter[str]:
    return Counter(row[0] for row in await asked(url, "SELECT title FROM goals"))


async def unfinished(url: str) -> list[dict[str, object]]:
    """What there is to know about runs that have not ended, for whoever reads the failure."""
    runs = """
        SELECT runs.id, runs.status, attempts, leased_by, turn, jobs.last_error, due_at - now() AS due
        FROM runs LEFT JOIN jobs ON jobs.kind = 'run' AND jobs.payload->>'run_id' = runs.id WHERE runs.ended_at IS NULL
    """
    return [dict(row) for row in await asked(url, runs)]


async def chaos(
    folder: Path,
    postgres_url: str,
    redis_url: str,
    *,
    servers: int,
    workers: int,
    runs: int,
    seconds: float,
    every_seconds: float,
) -> None:
    addresses = {"FAMULUS_DATABASE__URL": postgres_url, "FAMULUS_REDIS__URL": redis_url}
    with a_fleet(folder, servers=servers, workers=workers, **addresses, **SETTINGS) as fleet:
        owner = await fleet.start()
        clients = [fleet.at(server, owner) for server in fleet.servers]
        talking = asyncio.create_task(talked(clients, runs, over_seconds=seconds * 0.8))
        killed = await harassed(fleet, seconds=seconds, every_seconds=every_seconds)
        followers = await talking
        following = asyncio.gather(*(follower.follow() for follower in followers))
        try:
            async with asyncio.timeout(60 + seconds):
                await following
        except TimeoutError:
            pytest.fail(f"These have not ended: {await unfinished(postgres_url)}")

        assert killed >= 1
        for follower in followers:
            await follower.assert_sound()
        await outlived(fleet, clients)
        assert await effects(postgres_url) == Counter(f"effect {number}" for number in range(1, runs, 2))
        # What was said under the same name is the same run, whoever is asked.
        again = await clients[-1].send(await owner.thread(), "something else", client_message_id="new")
        assert (await clients[0].ended(again["id"]))["status"] == "completed"


async def test_workers_may_die_at_any_moment(tmp_path: Path, postgres_database: str, redis_url: str) -> None:
    sizes = {"servers": 1, "workers": 2, "runs": 30}
    await chaos(tmp_path, postgres_database, redis_url, **sizes, seconds=4, every_seconds=1.5)


@pytest.mark.soak
async def test_workers_may_die_at_any_moment_for_long(tmp_path: Path, postgres_database: str, redis_url: str) -> None:
    sizes = {"servers": 2, "workers": 3, "runs": 300}
    await chaos(tmp_path, postgres_database, redis_url, **sizes, seconds=20, every_seconds=1)
