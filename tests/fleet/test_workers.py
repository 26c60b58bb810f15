"""Two servers that work on nothing, and a worker that answers nothing: together they are one Famulus."""

import asyncio
import signal
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
    settings = {"FAMULUS_DATABASE__URL": new_database(postgres_url), "FAMULUS_JOBS__POLL_SECONDS": "1"}
    if request.param == "with redis":
        settings["FAMULUS_REDIS__URL"] = request.getfixturevalue("redis_url")
        # Whoever waits to be looked for, where word gets around, waits for longer than a test does.
        settings["FAMULUS_JOBS__POLL_SECONDS"] = "120"
    with a_fleet(tmp_path_factory.mktemp("fleet"), servers=2, workers=1, **settings) as fleet:
        yield fleet, await fleet.start()


async def test_what_one_accepts_another_does_and_a_third_shows(running: tuple[Fleet, Client]) -> None:
    fleet, owner = running
    elsewhere = fleet.at(fleet.servers[1], owner)
    for _ in range(3):
        run = await owner.send(await owner.thread(), "count to 10")
        here, there = await asyncio.gather(owner.events(run["id"]), elsewhere.events(run["id"]))

        assert here == there
        assert_whole(there)
        assert text_of(there).split() == [str(number) for number in range(1, 11)]


async def test_a_cancellation_reaches_the_worker(running: tuple[Fleet, Client]) -> None:
    fleet, owner = running
    run = await owner.send(await owner.thread(), "count to 20000")
    async for event in owner.follow(run["id"]):
        if event.name == "thread.message.delta":
            break

    await fleet.at(fleet.servers[1], owner).post(f"/runs/{run['id']}/cancel")

    # Counting would take minutes.
    assert (await owner.ended(run["id"]))["status"] == "cancelled"


async def test_who_follows_what_another_server_deletes_is_told(running: tuple[Fleet, Client]) -> None:
    fleet, owner = running
    thread = await owner.thread()
    run = await owner.send(thread, "count to 20000")
    last = None
    async with asyncio.timeout(60):
        async for event in owner.follow(run["id"]):
            if last is None:
                elsewhere = fleet.at(fleet.servers[1], owner)
                assert (await elsewhere.request("DELETE", f"/api/v1/conversations/{thread}"))[0] == 204
            last = event

    assert last is not None
    assert last.data == {"status": "stream_gone"}


async def test_a_worker_that_is_told_twice_to_stop_hands_over_what_another_goes_on_with(
    running: tuple[Fleet, Client],
) -> None:
    fleet, owner = running
    second = await fleet.worker().start(FAMULUS_SERVER__DRAIN_SECONDS="600")
    # Held up, the first takes nothing: all of it is the second's.
    fleet.workers[0].signal(signal.SIGSTOP)
    runs = [await owner.send(await owner.thread(), "count to 20000") for _ in range(6)]
    for run in runs:
        await _at_epoch(owner, run["id"], 1)
    fleet.workers[0].signal(signal.SIGCONT)

    second.signal(signal.SIGTERM)
    await asyncio.sleep(0.2)
    second.signal(signal.SIGTERM)

    # Long before it would have waited for them to end.
    assert await second.died() == 0
    for run in runs:
        await _at_epoch(owner, run["id"], 2)
        await owner.post(f"/runs/{run['id']}/cancel")
        assert_whole(await owner.events(run["id"]))


async def _at_epoch(client: Client, run_id: str, epoch: int) -> None:
    """Follow a run until its holder of this epoch has written a word."""
    async for event in client.follow(run_id):
        if event.name == "thread.message.delta" and str(event.id).startswith(f"{epoch}:"):
            return
    raise AssertionError(f"The run has ended before epoch {epoch}.")


async def test_a_key_that_is_revoked_is_refused_everywhere(running: tuple[Fleet, Client]) -> None:
    fleet, owner = running
    made = await owner.post("/api/v1/api-keys", {"name": "lent", "scopes": ["chat"]}, expect=201)
    lent = Client(fleet.servers[1].url, made["secret"], owner.user_id)
    await lent.get("/api/v1/conversations")

    assert (await owner.request("DELETE", f"/api/v1/api-keys/{made['id']}"))[0] == 204

    async with asyncio.timeout(20):
        while (await lent.request("GET", "/api/v1/conversations"))[0] != 401:
            await asyncio.sleep(0.02)


async def test_each_process_says_how_it_is(running: tuple[Fleet, Client]) -> None:
    fleet, _ = running
    for process in (*fleet.servers, fleet.workers[0]):
        nobody = Client(process.url, "", "")
        assert await nobody.get("/health/live") == {"status": "live"}
        assert await nobody.get("/health/ready") == {"status": "ready", "degraded": []}
    assert (await Client(fleet.workers[0].url, "", "").request("GET", "/api/v1/conversations"))[0] == 404
