"""Cache and counters, on both sides."""

import asyncio
import math
import random
from datetime import UTC, datetime
from uuid import UUID

import pytest

from famulus.infra.redis import Redis
from famulus.kit.errors import Unavailable
from tests.infra import redis_server, redis_sides
from tests.infra.redis_sides import MARIA, Side, Source, reader_in_the_middle_of_loading

pytestmark = pytest.mark.anyio

redis_url, side, redis = redis_server.redis_url, redis_sides.side, redis_sides.redis


# The cache


async def test_what_is_kept_comes_back_until_its_time_is_over(side: Side) -> None:
    await side.redis.set_json("user:maria", MARIA, 60)

    await side.passes(59)
    assert await side.redis.get_json("user:maria") == MARIA
    await side.passes(2)
    assert await side.redis.get_json("user:maria") is None


async def test_datetimes_and_uuids_come_back_as_iso_text(redis: Redis) -> None:
    moment = datetime(2026, 11, 21, 7, 24, tzinfo=UTC)
    number = UUID("0192f6a4-5b1e-7c3d-8e9f-0a1b2c3d4e5f")

    await redis.set_json("event", {"at": moment, "id": number}, 60)

    assert await redis.get_json("event") == {"at": "2026-11-21T07:24:00+00:00", "id": str(number)}


@pytest.mark.parametrize("value", [object(), {1, 2}, {7: "seven"}, math.nan, [math.inf], 2**70])
async def test_a_value_that_json_cannot_say_is_refused(redis: Redis, value: object) -> None:
    with pytest.raises(TypeError, match="cannot be kept as JSON"):
        await redis.set_json("odd", value, 60)

    assert await redis.get_json("odd") is None


async def test_nothing_is_kept_for_no_time(redis: Redis) -> None:
    with pytest.raises(ValueError, match="ttl_seconds"):
        await redis.set_json("user:maria", MARIA, 0)


async def test_nobody_changes_what_is_cached_by_changing_what_was_read(redis: Redis) -> None:
    source = Source({"tags": ["a"]})
    first, second = await asyncio.gather(*(redis.get_or_load("tags", source.load, 60) for _ in range(2)))

    first["tags"].append("b")

    assert second == await redis.get_json("tags") == {"tags": ["a"]}


async def test_deleting_forgets_the_keys_and_no_others(redis: Redis) -> None:
    for key in ("a", "b", "c"):
        await redis.set_json(key, key, 60)

    await redis.delete("a", "b", "never-there")
    await redis.delete()

    assert [await redis.get_json(key) for key in ("a", "b", "c")] == [None, None, "c"]


@pytest.mark.parametrize("prefix", ["user:*:", "user:[ab]:", "user:?:", "user:\\*:", "user:^:"])
async def test_a_prefix_is_taken_to_the_letter(redis: Redis, prefix: str) -> None:
    await redis.set_json(prefix + "name", "gone", 60)
    await redis.set_json("user:a:name", "stays", 60)
    await redis.set_json("another-" + prefix, "stays", 60)

    await redis.delete_prefix(prefix)

    assert await redis.get_json(prefix + "name") is None
    assert await redis.get_json("user:a:name") == "stays"
    assert await redis.get_json("another-" + prefix) == "stays"


async def test_a_prefix_takes_more_than_one_page_of_keys_and_leaves_queues_alone(redis: Redis) -> None:
    await asyncio.gather(*(redis.set_json(f"many:{number}", number, 60) for number in range(1_200)))
    await redis.push("many:", "stays")

    await redis.delete_prefix("")

    assert await redis.get_json("many:0") is None
    assert await redis.get_json("many:1199") is None
    assert await redis.pop("many:", 30) is not None


# Loading


async def test_a_value_is_loaded_once_and_then_cached(side: Side) -> None:
    source = Source({"at": datetime(2026, 11, 21, tzinfo=UTC)})

    first = await side.redis.get_or_load("event", source.load, 60)
    second = await side.redis.get_or_load("event", source.load, 60)

    assert first == second == {"at": "2026-11-21T00:00:00+00:00"}
    assert source.loads == 1
    await side.passes(61)
    await side.redis.get_or_load("event", source.load, 60)
    assert source.loads == 2


async def test_a_crowd_of_readers_loads_once(side: Side) -> None:
    source = Source(MARIA)
    leader = await reader_in_the_middle_of_loading(side.redis, source)
    crowd = [
        asyncio.create_task(one.get_or_load("user:maria", source.load, 60))
        for one in (side.redis, side.other)
        for _ in range(25)
    ]
    await asyncio.wait(crowd, timeout=0.02)

    source.gate.set()

    assert await asyncio.gather(leader, *crowd) == [MARIA] * 51
    assert source.loads == 1


async def test_that_there_is_nothing_is_cached_for_its_own_time(side: Side) -> None:
    source = Source(None)

    for _ in range(3):
        assert await side.redis.get_or_load("user:nobody", source.load, 600, negative_ttl_seconds=5) is None

    assert source.loads == 1
    await side.passes(6)
    source.value = MARIA
    assert await side.redis.get_or_load("user:nobody", source.load, 600, negative_ttl_seconds=5) == MARIA


async def test_that_there_is_nothing_is_not_cached_unless_asked_for(redis: Redis) -> None:
    source = Source(None)

    await redis.get_or_load("user:nobody", source.load, 600)
    await redis.get_or_load("user:nobody", source.load, 600)

    assert source.loads == 2


async def test_an_error_reaches_those_who_waited_and_is_not_cached(redis: Redis) -> None:
    source = Source(Unavailable("The database is down."))
    leader = await reader_in_the_middle_of_loading(redis, source)
    waiting = asyncio.create_task(redis.get_or_load("user:maria", source.load, 60))
    await asyncio.wait([waiting], timeout=0.02)
    source.gate.set()

    for reader in (leader, waiting):
        with pytest.raises(Unavailable, match="database"):
            await reader

    source.value = MARIA
    assert await redis.get_or_load("user:maria", source.load, 60) == MARIA


async def test_when_the_loading_reader_is_cancelled_another_loads(side: Side) -> None:
    source = Source(MARIA)
    leader = await reader_in_the_middle_of_loading(side.redis, source)
    waiting = [asyncio.create_task(one.get_or_load("user:maria", source.load, 60)) for one in (side.redis, side.other)]
    await asyncio.wait(waiting, timeout=0.02)
    source.gate.set()

    leader.cancel()

    async with asyncio.timeout(2):
        assert await asyncio.gather(*waiting) == [MARIA, MARIA]
    assert leader.cancelled()


async def test_a_loader_that_died_holds_others_up_for_its_lease_only(side: Side) -> None:
    source = Source(MARIA)
    await side.other._ticket("user:maria", 5)
    reader = asyncio.create_task(side.redis.get_or_load("user:maria", source.load, 60))
    await asyncio.wait([reader], timeout=0.02)
    assert source.loads == 0

    await side.passes(6)

    assert await reader == MARIA


async def write(redis: Redis, how: str) -> None:
    match how:
        case "delete":
            await redis.delete("user:maria")
        case "delete_prefix":
            await redis.delete_prefix("user:")
        case "set_json":
            await redis.set_json("user:maria", "new", 60)


@pytest.mark.parametrize("how", ["delete", "delete_prefix", "set_json"])
async def test_a_load_that_began_before_a_write_never_puts_the_old_value_back(side: Side, how: str) -> None:
    source = Source("old")
    early = await reader_in_the_middle_of_loading(side.redis, source)

    source.value = "new"
    await write(side.other, how)
    source.gate.set()

    assert await early == "old"
    assert await side.redis.get_json("user:maria") in {None, "new"}
    assert await side.redis.get_or_load("user:maria", source.load, 60) == "new"


@pytest.mark.parametrize("how", ["delete", "delete_prefix", "set_json"])
async def test_after_a_write_nobody_joins_a_load_that_began_before_it(side: Side, how: str) -> None:
    source = Source("old")
    early = await reader_in_the_middle_of_loading(side.redis, source)

    await write(side.other, how)
    fresh = Source("new")

    async with asyncio.timeout(2):
        assert await side.redis.get_or_load("user:maria", fresh.load, 60) == "new"
    source.gate.set()
    assert await early == "old"
    assert await side.other.get_json("user:maria") == "new"


async def test_reading_after_writing_gives_what_was_written_in_any_order_of_events(side: Side) -> None:
    chance, stored = random.Random(7), [0]
    invalidated = 0

    async def load() -> int:
        value = stored[0]
        for _ in range(chance.randrange(4)):
            await asyncio.sleep(0)
        return value

    async def read(redis: Redis) -> None:
        for _ in range(100):
            at_least = invalidated
            assert await redis.get_or_load("version", load, 60) >= at_least

    async def write_on() -> None:
        nonlocal invalidated
        for number in range(1, 100):
            stored[0] = number
            await side.redis.delete("version")
            invalidated = number

    await asyncio.gather(write_on(), *(read(one) for one in (side.redis, side.other) for _ in range(4)))


# Counters


async def test_hits_are_counted_within_their_window(side: Side) -> None:
    windows = [await side.redis.hit("sign-in:maria", 60) for _ in range(3)]
    await side.redis.hit("sign-in:paul", 60)

    assert [hits for hits, _ in windows] == [1, 2, 3]
    await side.passes(20)
    hits, seconds_until_reset = await side.redis.hit("sign-in:maria", 60)
    assert (hits, round(seconds_until_reset)) == (4, 40)


async def test_a_window_begins_anew_after_its_time(side: Side) -> None:
    await side.redis.hit("sign-in:maria", 60)

    await side.passes(61)

    assert (await side.redis.hit("sign-in:maria", 60)).hits == 1


async def test_no_hit_is_lost_among_many(side: Side) -> None:
    clients = [side.redis, side.other] * 50

    windows = await asyncio.gather(*(one.hit("busy", 60) for one in clients))

    assert sorted(window.hits for window in windows) == list(range(1, 101))
