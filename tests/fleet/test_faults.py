"""PostgreSQL and Redis behind bad wires: nothing accepted is lost or doubled, and who follows gets exactly the rest."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest

from tests.fleet.fleet import Fleet, a_fleet
from tests.fleet.following import Stubborn
from tests.fleet.proxy import Wire
from tests.infra.redis_server import RedisProcess, private_redis
from tests.serving import Client
from tests.storage import new_database

pytestmark = pytest.mark.anyio


@dataclass
class Place:
    """A server and a worker, and the wires to what they depend on."""

    fleet: Fleet
    owner: Client
    postgres: Wire
    redis: Wire
    redis_server: RedisProcess

    async def say(self, what: str) -> Stubborn:
        """Say something that is accepted; whoever follows it has begun to."""
        run = await self.owner.send(await self.owner.thread(), what)
        return Stubborn([self.owner], run["id"])

    async def goes_on(self) -> None:
        """The oracle's last part: there is progress."""
        followers = [await self.say("count to 5") for _ in range(3)]
        async with asyncio.timeout(20):
            await asyncio.gather(*(follower.follow() for follower in followers))
        for follower in followers:
            await follower.assert_sound()

    async def health(self) -> tuple[int, int, list[str]]:
        """The statuses of being alive and of being ready, and what is degraded."""
        live, _ = await self.owner.request("GET", "/health/live")
        ready, body = await self.owner.request("GET", "/health/ready")
        return live, ready, body.get("degraded") or [body.get("error", {}).get("details", {}).get("down", "")]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def place(
    tmp_path_factory: pytest.TempPathFactory, postgres_url: str, anyio_backend: str
) -> AsyncIterator[Place]:
    with private_redis() as redis_server:
        async with Wire(new_database(postgres_url)) as postgres, Wire(redis_server.url) as redis:
            settings = {
                "FAMULUS_DATABASE__URL": postgres.url,
                "FAMULUS_REDIS__URL": redis.url,
                "FAMULUS_JOBS__POLL_SECONDS": "0.5",
            }
            with a_fleet(tmp_path_factory.mktemp("fleet"), servers=1, workers=1, **settings) as fleet:
                yield Place(fleet, await fleet.start(), postgres, redis, redis_server)


async def until_health(place: Place, expected: tuple[int, int, list[str]], *, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while await place.health() != expected:
            await asyncio.sleep(0.1)


WELL = (200, 200, [""])


async def test_a_redis_that_is_slow_delays_words_by_less_than_a_second(place: Place) -> None:
    place.redis.delay_seconds = 0.2
    follower = await place.say("count to 150")
    try:
        await follower.follow()
    finally:
        place.redis.delay_seconds = 0.0

    await follower.assert_sound()
    assert follower.longest_gap < 1.5
    await until_health(place, WELL, seconds=10)


def killed_and_started(redis: RedisProcess) -> None:
    redis.kill()
    redis.start()


def flushed(redis: RedisProcess) -> None:
    redis.command("FLUSHALL")


def full(redis: RedisProcess) -> None:
    redis.command("CONFIG", "SET", "maxmemory", "1")


def roomy(redis: RedisProcess) -> None:
    redis.command("CONFIG", "SET", "maxmemory", "0")


@pytest.mark.parametrize(
    ("breaks", "mends", "degrades"),
    [
        (RedisProcess.freeze, RedisProcess.thaw, True),
        (killed_and_started, lambda _: None, False),
        (flushed, lambda _: None, False),
        (full, roomy, True),
    ],
    ids=["frozen", "restarted", "flushed", "full"],
)
async def test_a_redis_that_breaks_in_mid_stream_loses_nothing(
    place: Place, breaks: Callable[[RedisProcess], None], mends: Callable[[RedisProcess], None], degrades: bool
) -> None:
    follower = await place.say("count to 240")
    following = asyncio.create_task(follower.follow())
    while len(follower.seen) < 10:
        await asyncio.sleep(0.02)

    breaks(place.redis_server)
    if degrades:
        await until_health(place, (200, 200, ["redis"]), seconds=5)
    await following
    mends(place.redis_server)

    await follower.assert_sound()
    assert follower.connections == 1
    # It falls back on looking within a moment, and the words do not wait for it.
    assert follower.longest_gap < 5
    await until_health(place, WELL, seconds=10)
    await place.goes_on()


@pytest.mark.parametrize("how", ["frozen", "cut"])
async def test_a_database_that_cannot_be_reached_is_named_and_nothing_accepted_is_lost(place: Place, how: str) -> None:
    followers = [await place.say("count to 200") for _ in range(4)]
    following = asyncio.gather(*(follower.follow() for follower in followers))
    while not all(len(follower.seen) > 8 for follower in followers):
        await asyncio.sleep(0.02)

    breaks, mends = {
        "frozen": (place.postgres.freeze, place.postgres.thaw),
        "cut": (place.postgres.cut, place.postgres.mend),
    }[how]
    breaks()
    began = time.monotonic()
    await until_health(place, (200, 503, ["database"]), seconds=10)
    refused: Awaitable[tuple[int, object]] = place.owner.request("POST", "/start")
    status, _ = await refused
    assert status == 503
    await asyncio.sleep(max(0, 4 - (time.monotonic() - began)))
    mends()

    await until_health(place, WELL, seconds=10)
    async with asyncio.timeout(60):
        await following
    for follower in followers:
        await follower.assert_sound()
    await place.goes_on()
