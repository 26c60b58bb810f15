"""Deliveries: signed, tried again with the same name, given up visibly, and never in each other's way."""

import asyncio
import base64
import hashlib
import hmac
from datetime import timedelta

import pytest

from famulus.features.notifications.errors import ChannelExists, NotDead, TooManyChannels
from famulus.features.notifications.schemas import ChannelPatch
from famulus.infra.outbound import AddressRefused
from famulus.jobs.queue import LeaseLost
from tests.features.notifications.place import NOON, Place, Request

pytestmark = pytest.mark.anyio


def verified(request: Request, secret: str) -> bool:
    """Whether a receiver that follows standardwebhooks.com would take this for genuine."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + request.body
    mac = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    fresh = abs(int(headers["webhook-timestamp"]) - NOON.timestamp()) < 300
    return fresh and f"v1,{mac}" in headers["webhook-signature"].split(" ")


async def test_a_webhook_is_signed_by_a_secret_that_is_shown_once(place: Place) -> None:
    channel = await place.webhook()
    told = await place.notify("Tea is ready", body="Green.", data={"kettle": 7})

    await place.deliver()

    (request,) = place.receiver.requests
    delivery = await place.delivery(told)
    assert verified(request, channel.secret or "")
    assert request.json["id"] == request.headers["Idempotency-Key"] == delivery.id
    assert request.json["type"] == "notification"
    assert request.json["notification"]["data"] == {"kettle": 7}
    assert (delivery.state, delivery.attempts, delivery.status) == ("delivered", 1, 200)
    assert await place.jobs() == 0


async def test_a_new_secret_replaces_the_old_one(place: Place) -> None:
    channel = await place.webhook()
    changed = await place.with_channels(lambda them: them.change_secret(channel.id))
    await place.notify()

    await place.deliver()

    (request,) = place.receiver.requests
    assert verified(request, changed.secret)
    assert not verified(request, channel.secret or "")


async def test_a_failing_target_is_tried_again_under_the_same_name_and_ever_later(place: Place) -> None:
    await place.webhook()
    place.receiver.answers = [500, 503]
    told = await place.notify()

    pauses = []
    while (await place.delivery(told)).state == "pending":
        await place.deliver()
        next_try = (await place.delivery(told)).next_try_at
        if next_try:
            pauses.append((next_try - place.clock()).total_seconds())
            place.clock.at = next_try
            # A moment before, nothing is tried.
            place.clock.move(seconds=-1)
            assert await place.deliver() == 0
            place.clock.move(seconds=1)

    assert pauses == [10, 30]
    delivery = await place.delivery(told)
    assert (delivery.state, delivery.attempts) == ("delivered", 3)
    assert len({request.headers["Idempotency-Key"] for request in place.receiver.requests}) == 1


async def test_what_is_given_up_is_shown_and_can_be_tried_anew(place: Place) -> None:
    channel = await place.webhook()
    place.receiver.answers = [500] * 4
    told = await place.notify()
    for _ in range(4):
        await place.deliver()
        place.clock.move(hours=1)

    delivery = await place.delivery(told)
    assert (delivery.state, delivery.attempts, delivery.error) == ("dead", 4, "http_500")
    dead = await place.do(lambda them: them.deliveries("dead", after=None, limit=10))
    assert [one.id for one in dead] == [delivery.id]
    assert await place.jobs() == 0

    await place.with_channels(lambda them: them.change(channel.id, ChannelPatch(enabled=True)))
    await place.do(lambda them: them.try_anew(delivery.id))
    await place.deliver()

    assert (await place.delivery(told)).state == "delivered"
    with pytest.raises(NotDead):
        await place.do(lambda them: them.try_anew(delivery.id))


async def test_a_target_says_how_long_to_wait(place: Place) -> None:
    await place.webhook()
    place.receiver.answers, place.receiver.headers = [429], {"Retry-After": "120"}
    told = await place.notify()

    await place.deliver()

    assert (await place.delivery(told)).next_try_at == NOON + timedelta(seconds=120)


async def test_a_target_that_is_gone_for_good_is_asked_no_more(place: Place) -> None:
    channel = await place.webhook()
    place.receiver.answers = [410]
    told, also = await place.notify("first"), await place.notify("second")

    await place.deliver()
    place.clock.move(days=1)
    await place.deliver()
    later = await place.notify("third")

    states = [(await place.delivery(one)).state for one in (told, also)]
    assert sorted(states) in (["dead", "dead"], ["dead", "delivered"])
    assert not (await place.with_channels(lambda them: them.find(channel.id))).enabled
    assert [one.channel_kind for one in await place.do(lambda them: them.deliveries_of(later.id))] == ["in_app"]


async def test_a_redirect_is_a_failure_and_is_not_followed(place: Place) -> None:
    await place.webhook()
    place.receiver.answers, place.receiver.headers = [302], {"Location": place.receiver.url + "/elsewhere"}
    told = await place.notify()

    await place.deliver()

    assert (await place.delivery(told)).error == "http_302"
    assert len(place.receiver.requests) == 1


async def test_a_slow_target_delays_nobody_elses(place: Place) -> None:
    slow = await place.webhook("/hang", kinds=["slow"])
    await place.webhook("/", kinds=["note"])
    stuck = [await place.notify(str(number), kind="slow") for number in range(10)]
    told = await place.notify("quick", kind="note")

    working = asyncio.create_task(place.deliver())
    await place.receiver.hanging.wait()
    # The quick one has arrived while the slow ones hang.
    async with asyncio.timeout(60):
        while (await place.delivery(told)).state != "delivered":
            await asyncio.sleep(0.01)
    await working

    deliveries = [await place.delivery(one) for one in stuck]
    assert {one.channel_id for one in deliveries} == {slow.id}
    tried = [one for one in deliveries if one.attempts]
    waiting = [one for one in deliveries if not one.attempts]
    assert (len(tried), len(waiting)) == (8, 2)
    assert {one.error for one in tried} == {"target_failed"}


async def test_many_to_a_quick_target_arrive_at_once_and_a_few_at_a_time(place: Place) -> None:
    await place.webhook()
    for number in range(40):
        await place.notify(str(number))

    await place.deliver()

    assert len(place.receiver.requests) == 40
    assert place.receiver.most_at_once <= 8
    assert await place.jobs() == 0


async def test_one_whose_job_somebody_else_has_taken_over_is_not_noted_and_the_others_are(place: Place) -> None:
    await place.webhook()
    told = [await place.notify(str(number)) for number in range(3)]
    mine, lost, also = await place.claimed()
    place.clock.move(minutes=1)
    await place.let_expire(lost)

    outcomes = await asyncio.gather(*map(place.deliverer.deliver, (mine, lost, also)), return_exceptions=True)

    assert [type(one) for one in outcomes] == [type(None), LeaseLost, type(None)]
    assert sorted([(await place.delivery(one)).state for one in told]) == ["delivered", "delivered", "pending"]
    assert await place.jobs() == 1


async def test_a_channel_that_keeps_failing_rests_and_then_recovers(place: Place) -> None:
    channel = await place.webhook()
    place.receiver.answers = [500] * 3
    for number in range(3):
        await place.notify(str(number))
        await place.deliver()
    paused = (await place.with_channels(lambda them: them.find(channel.id))).paused_until
    assert paused is not None

    later = await place.notify("later")
    await place.deliver()
    assert len(place.receiver.requests) == 3
    assert (await place.delivery(later)).attempts == 0

    place.clock.at = paused + timedelta(minutes=1)
    await place.deliver()
    assert (await place.delivery(later)).state == "delivered"
    assert (await place.with_channels(lambda them: them.find(channel.id))).failures == 0


async def test_a_channel_takes_what_it_is_for(place: Place) -> None:
    await place.webhook(kinds=["reminder"])
    await place.notify("a note", kind="note")
    await place.notify("a reminder", kind="reminder")

    await place.deliver()

    assert [request.json["notification"]["title"] for request in place.receiver.requests] == ["a reminder"]


async def test_channels_are_few_distinct_and_outside(place: Place) -> None:
    await place.webhook("/1")
    with pytest.raises(ChannelExists):
        await place.webhook("/1")
    for inside in ("http://10.0.0.1/", "http://[::1]/", "file:///etc/passwd", "nonsense"):
        with pytest.raises(AddressRefused):
            await place.open_webhook(inside)
    await place.webhook("/2")
    await place.webhook("/3")
    with pytest.raises(TooManyChannels):
        await place.webhook("/4")


async def test_what_is_deleted_is_not_delivered(place: Place) -> None:
    await place.webhook()
    told = await place.notify()

    await place.do(lambda them: them.delete(told.id))
    await place.deliver()

    assert place.receiver.requests == []
    assert await place.jobs() == 0


async def test_what_is_under_way_to_a_channel_ends_with_it(place: Place) -> None:
    channel = await place.webhook()
    told = await place.notify()

    await place.with_channels(lambda them: them.remove(channel.id))
    await place.deliver()

    assert place.receiver.requests == []
    assert ((await place.delivery(told)).state, (await place.delivery(told)).error) == ("dead", "channel_gone")
    assert await place.jobs() == 0
