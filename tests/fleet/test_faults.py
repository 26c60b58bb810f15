"""PostgreSQL and Redis behind bad wires: nothing accepted is lost or doubled, and who follows gets exactly the rest."""

import asyncio
import contextlib
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest

from tests.fleet.fleet import Fleet, a_fleet
from tests.fleet.following import Stubborn
from tests.fleet.proxy import Wire
from tests.infra.postgres_process import PostgresServer
from tests.infra.postgres_server import private_postgres
from tests.infra.redis_process import RedisProcess
from tests.infra.redis_server import private_redis
from tests.journeys.talk import use
from tests.serving import Client, Event
from tests.storage import Kept, new_database

pytestmark = pytest.mark.anyio


@dataclass
class Place:
    """A server and a worker, and the wires to what they depend on."""

    fleet: Fleet
    owner: Client
    postgres: Wire
    redis: Wire
    postgres_server: PostgresServer
    redis_server: RedisProcess
    kept: Kept

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
async def place(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[Place]:
    with private_postgres() as postgres_server, private_redis() as redis_server:
        kept = Kept(new_database(postgres_server.url), {})
        async with Wire(kept.url) as postgres, Wire(redis_server.url) as redis:
            settings = {
                "FAMULUS_DATABASE__URL": postgres.url,
                "FAMULUS_REDIS__URL": redis.url,
                "FAMULUS_JOBS__POLL_SECONDS": "0.5",
            }
            with a_fleet(tmp_path_factory.mktemp("fleet"), servers=1, workers=1, **settings) as fleet:
                owner = await fleet.start()
                yield Place(fleet, owner, postgres, redis, postgres_server, redis_server, kept)


async def until_health(place: Place, expected: tuple[int, int, list[str]], *, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while await place.health() != expected:
            await asyncio.sleep(0.1)


WELL = (200, 200, [""])
WORDS_PER_SECOND = 40
FOR_SECONDS = [2, pytest.param(10, marks=pytest.mark.soak)]
"""How long something is away: long enough to be noticed, and as long as an operator needs to notice it."""


async def begun(followers: list[Stubborn]) -> "asyncio.Future[list[list[Event]]]":
    """Follow, and wait until everybody has heard something."""
    following = asyncio.ensure_future(asyncio.gather(*(follower.follow() for follower in followers)))
    async with asyncio.timeout(30):
        while not all(len(follower.seen) > 8 for follower in followers):
            await asyncio.sleep(0.02)
    return following


async def test_a_redis_that_is_slow_does_not_delay_each_word(place: Place) -> None:
    place.redis.delay_seconds = 0.2
    follower = await place.say("count to 100")
    try:
        await follower.follow()
    finally:
        place.redis.delay_seconds = 0.0

    await follower.assert_sound()
    # One after the other, a hundred would take twenty seconds.
    assert follower.longest_gap < 10
    await until_health(place, WELL, seconds=60)


@dataclass(frozen=True)
class Fault:
    """What is done to one server or its wire, and undone."""

    breaks: Callable[[Place], None]
    mends: Callable[[Place], None] = lambda _: None


def kill_and_start(place: Place) -> None:
    place.redis_server.kill()
    place.redis_server.start()


def flush(place: Place) -> None:
    place.redis_server.command("FLUSHALL")


def fill(place: Place) -> None:
    place.redis_server.command("CONFIG", "SET", "maxmemory", "1")


def make_room(place: Place) -> None:
    place.redis_server.command("CONFIG", "SET", "maxmemory", "0")


AWAY = {
    "frozen": Fault(lambda place: place.redis_server.freeze(), lambda place: place.redis_server.thaw()),
    "cut": Fault(lambda place: place.redis.cut(), lambda place: place.redis.mend()),
    "full": Fault(fill, make_room),
}


@pytest.mark.parametrize("seconds", FOR_SECONDS)
@pytest.mark.parametrize("fault", AWAY.values(), ids=AWAY.keys())
async def test_a_redis_that_is_away_in_mid_stream_is_done_without(place: Place, fault: Fault, seconds: int) -> None:
    follower = await place.say(f"count to {(seconds + 3) * WORDS_PER_SECOND}")
    following = await begun([follower])

    fault.breaks(place)
    await until_health(place, (200, 200, ["redis"]), seconds=60)
    await asyncio.sleep(seconds - 2)
    fault.mends(place)
    await following

    await follower.assert_sound()
    assert follower.connections == 1
    # It falls back on looking within a moment, and the words do not wait for it: seen where it is away for longer.
    assert follower.longest_gap < max(5, 20 - 2 * seconds)
    await until_health(place, WELL, seconds=60)
    await place.goes_on()


async def test_a_redis_that_forgets_everything_in_mid_stream_costs_nothing(place: Place) -> None:
    follower = await place.say("count to 120")
    following = await begun([follower])

    flush(place)
    await asyncio.sleep(0.5)
    kill_and_start(place)
    await following

    await follower.assert_sound()
    assert follower.connections == 1
    assert follower.longest_gap < 20
    await until_health(place, WELL, seconds=60)
    await place.goes_on()


@pytest.mark.parametrize("seconds", FOR_SECONDS)
@pytest.mark.parametrize("how", ["frozen", "cut"])
async def test_a_database_that_cannot_be_reached_is_named_and_nothing_accepted_is_lost(
    place: Place, how: str, seconds: int
) -> None:
    followers = [await place.say("count to 150") for _ in range(4)]
    following = await begun(followers)

    breaks, mends = {
        "frozen": (place.postgres.freeze, place.postgres.thaw),
        "cut": (place.postgres.cut, place.postgres.mend),
    }[how]
    breaks()
    await until_health(place, (200, 503, ["database"]), seconds=60)
    status, _ = await place.owner.request("POST", "/start")
    assert status == 503
    await asyncio.sleep(seconds - 2)
    mends()

    await until_health(place, WELL, seconds=60)
    async with asyncio.timeout(60):
        await following
    for follower in followers:
        await follower.assert_sound()
    await place.goes_on()


@dataclass
class Talker:
    """Says one thing after the other, each until it is heard, and under a name by which it is known again."""

    place: Place
    name: str
    thread_id: str
    followers: list[Stubborn] = field(default_factory=list)
    refused: int = 0

    async def talk(self, times: int) -> None:
        for number in range(times):
            said = f"{self.name} {number}"
            run = await self._heard(said)
            self.followers.append(Stubborn([self.place.owner], run["id"]))
            await self.followers[-1].follow()

    async def _heard(self, said: str) -> Any:
        """Say it again and again: who is refused, or hears nothing, does not know whether it was accepted."""
        body = {"message": use("add_goal", title=said), "client_message_id": said}
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                status, run = await self.place.owner.request(
                    "POST", f"/api/v1/conversations/{self.thread_id}/runs", body
                )
                if status == 202:
                    return run
                assert status == 503, (status, run)
            self.refused += 1
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("at_once", [False, True], ids=["restarted", "crashed"])
async def test_a_database_that_stops_in_mid_load_loses_no_message_and_doubles_none(place: Place, at_once: bool) -> None:
    kind = "crashed" if at_once else "restarted"
    long = [await place.say("count to 120") for _ in range(3)]
    talkers = [Talker(place, f"{kind} {number}", await place.owner.thread()) for number in range(6)]
    following = await begun(long)
    talking = asyncio.gather(*(talker.talk(4) for talker in talkers))
    while not any(talker.followers for talker in talkers):
        await asyncio.sleep(0.01)

    await asyncio.to_thread(place.postgres_server.stop, at_once=at_once)
    await until_health(place, (200, 503, ["database"]), seconds=60)
    await asyncio.to_thread(place.postgres_server.start)

    async with asyncio.timeout(60):
        await asyncio.gather(talking, following)
    assert any(talker.refused for talker in talkers)
    for follower in (*long, *(one for talker in talkers for one in talker.followers)):
        await follower.assert_sound()
    said = [f"{talker.name} {number}" for talker in talkers for number in range(4)]
    effects = Counter(title for (title,) in place.kept.rows("SELECT title FROM goals WHERE title LIKE ?", f"{kind}%"))
    assert effects == Counter(said)
    kept = place.kept.rows("SELECT text FROM messages WHERE role = 'user' AND text LIKE ?", f"use%{kind}%")
    assert Counter(text for (text,) in kept) == Counter(use("add_goal", title=title) for title in said)
    await until_health(place, WELL, seconds=60)


@pytest.mark.soak
async def test_a_server_that_is_held_up_while_more_is_said_than_redis_keeps_shows_it_all(place: Place) -> None:
    [server] = place.fleet.servers
    follower = await place.say("count to 1000")
    following = await begun([follower])

    server.signal(signal.SIGSTOP)
    # Twenty messages a second, of which a hundred are kept.
    await asyncio.sleep(12)
    server.signal(signal.SIGCONT)

    await following
    await follower.assert_sound()
