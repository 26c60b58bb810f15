"""Workers that are killed, stopped and woken at random while people talk: every run ends once, every effect is one."""

import asyncio
import random
import signal
import time
from collections import Counter
from pathlib import Path

import asyncpg
import pytest

from tests.fleet.fleet import Fleet, a_fleet
from tests.fleet.following import Stubborn
from tests.journeys.talk import use
from tests.serving import Client, Server

pytestmark = pytest.mark.anyio

SEED = 20261121
LEASE_SECONDS = 2
SETTINGS = {
    "FAMULUS_JOBS__MAX_ATTEMPTS": "100",
    "FAMULUS_JOBS__POLL_SECONDS": "0.5",
    "FAMULUS_MODEL__OFFLINE_WORDS_PER_SECOND": "100",
}


async def talked(owner: Client, clients: list[Client], runs: int, *, over_seconds: float) -> list[Stubborn]:
    """So many runs, begun one after the other: words, and effects that would be seen twice."""
    followers: list[Stubborn] = []
    for number in range(runs):
        what = use("add_goal", title=f"effect {number}") if number % 2 else f"count to {100 + number % 200}"
        run = await owner.send(await owner.thread(), what, client_message_id=f"said {number}")
        followers.append(Stubborn(clients[number % len(clients) :] + clients, run["id"]))
        await asyncio.sleep(over_seconds / runs)
    return followers


async def harassed(fleet: Fleet, *, seconds: float, every_seconds: float) -> int:
    """Kill a worker, start it again, and so on; how often."""
    chance = random.Random(SEED)
    until = time.monotonic() + seconds
    starting: dict[int, asyncio.Task[Server]] = {}
    killed = 0
    while time.monotonic() < until:
        # One that has just been killed is left alone until it is there again.
        up = [worker for worker in fleet.workers if id(worker) not in starting or starting[id(worker)].done()]
        if up:
            victim = chance.choice(up)
            victim.kill()
            killed += 1
            starting[id(victim)] = asyncio.create_task(victim.start())
        await asyncio.sleep(every_seconds)
    await asyncio.gather(*starting.values())
    return killed


async def frozen(worker: Server, *, seconds: float) -> None:
    """A worker that is held up for longer than its lease, and wakes with words of its own."""
    worker.signal(signal.SIGSTOP)
    await asyncio.sleep(seconds)
    worker.signal(signal.SIGCONT)


async def effects(url: str) -> Counter[str]:
    connection = await asyncpg.connect(url)
    rows = await connection.fetch("SELECT title FROM goals")
    await connection.close()
    return Counter(row[0] for row in rows)


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
        talking = asyncio.create_task(talked(owner, clients, runs, over_seconds=seconds * 0.8))
        killed = await harassed(fleet, seconds=seconds, every_seconds=every_seconds)
        followers = await talking
        following = asyncio.gather(*(follower.follow() for follower in followers))
        await frozen(fleet.workers[0], seconds=LEASE_SECONDS + 1)

        async with asyncio.timeout(60 + seconds):
            await following

        assert killed >= 1
        for follower in followers:
            await follower.assert_sound()
        assert await effects(postgres_url) == Counter(f"effect {number}" for number in range(1, runs, 2))
        # What was said under the same name is the same run, whoever is asked.
        again = await clients[-1].send(await owner.thread(), "something else", client_message_id="new")
        assert (await clients[0].ended(again["id"]))["status"] == "completed"


async def test_workers_may_die_at_any_moment(tmp_path: Path, postgres_database: str, redis_url: str) -> None:
    sizes = {"servers": 1, "workers": 2, "runs": 40}
    await chaos(tmp_path, postgres_database, redis_url, **sizes, seconds=5, every_seconds=2)


@pytest.mark.soak
async def test_workers_may_die_at_any_moment_for_long(tmp_path: Path, postgres_database: str, redis_url: str) -> None:
    sizes = {"servers": 2, "workers": 3, "runs": 300}
    await chaos(tmp_path, postgres_database, redis_url, **sizes, seconds=20, every_seconds=1)
