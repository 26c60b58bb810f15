"""Redis as a resource: which side is chosen, who may share it, and what its outages look like."""

import asyncio
import logging
import os
import socket
import threading
from typing import Any
from uuid import uuid4

import pytest

from famulus.infra.redis import EmbeddedRedis, Redis, RedisServer, make_redis
from famulus.kit.errors import Unavailable
from tests.infra import redis_server, redis_sides
from tests.infra.redis_process import RedisProcess
from tests.infra.redis_sides import MARIA, Side, Source, reader_in_the_middle_of_loading

pytestmark = pytest.mark.anyio

redis_url, private = redis_server.redis_url, redis_sides.private
side, redis = redis_sides.side, redis_sides.redis


# Threads, event loops and processes


async def test_another_thread_may_use_the_same_instance(side: Side) -> None:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def there(work: Any) -> "asyncio.Future[Any]":
        return asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, loop))

    waiting = asyncio.create_task(side.redis.pop("mail", 30, wait_seconds=120))
    await asyncio.wait([waiting], timeout=0.02)
    await asyncio.gather(
        *(there(side.redis.hit("busy", 60)) for _ in range(20)),
        *(side.redis.hit("busy", 60) for _ in range(20)),
    )
    await there(side.redis.push("mail", "letter"))

    async with asyncio.timeout(60):
        assert await waiting is not None
    assert (await side.redis.hit("busy", 60)).hits == 41
    await side.redis.close()
    loop.call_soon_threadsafe(loop.stop)
    await asyncio.to_thread(thread.join)
    loop.close()


async def test_a_reader_in_another_thread_waits_for_the_one_who_loads(side: Side) -> None:
    source = Source(MARIA)
    leader = await reader_in_the_middle_of_loading(side.redis, source)

    async def read_and_leave() -> Any:
        try:
            return await side.redis.get_or_load("user:maria", source.load, 60)
        finally:
            if isinstance(side.redis, RedisServer):
                await side.redis._of_this_loop().close()

    reader = asyncio.create_task(asyncio.to_thread(asyncio.run, read_and_leave()))
    await asyncio.wait([reader], timeout=0.1)
    source.gate.set()

    assert list(await asyncio.gather(leader, reader)) == [MARIA, MARIA]
    assert source.loads == 1


# Newer Pythons warn of forks beside threads; this child runs one coroutine and exits.
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
async def test_the_child_of_a_fork_opens_its_own_connections(redis_url: str) -> None:
    redis = RedisServer(redis_url, namespace=f"test-{uuid4()}")
    await redis.set_json("user:maria", MARIA, 60)

    async def read_and_close() -> int:
        found = await redis.get_json("user:maria")
        await redis.close()
        return 0 if found == MARIA else 1

    child = os.fork()
    if child == 0:
        code = 2
        try:
            code = asyncio.run(read_and_close())
        finally:
            os._exit(code)
    _, status = await asyncio.to_thread(os.waitpid, child, 0)

    assert os.waitstatus_to_exitcode(status) == 0
    assert await redis.get_json("user:maria") == MARIA
    await redis.delete("user:maria")
    await redis.close()


async def test_a_closed_instance_opens_again_when_it_is_used(redis: Redis) -> None:
    await redis.ping()
    await redis.close()
    await redis.close()

    await redis.set_json("user:maria", MARIA, 60)

    assert await redis.get_json("user:maria") == MARIA


async def test_expired_values_do_not_pile_up_in_memory() -> None:
    moment = [0.0]
    redis = EmbeddedRedis(seconds=lambda: moment[0])

    for number in range(10_000):
        moment[0] += 1
        await redis.set_json(f"key:{number}", number, 10)
        await redis.hit(f"key:{number}", 10)

    assert len(redis._values) + len(redis._counters) < 5_000


async def test_messages_done_with_do_not_pile_up_in_memory() -> None:
    redis = EmbeddedRedis()

    for number in range(5_000):
        await redis.push("mail", number)
        delivery = await redis.pop("mail", visibility_seconds=3_600)
        assert delivery is not None
        await redis.ack(delivery)

    assert len(redis._queue("mail").line) < 2_000


# Choosing a side, and outages


async def test_without_an_address_everything_stays_in_this_process() -> None:
    assert isinstance(make_redis(None), EmbeddedRedis)
    assert isinstance(make_redis(""), EmbeddedRedis)


async def test_nothing_connects_before_the_first_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)

        redis = make_redis(f"redis://127.0.0.1:{listener.getsockname()[1]}")

        with pytest.raises(BlockingIOError):
            listener.accept()
        await redis.close()


async def test_an_address_of_another_kind_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="redis://"):
        make_redis("https://example.org")


async def test_an_outage_is_told_without_saying_where(private: RedisProcess) -> None:
    redis = make_redis(f"redis://:secret@127.0.0.1:{private.port}")
    private.kill()

    with pytest.raises(Unavailable) as caught:
        await redis.ping()

    assert caught.value.message == "The shared store cannot be reached."
    assert caught.value.details == {}
    await redis.close()


async def test_after_a_crash_of_the_server_it_goes_on(private: RedisProcess) -> None:
    redis = make_redis(private.url)
    await asyncio.gather(*(redis.hit("busy", 60) for _ in range(10)))
    waiting = asyncio.create_task(redis.pop("mail", 30, wait_seconds=30))
    await asyncio.wait([waiting], timeout=0.05)

    private.kill()

    with pytest.raises(Unavailable):
        await waiting
    for attempt in (redis.ping(), redis.get_json("a"), redis.push("mail", 1), redis.hit("busy", 60)):
        with pytest.raises(Unavailable):
            await attempt

    private.start()

    await redis.ping()
    assert (await redis.hit("busy", 60)).hits == 1
    await redis.push("mail", "letter")
    assert await redis.pop("mail", 30) is not None
    await redis.close()


async def test_a_restart_between_two_calls_is_not_even_noticed(private: RedisProcess) -> None:
    redis = make_redis(private.url)
    await asyncio.gather(*(redis.set_json("a", 1, 60) for _ in range(10)))

    private.kill()
    private.start()

    assert await asyncio.gather(*(redis.get_json("a") for _ in range(10))) == [None] * 10
    await redis.close()


async def test_during_an_outage_readers_get_what_they_would_have_cached(
    private: RedisProcess, caplog: pytest.LogCaptureFixture
) -> None:
    redis, source = make_redis(private.url), Source(MARIA)
    loading = await reader_in_the_middle_of_loading(redis, source)
    private.kill()
    source.gate.set()

    with caplog.at_level(logging.WARNING):
        assert await loading == MARIA
        assert await redis.get_or_load("user:maria", source.load, 60) == MARIA

    assert "cache.unavailable" in caplog.messages
    await redis.close()


async def test_a_frozen_server_counts_as_down_within_the_timeout(private: RedisProcess) -> None:
    redis = RedisServer(private.url, timeout_seconds=0.2)
    await redis.ping()
    private.freeze()

    async with asyncio.timeout(30):
        with pytest.raises(Unavailable):
            await redis.ping()

    private.thaw()
    await redis.ping()
    await redis.close()


async def test_a_full_server_counts_as_down(private: RedisProcess) -> None:
    redis = RedisServer(private.url)
    await redis.client().config_set("maxmemory", "1")

    with pytest.raises(Unavailable):
        await redis.set_json("a", 1, 60)
    with pytest.raises(Unavailable):
        await redis.push("mail", "letter")

    await redis.client().config_set("maxmemory", "0")
    await redis.set_json("a", 1, 60)
    assert await redis.get_json("a") == 1
    await redis.close()


async def test_the_queues_of_a_full_server_can_still_be_emptied(private: RedisProcess) -> None:
    redis = RedisServer(private.url)
    await redis.push("mail", "letter")
    await redis.client().config_set("maxmemory", "1")

    delivery = await redis.pop("mail", 30)

    assert delivery is not None
    assert await redis.ack(delivery)
    await redis.close()
