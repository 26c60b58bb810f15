"""Two servers on one database: whichever of them one speaks to, it is the same place."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from famulus.kit.ids import new_id
from tests.databases import BOTH
from tests.serving import Client, Server, assert_whole, serving, text_of
from tests.storage import new_database

pytestmark = pytest.mark.anyio

SETTINGS = {"FAMULUS_MODEL__OFFLINE_WORDS_PER_SECOND": "40", "FAMULUS_JOBS__LEASE_SECONDS": "2"}


@dataclass
class Pair:
    """The two servers, and one person at each."""

    one: Server
    other: Server
    at_one: Client
    at_other: Client


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module", params=BOTH)
async def pair(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, anyio_backend: str
) -> AsyncIterator[Pair]:
    folder = tmp_path_factory.mktemp("shared")
    settings = dict(SETTINGS)
    if request.param == "postgresql":
        settings["FAMULUS_DATABASE__URL"] = new_database(request.getfixturevalue("postgres_url"))
    with serving(folder, **settings) as one, serving(folder, **settings) as other:
        await one.start()
        await other.start()
        owner = await one.owner()
        yield Pair(one, other, owner, Client(other.url, owner.key, owner.user_id))


async def test_a_run_that_was_started_on_one_is_followed_on_both(pair: Pair) -> None:
    for starter, watcher in ((pair.at_one, pair.at_other), (pair.at_other, pair.at_one)):
        run = await starter.send(await starter.thread(), "count to 30")

        here, there = await asyncio.gather(starter.events(run["id"]), watcher.events(run["id"]))

        assert here == there
        assert_whole(there)
        assert text_of(there).split() == [str(number) for number in range(1, 31)]


async def test_what_one_wrote_the_other_reads_at_once(pair: Pair) -> None:
    thread = await pair.at_one.thread()
    run = await pair.at_one.send(thread, "hello")
    await pair.at_other.ended(run["id"])

    assert await pair.at_one.texts(thread) == await pair.at_other.texts(thread)


async def test_turns_of_one_conversation_stay_in_order(pair: Pair) -> None:
    thread = await pair.at_one.thread()

    runs = [await person.send(thread, f"count to {n}") for n in range(3, 7) for person in (pair.at_one, pair.at_other)]
    for run in runs:
        await pair.at_one.ended(run["id"])

    said = [text for role, _, text in await pair.at_other.texts(thread) if role == "assistant"]
    assert [len(text.split()) for text in said] == [3, 3, 4, 4, 5, 5, 6, 6]


async def test_a_run_is_cancelled_through_the_other_server(pair: Pair) -> None:
    thread = await pair.at_one.thread()
    run = await pair.at_one.send(thread, "count to 20000")
    async for event in pair.at_one.follow(run["id"]):
        if event.name == "thread.message.delta":
            break

    await pair.at_other.post(f"/runs/{run['id']}/cancel")
    async with asyncio.timeout(60):
        ended = await pair.at_other.ended(run["id"])

    assert ended["status"] == "cancelled"
    assert_whole(await pair.at_one.events(run["id"]))


async def test_one_key_at_both_is_one_run(pair: Pair) -> None:
    thread, key = await pair.at_one.thread(), new_id("key")
    path, body = f"/api/v1/conversations/{thread}/runs", {"message": "hello"}

    runs = await asyncio.gather(
        *(person.post(path, body, expect=202, Idempotency_Key=key) for person in (pair.at_one, pair.at_other) * 10)
    )

    assert len({run["id"] for run in runs}) == 1
    assert len(await pair.at_one.texts(thread)) <= 2


async def test_what_a_dead_server_leaves_the_other_takes_over(pair: Pair) -> None:
    runs = [await pair.at_one.send(await pair.at_one.thread(), "count to 60") for _ in range(4)]
    following = [asyncio.create_task(pair.at_other.events(run["id"])) for run in runs]
    async for event in pair.at_one.follow(runs[0]["id"]):
        if event.name == "thread.message.delta":
            break

    pair.one.kill()

    async with asyncio.timeout(20):
        for events in await asyncio.gather(*following):
            assert_whole(events)
            assert events[-1].data["status"] == "completed"
    await pair.one.start()
