"""The reliable queue, on both sides."""

import asyncio
from uuid import uuid4

import pytest

from famulus.infra.redis import Redis, embedded, make_redis, server
from tests.infra import redis_server, redis_sides
from tests.infra.redis_sides import Side

pytestmark = pytest.mark.anyio

redis_url, side, redis = redis_server.redis_url, redis_sides.side, redis_sides.redis


# The queue


async def test_messages_come_in_the_order_they_were_pushed(redis: Redis) -> None:
    pushed = [await redis.push("mail", {"to": name}) for name in ("maria", "paul", "ada")]

    popped = [await redis.pop("mail", 30) for _ in range(4)]

    assert [one.payload["to"] for one in popped if one] == ["maria", "paul", "ada"]
    assert [one.id for one in popped if one] == pushed
    assert popped[3] is None


async def test_queues_do_not_mix(redis: Redis) -> None:
    await redis.push("mail", "letter")

    assert await redis.pop("mail:due", 30) is None
    assert await redis.pop("mai", 30) is None


async def test_an_acknowledged_message_never_comes_again(side: Side) -> None:
    await side.redis.push("mail", "letter")
    delivery = await side.redis.pop("mail", 30)
    assert delivery is not None

    assert await side.redis.ack(delivery)

    await side.passes(31)
    assert await side.redis.pop("mail", 30) is None
    assert not await side.redis.ack(delivery)


async def test_a_message_of_a_dead_consumer_goes_to_another(side: Side) -> None:
    await side.redis.push("mail", "letter")
    first = await side.redis.pop("mail", 30)
    assert first is not None
    await side.passes(29)
    assert await side.other.pop("mail", 30) is None

    await side.passes(2)
    second = await side.other.pop("mail", 30)

    assert second is not None
    assert (first.attempt, second.attempt) == (1, 2)
    assert (first.id, second.payload) == (second.id, "letter")


async def test_a_slow_consumer_cannot_acknowledge_what_another_has_now(side: Side) -> None:
    await side.redis.push("mail", "letter")
    slow = await side.redis.pop("mail", 30)
    await side.passes(31)
    quick = await side.other.pop("mail", 30)
    assert slow is not None
    assert quick is not None

    assert not await side.redis.ack(slow)
    assert not await side.redis.nack(slow)

    assert await side.other.ack(quick)


async def test_a_slow_consumer_may_acknowledge_what_nobody_else_took(side: Side) -> None:
    await side.redis.push("mail", "letter")
    slow = await side.redis.pop("mail", 30)
    assert slow is not None
    await side.passes(31)

    assert await side.redis.ack(slow)

    assert await side.redis.pop("mail", 30) is None


async def test_a_message_given_back_comes_again_after_the_delay(side: Side) -> None:
    await side.redis.push("mail", "letter")
    delivery = await side.redis.pop("mail", 30)
    assert delivery is not None

    assert await side.redis.nack(delivery, 10)

    assert not await side.redis.ack(delivery)
    assert await side.redis.pop("mail", 30) is None
    await side.passes(11)
    again = await side.redis.pop("mail", 30)
    assert again is not None
    assert again.attempt == 2


async def test_a_message_nobody_can_handle_ends_as_a_dead_letter(side: Side) -> None:
    message = await side.redis.push("mail", "letter")
    for _ in range(3):
        delivery = await side.redis.pop("mail", 30)
        assert delivery is not None
        await side.redis.nack(delivery)

    [letter] = await side.redis.dead("mail")

    assert (letter.id, letter.payload, letter.deliveries) == (message, "letter", 3)
    await side.passes(3_600)
    assert await side.redis.pop("mail", 30) is None


async def test_a_message_that_kills_its_consumers_ends_as_a_dead_letter(side: Side) -> None:
    await side.redis.push("mail", "poison")
    await side.redis.push("mail", "letter")
    for _ in range(3):
        assert await side.redis.pop("mail", 30) is not None
        letter = await side.redis.pop("mail", 30)
        assert letter is not None
        await side.redis.nack(letter, 3_600)
        await side.passes(3_601)

    assert await side.redis.pop("mail", 30) is None

    assert {one.payload for one in await side.redis.dead("mail")} == {"poison", "letter"}


async def test_the_last_consumer_may_still_acknowledge_a_dead_letter_it_was_slow_with(side: Side) -> None:
    await side.redis.push("mail", "letter")
    for _ in range(3):
        slow = await side.redis.pop("mail", 30)
        await side.passes(31)
    assert await side.redis.pop("mail", 30) is None
    assert len(await side.redis.dead("mail")) == 1
    assert slow is not None

    assert not await side.redis.nack(slow)
    assert await side.redis.ack(slow)

    assert await side.redis.dead("mail") == []


async def test_the_newest_dead_letters_are_kept_and_come_first(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "DEAD_KEPT", 3)
    monkeypatch.setattr(server, "DEAD_KEPT", 3)
    for number in range(5):
        await side.redis.push("mail", number)
        for _ in range(3):
            delivery = await side.redis.pop("mail", 30)
            assert delivery is not None
            await side.redis.nack(delivery)
        await side.passes(1)

    assert [one.payload for one in await side.redis.dead("mail")] == [4, 3, 2]
    assert [one.payload for one in await side.redis.dead("mail", limit=1)] == [4]


async def test_every_message_goes_to_one_of_many_consumers(side: Side) -> None:
    taken: list[int] = []

    async def consume(redis: Redis) -> None:
        while len(taken) < 200:
            if (delivery := await redis.pop("mail", 30, wait_seconds=0.2)) is not None:
                taken.append(delivery.payload)
                assert await redis.ack(delivery)

    consumers = [asyncio.create_task(consume(one)) for one in (side.redis, side.other) for _ in range(20)]
    await asyncio.gather(*(side.redis.push("mail", number) for number in range(200)))
    await asyncio.gather(*consumers)

    assert sorted(taken) == list(range(200))


async def test_a_waiting_consumer_is_woken_by_a_push(side: Side) -> None:
    waiting = asyncio.create_task(side.other.pop("mail", 30, wait_seconds=120))
    await asyncio.wait([waiting], timeout=0.05)

    await side.redis.push("mail", "letter")

    async with asyncio.timeout(60):
        delivery = await waiting
    assert delivery is not None
    assert delivery.payload == "letter"


async def test_many_waiting_consumers_keep_nobody_else_waiting(side: Side) -> None:
    waiting = [asyncio.create_task(side.redis.pop("mail", 30, wait_seconds=120)) for _ in range(60)]
    await asyncio.wait(waiting, timeout=0.1)

    async with asyncio.timeout(60):
        await side.redis.hit("busy", 60)

    for one in waiting:
        one.cancel()
    done, _ = await asyncio.wait(waiting, timeout=60)
    assert [one.cancelled() for one in done] == [True] * 60


async def test_a_waiting_consumer_that_is_cancelled_takes_nothing_with_it(side: Side) -> None:
    waiting = asyncio.create_task(side.redis.pop("mail", 30, wait_seconds=120))
    await asyncio.wait([waiting], timeout=0.05)
    waiting.cancel()
    await asyncio.wait([waiting])

    await side.redis.push("mail", "letter")

    assert await side.redis.pop("mail", 30, wait_seconds=60) is not None


@pytest.mark.parametrize("kind", ["embedded", "server"])
async def test_a_waiting_consumer_gets_a_message_as_soon_as_its_holder_is_given_up(
    kind: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("redis_url") if kind == "server" else None
    redis = make_redis(url, namespace=f"test-{uuid4()}")
    await redis.push("mail", "letter")
    await redis.pop("mail", visibility_seconds=0.05)

    async with asyncio.timeout(60):
        delivery = await redis.pop("mail", 30, wait_seconds=120)

    assert delivery is not None
    assert await redis.ack(delivery)
    await redis.close()
