"""The two sides of the Redis contract, made alike for tests, and a source whose loads can be held back.

A module of tests takes the fixtures it needs by name: `side = redis_sides.side`.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from famulus.infra.redis import EmbeddedRedis, Redis, RedisServer
from tests.infra import redis_server
from tests.infra.redis_process import RedisProcess

MARIA = {"name": "María", "email": "maria@example.org"}


@dataclass
class Side:
    """A side of the contract, a second client of the same store, and the passing of time in it."""

    redis: Redis
    other: Redis
    passes: Callable[[float], Awaitable[None]]


def hasten(redis: RedisServer, namespace: str) -> Callable[[float], Awaitable[None]]:
    """What the server would find after some seconds: shorter times to live, messages nearer to being due."""

    async def passes(seconds: float) -> None:
        client, milliseconds = redis.client(), round(seconds * 1_000)
        async for key in client.scan_iter(match=f"{namespace}:*"):
            left = await client.pttl(key)
            if left > 0:
                await client.pexpire(key, left - milliseconds)
            elif await client.type(key) == b"zset":
                async for member, _ in client.zscan_iter(key):
                    await client.zincrby(key, -milliseconds, member)

    return passes


@pytest.fixture(params=["embedded", "server"])
async def side(request: pytest.FixtureRequest) -> AsyncIterator[Side]:
    if request.param == "embedded":
        moment = [1_000.0]

        async def passes(seconds: float) -> None:
            moment[0] += seconds

        alone = EmbeddedRedis(seconds=lambda: moment[0], max_deliveries=3)
        yield Side(alone, alone, passes)
        await alone.close()
        return
    url, namespace = request.getfixturevalue("redis_url"), f"test-{uuid4()}"
    first, second = (RedisServer(url, namespace=namespace, max_deliveries=3) for _ in range(2))
    yield Side(first, second, hasten(first, namespace))
    async for key in first.client().scan_iter(match=f"{namespace}:*"):
        await first.client().delete(key)
    await first.close()
    await second.close()


@pytest.fixture
def redis(side: Side) -> Redis:
    return side.redis


@pytest.fixture
def private() -> Iterator[RedisProcess]:
    with redis_server.private_redis() as process:
        yield process


class Source:
    """Where values are loaded from: counts the loads, and holds them back while its gate is shut."""

    def __init__(self, value: object) -> None:
        self.value = value
        self.loads = 0
        self.begun = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()

    async def load(self) -> Any:
        self.loads += 1
        value = self.value
        self.begun.set()
        await self.gate.wait()
        if isinstance(value, Exception):
            raise value
        return value


async def reader_in_the_middle_of_loading(redis: Redis, source: Source) -> "asyncio.Task[Any]":
    source.gate.clear()
    reader = asyncio.create_task(redis.get_or_load("user:maria", source.load, 60))
    await source.begun.wait()
    return reader
