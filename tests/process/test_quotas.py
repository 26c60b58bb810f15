"""Limits hold between two servers, to the last request, and a run that is over has been counted."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.serving import Client, Server, serving

pytestmark = pytest.mark.anyio

LIMIT, SENDS = 20, 80
PLANS = {"free": {"chat": {"requests_per_month": LIMIT}}, "pro": {}}


@pytest.fixture
async def pair(storage: str, tmp_path: Path) -> AsyncIterator[tuple[Server, Server]]:
    settings = {"FAMULUS_USAGE__PLANS": json.dumps(PLANS)}
    with serving(tmp_path, **settings) as one:
        await one.start()
        with serving(tmp_path, **settings, FAMULUS_DATABASE__URL=one.kept.url) as other:
            yield one, await other.start()


async def test_of_many_that_are_sent_to_two_servers_as_many_as_may_are_accepted(pair: tuple[Server, Server]) -> None:
    one, other = pair
    owner = await one.owner()
    here = await one.member(owner)
    there = Client(other.url, here.key, here.user_id)
    threads = [await here.thread() for _ in range(SENDS)]

    async def send(number: int) -> int:
        client = here if number % 2 else there
        path = f"/api/v1/conversations/{threads[number]}/runs"
        status, answer = await client.request("POST", path, {"message": "hello"})
        if status == 429:
            details = answer["error"]["details"]
            assert answer["error"]["code"] == "quota_exceeded"
            assert (details["limit"], details["used"], details["window"]) == (LIMIT, LIMIT, "month")
        return status

    statuses = await asyncio.gather(*(send(number) for number in range(SENDS)))

    assert sorted(statuses) == [202] * LIMIT + [429] * (SENDS - LIMIT)
    told = [notification["title"] for notification in (await there.get("/api/v1/notifications"))["data"]]
    assert told == [
        "Your requests for chat are used up for this month",
        "80 % of your requests for chat this month are used",
    ]
    usage = await there.get("/api/v1/usage")
    assert [(one["used"], one["limit"]) for one in usage["limits"]] == [(LIMIT, LIMIT)]


async def test_the_owner_sees_what_everybody_spends_and_a_member_does_not(pair: tuple[Server, Server]) -> None:
    server, _ = pair
    owner = await server.owner()
    berta = await server.member(owner)
    run = await berta.send(await berta.thread(), "what is 6 * 7")
    await berta.ended(run["id"])

    seen = await owner.get("/api/v1/admin/usage")
    history = await berta.get("/api/v1/usage/history?by=feature")
    status, _ = await owner.request("PUT", f"/api/v1/admin/users/{berta.user_id}/plan", {"plan": "pro"})

    assert [(one["user_id"], one["plan"]) for one in seen["data"]] == [(berta.user_id, "free")]
    assert [(one["by"], one["requests"], one["tool_calls"]) for one in history["data"]] == [("chat", 1, 1)]
    assert status == 204
    assert (await berta.get("/api/v1/usage"))["plan"] == "pro"
    await berta.get("/api/v1/admin/usage", expect=403)
    await berta.get("/api/v1/usage/history?since=2026-01-02&until=2026-01-01", expect=422)


async def test_a_conversation_that_is_deleted_gives_back_nothing_and_holds_nothing(pair: tuple[Server, Server]) -> None:
    server, _ = pair
    owner = await server.owner()
    thread = await owner.thread()
    await owner.send(thread, "count to 100000")
    await owner.request("DELETE", f"/api/v1/conversations/{thread}")

    assert server.kept.rows("SELECT state, tokens FROM usage_entries") == [("spent", 0)]
