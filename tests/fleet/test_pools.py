"""Who follows holds no connection to the database, however many there are."""

import asyncio
import time
from pathlib import Path

import aiohttp
import asyncpg
import pytest

from tests.fleet.fleet import a_fleet
from tests.serving import Client

pytestmark = pytest.mark.anyio

STREAMS = 1_000
POOL = 10


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


async def test_a_thousand_streams_on_a_pool_of_ten(tmp_path: Path, postgres_database: str) -> None:
    settings = {"FAMULUS_DATABASE__URL": postgres_database, "FAMULUS_DATABASE__POOL_SIZE": str(POOL)}
    with a_fleet(tmp_path, servers=1, workers=0, **settings) as fleet:
        owner = await fleet.start()
        run = await owner.send(await owner.thread(), "count to 3")
        connector, forever = aiohttp.TCPConnector(limit=0), aiohttp.ClientTimeout(total=None)
        async with aiohttp.ClientSession(connector=connector, timeout=forever) as http:
            streams: list[aiohttp.ClientResponse] = []
            for _ in range(STREAMS // 50):
                streams += await asyncio.gather(*(opened(http, owner, run["id"]) for _ in range(50)))

            began = time.monotonic()
            await owner.get(f"/runs/{run['id']}")
            await owner.thread()

            assert time.monotonic() - began < 2
            assert await connections(postgres_database) <= POOL
            fleet.environment["FAMULUS_DATABASE__POOL_SIZE"] = "2"
            await fleet.worker().start()
            async with asyncio.timeout(60):
                ends = await asyncio.gather(*(stream.content.read() for stream in streams))
            assert all(b"event: done" in end for end in ends)
            assert await connections(postgres_database) <= POOL + 2
