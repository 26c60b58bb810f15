"""Limits hold between two servers, to the last request, and a run that is over has been counted."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from tests.serving import Client, Server, serving

pytestmark = pytest.mark.anyio

LIMIT, SENDS, THREADS = 50, 200, 25
PLANS = {"free": {"chat": {"requests_per_month": LIMIT}}, "pro": {}}


@dataclass(frozen=True)
class Pair:
    """Two servers on one database, and their owner."""

    one: Server
    other: Server
    owner: Client


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def pair(storage: str, tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[Pair]:
    folder = tmp_path_factory.mktemp("pair")
    settings = {"FAMULUS_USAGE__PLANS": json.dumps(PLANS)}
    with serving(folder, **settings) as one:
        await one.start()
        with serving(folder, **settings, FAMULUS_DATABASE__URL=one.kept.url) as other:
            yield Pair(one, await other.start(), await one.owner())


async def test_of_many_that_are_sent_to_two_servers_as_many_as_may_are_accepted(pair: Pair) -> None:
    here = await pair.one.member(pair.owner, "Anna")
    there = Client(pair.other.url, here.key, here.user_id)
    threads = [await here.thread() for _ in range(THREADS)]

    async def send(number: int) -> int:
        client = here if number % 2 else there
        path = f"/api/v1/conversations/{threads[number % THREADS]}/runs"
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


async def test_the_owner_sees_what_everybody_spends_and_a_member_does_not(pair: Pair) -> None:
    owner, berta = pair.owner, await pair.one.member(pair.owner, "Berta")
    run = await berta.send(await berta.thread(), "what is 6 * 7")
    await berta.ended(run["id"])

    seen = await owner.get("/api/v1/admin/usage")
    history = await berta.get("/api/v1/usage/history?by=feature")
    status, _ = await owner.request("PUT", f"/api/v1/admin/users/{berta.user_id}/plan", {"plan": "pro"})

    assert {one["user_id"]: one["plan"] for one in seen["data"]}[berta.user_id] == "free"
    assert [(one["by"], one["requests"], one["tool_calls"]) for one in history["data"]] == [("chat", 1, 1)]
    assert status == 204
    assert (await berta.get("/api/v1/usage"))["plan"] == "pro"
    await berta.get("/api/v1/admin/usage", expect=403)
    await berta.get("/api/v1/usage/history?since=2026-01-02&until=2026-01-01", expect=422)


async def test_a_conversation_that_is_deleted_gives_back_nothing_and_holds_nothing(pair: Pair) -> None:
    clara = await pair.one.member(pair.owner, "Clara")
    thread = await clara.thread()
    await clara.send(thread, "count to 100000")
    await clara.request("DELETE", f"/api/v1/conversations/{thread}")

    spent = "SELECT state, tokens FROM usage_entries WHERE user_id = ?"
    assert pair.one.kept.rows(spent, clara.user_id) == [("spent", 0)]
