"""Word between processes arrives while Redis is well, and nobody waits for it, or trusts it, when it is not."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from famulus.infra.redis.relay import RedisRelay, make_relay
from famulus.infra.relay import Relay
from famulus.kit.errors import Unavailable
from famulus.kit.ids import new_id
from tests.infra.redis_process import RedisProcess
from tests.infra.redis_server import private_redis

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def two_relays(url: str) -> AsyncIterator[tuple[RedisRelay, RedisRelay]]:
    namespace = new_id("test")
    one, other = RedisRelay(url, namespace=namespace), RedisRelay(url, namespace=namespace)
    one.start()
    other.start()
    try:
        await until(lambda: one.is_live and other.is_live)
        yield one, other
    finally:
        await one.stop()
        await other.stop()


async def until(holds: Callable[[], object], *, seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.005)


def say(relay: RedisRelay, channel: str, *messages: bytes) -> None:
    """Show these, one after the other."""
    left = list(messages)
    relay.show_from(lambda: [(channel, left.pop(0))] if left else [])
    relay.show_soon()


async def test_without_a_server_announcements_are_heard_where_they_are_made() -> None:
    heard: list[str] = []
    relay = make_relay(None)
    relay.hear("tea", heard.append)

    relay.announce("tea", "is ready")
    relay.announce("coffee")

    assert type(relay) is Relay
    assert heard == ["is ready"]
    assert not relay.is_live


async def test_an_announcement_is_heard_once_by_everybody(redis_url: str) -> None:
    async with two_relays(redis_url) as (one, other):
        here: list[str] = []
        there: list[str] = []
        one.hear("tea", here.append)
        other.hear("tea", there.append)

        one.announce("tea", "is ready")
        assert here == ["is ready"]
        await until(lambda: there)
        one.announce("tea", "is cold")
        await until(lambda: len(there) == 2)

        assert here == there == ["is ready", "is cold"]


async def test_who_watches_is_shown_what_was_said_last_and_then_what_is_said(redis_url: str) -> None:
    async with two_relays(redis_url) as (one, other):
        seen: list[bytes] = []
        say(one, "talk", b"before")
        await asyncio.sleep(0.05)

        other.watch("talk", seen.append)
        await until(lambda: seen)
        say(one, "talk", b"after", b"later")
        await until(lambda: len(seen) == 3)
        other.unwatch("talk")
        say(one, "talk", b"unseen")
        one.announce("tea")
        heard: list[str] = []
        other.hear("tea", heard.append)
        one.announce("tea", "drunk")
        await until(lambda: "drunk" in heard)

        assert seen == [b"before", b"after", b"later"]


async def test_an_address_where_nobody_is_cannot_be_reached() -> None:
    relay = RedisRelay("redis://127.0.0.1:1/0")

    with pytest.raises(Unavailable, match="Redis cannot be reached"):
        await relay.ping()
    await relay.stop()


def crash(server: RedisProcess) -> None:
    server.kill()
    server.start()


def full(server: RedisProcess) -> None:
    server.command("CONFIG", "SET", "maxmemory-policy", "noeviction")
    server.command("CONFIG", "SET", "maxmemory", "1")


def roomy(server: RedisProcess) -> None:
    server.command("CONFIG", "SET", "maxmemory", "0")


FAULTS = {
    "frozen": (RedisProcess.freeze, RedisProcess.thaw),
    "gone": (RedisProcess.kill, RedisProcess.start),
    "full": (full, roomy),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_server_that_carries_nothing_is_noticed_and_so_is_its_return(fault: str) -> None:
    breaks, mends = FAULTS[fault]
    with private_redis() as server:
        async with two_relays(server.url) as (one, other):
            heard: list[str] = []
            other.hear("tea", heard.append)

            breaks(server)
            began = time.monotonic()
            await until(lambda: not one.is_live and not other.is_live)
            for _ in range(1_000):
                one.announce("tea", "lost")
            # Each of them would wait for the server, if any did.
            assert time.monotonic() - began < 60
            mends(server)

            await until(lambda: one.is_live and other.is_live and one.takes)
            one.announce("tea", "again")
            await until(lambda: "again" in heard)


async def test_a_server_that_forgot_everything_carries_on(redis_url: str) -> None:
    with private_redis() as server:
        async with two_relays(server.url) as (one, other):
            seen: list[bytes] = []
            other.watch("talk", seen.append)
            say(one, "talk", b"before")
            await until(lambda: seen)

            server.command("FLUSHALL")
            say(one, "talk", b"after the flood")
            await until(lambda: len(seen) == 2)
            crash(server)
            async with asyncio.timeout(60):
                # What is said into a broken line is lost.
                while len(seen) == 2:
                    say(one, "talk", b"after the crash")
                    await asyncio.sleep(0.05)

            assert seen[:3] == [b"before", b"after the flood", b"after the crash"]
