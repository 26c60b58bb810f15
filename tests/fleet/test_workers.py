"""Two servers that work on nothing, and a worker that answers nothing: together they are one Famulus."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator

import pytest

from tests.fleet.fleet import Fleet, a_fleet
from tests.serving import Client, assert_whole, text_of
from tests.storage import new_database

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module", params=["with redis", "without"])
async def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, postgres_url: str, anyio_backend: str
) -> AsyncIterator[tuple[Fleet, Client]]:
    settings = {"FAMULUS_DATABASE__URL": new_database(postgres_url), "FAMULUS_JOBS__POLL_SECONDS": "2"}
    if request.param == "with redis":
        settings["FAMULUS_REDIS__URL"] = request.getfixturevalue("redis_url")
    with a_fleet(tmp_path_factory.mktemp("fleet"), servers=2, workers=1, **settings) as fleet:
        yield fleet, await fleet.start()


def has_redis(fleet: Fleet) -> bool:
    return "FAMULUS_REDIS__URL" in fleet.environment


async def test_what_one_accepts_another_does_and_a_third_shows(running: tuple[Fleet, Client]) -> None:
    fleet, owner = running
    elsewhere = fleet.at(fleet.servers[1], owner)
    for _ in range(3):
        began = time.monotonic()
        run = await owner.send(await owner.thread(), "count to 10")
        here, there = await asyncio.gather(owner.events(run["id"]), elsewhere.events(run["id"]))

        assert here == there
        assert_whole(there)
        assert text_of(there).split() == [str(number) for number in range(1, 11)]
        # Ten words at forty a second; nobody waits to be looked for where word gets around.
        assert time.monotonic() - began < (1.5 if has_redis(fleet) else 6)


async def test_a_cancellation_reaches_the_worker(running: tuple[Fleet, Client]) -> None:
    fleet, owner = running
    run = await owner.send(await owner.thread(), "count to 20000")
    async for event in owner.follow(run["id"]):
        if event.name == "thread.message.delta":
            break

    began = time.monotonic()
    await fleet.at(fleet.servers[1], owner).post(f"/runs/{run['id']}/cancel")
    ended = await owner.ended(run["id"])

    assert ended["status"] == "cancelled"
    assert time.monotonic() - began < (0.8 if has_redis(fleet) else 4)


async def test_who_follows_what_another_server_deletes_is_told(running: tuple[Fleet, Client]) -> None:
    fleet, owner = running
    thread = await owner.thread()
    run = await owner.send(thread, "count to 20000")
    last = None
    async with asyncio.timeout(10):
        async for event in owner.follow(run["id"]):
            if last is None:
                elsewhere = fleet.at(fleet.servers[1], owner)
                assert (await elsewhere.request("DELETE", f"/api/v1/conversations/{thread}"))[0] == 204
            last = event

    assert last is not None
    assert last.data == {"status": "stream_gone"}


async def test_a_worker_that_stops_hands_over_what_another_takes_up_at_once(running: tuple[Fleet, Client]) -> None:
    fleet, owner = running
    second = await fleet.worker().start()
    runs = [await owner.send(await owner.thread(), "count to 300") for _ in range(6)]
    following = [asyncio.create_task(owner.events(run["id"])) for run in runs]
    for run in runs:
        async for event in owner.follow(run["id"]):
            if event.name == "thread.message.delta":
                break

    second.signal(signal.SIGTERM)
    await asyncio.sleep(0.2)
    began = time.monotonic()
    second.signal(signal.SIGTERM)
    status = await second.died()

    assert status == 0
    assert time.monotonic() - began < 4
    for events in await asyncio.gather(*following):
        assert_whole(events)
        assert events[-1].data["status"] == "completed"


async def test_a_key_that_is_revoked_is_refused_everywhere(running: tuple[Fleet, Client]) -> None:
    fleet, owner = running
    made = await owner.post("/api/v1/api-keys", {"name": "lent", "scopes": ["chat"]}, expect=201)
    lent = Client(fleet.servers[1].url, made["secret"], owner.user_id)
    await lent.get("/api/v1/conversations")

    assert (await owner.request("DELETE", f"/api/v1/api-keys/{made['id']}"))[0] == 204

    began = time.monotonic()
    while (await lent.request("GET", "/api/v1/conversations"))[0] != 401:
        await asyncio.sleep(0.02)
    assert time.monotonic() - began < (1 if has_redis(fleet) else 5)


async def test_each_process_says_how_it_is(running: tuple[Fleet, Client]) -> None:
    fleet, _ = running
    for process in (*fleet.servers, fleet.workers[0]):
        nobody = Client(process.url, "", "")
        assert await nobody.get("/health/live") == {"status": "live"}
        assert await nobody.get("/health/ready") == {"status": "ready", "degraded": []}
    assert (await Client(fleet.workers[0].url, "", "").request("GET", "/api/v1/conversations"))[0] == 404
