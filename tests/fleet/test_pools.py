"""A server whose runs wait for a worker: those who follow hold no connection, and nobody has too many of them."""

import asyncio
import time
from collections.abc import AsyncIterator

import aiohttp
import asyncpg
import pytest

from tests.fleet.fleet import Fleet, a_fleet
from tests.serving import Client, assert_whole
from tests.storage import new_database

pytestmark = pytest.mark.anyio

STREAMS = 1_000
POOL = 10
ACTIVE = 5


async def opened(http: aiohttp.ClientSession, person: Client, run_id: str) -> aiohttp.ClientResponse:
    """A stream that has shown its beginning."""
    answer = await http.get(f"{person.url}/runs/{run_id}/events", headers=person.headers)
    assert answer.status == 200
    assert b"thread.run.queued" in await answer.content.readuntil(b"thread.run.queued")
    return answer


async def connections(url: str) -> int:
    connection = await asyncpg.connect(url)
    count: int = await connection.fetchval(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'famulus' AND datname = current_database()"
    )
    await connection.close()
    return count


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def waiting(
    tmp_path_factory: pytest.TempPathFactory, postgres_url: str, anyio_backend: str
) -> AsyncIterator[tuple[Fleet, Client]]:
    settings = {
        "FAMULUS_DATABASE__URL": new_database(postgres_url),
        "FAMULUS_DATABASE__POOL_SIZE": str(POOL),
        "FAMULUS_AGENT__MAX_ACTIVE_RUNS_PER_USER": str(ACTIVE),
    }
    with a_fleet(tmp_path_factory.mktemp("fleet"), servers=1, workers=0, **settings) as fleet:
        yield fleet, await fleet.start()


async def test_a_thousand_streams_on_a_pool_of_ten(waiting: tuple[Fleet, Client]) -> None:
    fleet, owner = waiting
    database = fleet.environment["FAMULUS_DATABASE__URL"]
    run = await owner.send(await owner.thread(), "count to 3")
    connector, forever = aiohttp.TCPConnector(limit=0), aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(connector=connector, timeout=forever) as http:
        streams: list[aiohttp.ClientResponse] = []
        for _ in range(STREAMS // 50):
            streams += await asyncio.gather(*(opened(http, owner, run["id"]) for _ in range(50)))

        began = time.monotonic()
        await owner.get(f"/runs/{run['id']}")
        await owner.thread()

        assert time.monotonic() - began < 20
        assert await connections(database) <= POOL
        with fleet.one_more_worker(FAMULUS_DATABASE__POOL_SIZE="2") as worker:
            await worker.start()
            async with asyncio.timeout(60):
                ends = await asyncio.gather(*(stream.content.read() for stream in streams))
            assert all(b"event: done" in end for end in ends)
            assert await connections(database) <= POOL + 2


async def test_runs_wait_for_a_worker_and_no_more_of_them_than_anybody_may(waiting: tuple[Fleet, Client]) -> None:
    fleet, owner = waiting
    run = await owner.send(await owner.thread(), "count to 3")
    following = asyncio.create_task(owner.events(run["id"]))
    threads = [await owner.thread() for _ in range(20)]
    paths = [f"/api/v1/conversations/{thread}/runs" for thread in threads]
    answers = await asyncio.gather(*(owner.request("POST", path, {"message": "hello"}) for path in paths))
    assert sorted(status for status, _ in answers) == [202] * (ACTIVE - 1) + [429] * (21 - ACTIVE)
    assert (await owner.get(f"/runs/{run['id']}"))["status"] == "queued"

    with fleet.one_more_worker() as worker:
        await worker.start()

        async with asyncio.timeout(20):
            assert_whole(await following)
