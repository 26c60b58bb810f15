"""How often something may be done: counted for each key, by all processes together, and without a server too."""

import asyncio

import pytest

from famulus.infra.limits import RateLimit
from famulus.infra.redis import EmbeddedRedis, Redis, RedisServer, Window
from famulus.kit.errors import Unavailable

pytestmark = pytest.mark.anyio


class Clock:
    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


class Down(EmbeddedRedis):
    """A server that does not answer."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    async def hit(self, key: str, window_seconds: float) -> Window:  # noqa: ARG002 -- the contract's
        self.asked += 1
        raise Unavailable("It is down.")


def limit(redis: Redis, *, most: int, clock: Clock | None = None) -> RateLimit:
    return RateLimit(redis, "test", most=most, window_seconds=60, clock=clock or Clock())


async def test_so_many_are_admitted_and_the_next_are_told_how_long_to_wait() -> None:
    three = limit(EmbeddedRedis(), most=3)

    waits = [await three.admit("anna") for _ in range(5)]

    assert waits[:3] == [0, 0, 0]
    assert all(0 < wait <= 60 for wait in waits[3:])
    assert await three.admit("berta") == 0


@pytest.mark.parametrize("most", [1, 7, 50, 130])
async def test_the_limit_is_never_exceeded_however_many_processes_share_it(most: int, redis_url: str) -> None:
    redis = RedisServer(redis_url, namespace=f"limits-{most}")
    processes = [limit(redis, most=most) for _ in range(3)]

    waits = await asyncio.gather(*(one.admit("anna") for one in processes for _ in range(most)))

    assert most * 0.8 <= waits.count(0) <= most
    await redis.close()


async def test_after_a_window_there_is_room_again() -> None:
    clock, redis = Clock(), EmbeddedRedis()
    two = limit(redis, most=2, clock=clock)
    waits = [await two.admit("anna") for _ in range(3)]

    clock.seconds += waits[-1] + 1
    await redis.close()
    fresh = limit(EmbeddedRedis(), most=2, clock=clock)

    assert waits[:2] == [0, 0]
    assert await fresh.admit("anna") == 0


async def test_without_its_server_a_process_counts_alone_and_asks_it_now_and_then() -> None:
    clock, down = Clock(), Down()
    three = limit(down, most=3, clock=clock)

    waits = [await three.admit("anna") for _ in range(4)]
    asked = down.asked
    clock.seconds += 6
    await three.admit("berta")

    assert waits[:3] == [0, 0, 0]
    assert waits[3] > 0
    assert (asked, down.asked) == (1, 2)


async def test_no_limit_is_none() -> None:
    none = limit(EmbeddedRedis(), most=0)

    assert [await none.admit("anna") for _ in range(1_000)] == [0] * 1_000
