"""Stopping runs: at any time, from anywhere, more than once."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from tests.fake_model.fixture import FakeModel
from tests.journeys.talk import (
    Talk,
    assert_at_rest,
    assert_goes_on,
    assert_sound,
    first,
    talk,
    until,
    use,
)
from tests.serving import Client, Event, Server, messages_of

pytestmark = pytest.mark.anyio


async def cancel(client: Client, run_id: str) -> tuple[int, str]:
    """Ask for the end of a run: the status of the answer, and that of the run or the error's code."""
    status, body = await client.request("POST", f"/runs/{run_id}/cancel")
    return status, body["status"] if status == 200 else body["error"]["code"]


async def test_a_cancel_at_any_time_ends_the_run_once_and_the_same_for_all(
    server: Server, owner: Client, fake_model: FakeModel
) -> None:
    model = "tool?name=slow&args={%22seconds%22:0.3}&then=text%3Ftokens%3D60%26rate%3D60"
    conversations = [await talk(owner, model) for _ in range(64)]

    # What is tried is how they end, and not how many begin at once.
    beginning = asyncio.Semaphore(8)

    async def one(conversation: Talk, delay: float | None) -> str:
        async with beginning:
            run_id = await conversation.send()
        await (owner.ended(run_id) if delay is None else asyncio.sleep(delay))
        status, told = await cancel(owner, run_id)
        seen = await assert_sound(owner, run_id)
        run = await owner.get(f"/runs/{run_id}")
        assert (status, told) in {(200, "cancelling"), (200, "cancelled"), (409, "run_ended")}
        assert run["status"] in {"cancelled", "completed"}
        if status == 409 or told == "cancelled":
            assert run["status"] == ("completed" if status == 409 else "cancelled")
        assert (
            await cancel(owner, run_id)
            == {
                "cancelled": (200, "cancelled"),
                "completed": (409, "run_ended"),
            }[run["status"]]
        )
        assert seen == await owner.events(run_id)
        return str(run["status"])

    # From before it is claimed, through its call and its answer, to after its end.
    delays = [*(0.03 * at for at in range(len(conversations) - 1)), None]
    ends = await asyncio.gather(*(one(*each) for each in zip(conversations, delays, strict=True)))

    assert {"cancelled", "completed"} == set(ends)
    requests = await fake_model.settled_requests()
    assert all(request["ended"] or request["closed_early_after_seconds"] for request in requests)
    await asyncio.gather(*(assert_goes_on(owner, conversation.thread_id) for conversation in conversations[::8]))
    assert_at_rest(server)


@pytest.mark.parametrize("model", ["text?tokens=1000&rate=50", "stall?after=5", "slowfirst?seconds=30"])
async def test_a_cancel_hangs_up_on_the_provider_and_keeps_what_was_said(
    model: str, server: Server, owner: Client, fake_model: FakeModel
) -> None:
    conversation = await talk(owner, model)
    run_id = await conversation.send()
    await fake_model.requests_after(1)
    if not model.startswith("slow"):
        await first(owner.follow(run_id), "thread.message.delta")

    asked_at = time.time()
    elsewhere = Client(server.url, owner.key, owner.user_id)
    assert await cancel(elsewhere, run_id) in {(200, "cancelling"), (200, "cancelled")}
    whole = await assert_sound(owner, run_id)
    assert time.time() - asked_at < 20

    [request] = await fake_model.settled_requests()
    assert request["received_at"] + request["closed_early_after_seconds"] - asked_at < 20
    assert whole[-1].data["status"] == "cancelled"
    said = await conversation.said()
    if model.startswith("slow"):
        assert len(said) == 1
    else:
        assert said[1][:2] == ("assistant", "incomplete")
        assert said[1][2].startswith("w0 ")
        assert list(messages_of(whole).values()) == [said[1][2]]
    await assert_goes_on(owner, conversation.thread_id)
    assert_at_rest(server)


async def test_a_queued_run_is_cancelled_at_once_and_the_one_before_it_is_not(server: Server, owner: Client) -> None:
    conversation = await talk(owner, "text?tokens=60&rate=60")
    first_run, second, third = [await conversation.send(text) for text in ("one", "two", "three")]

    assert await cancel(owner, second) == (200, "cancelled")

    ends = [(await assert_sound(owner, run_id))[-1].data["status"] for run_id in (first_run, second, third)]
    assert ends == ["completed", "cancelled", "completed"]
    assert_at_rest(server)


async def test_a_call_that_is_cancelled_stops(server: Server, owner: Client, tmp_path: Path) -> None:
    effects = tmp_path / "effects"
    conversation = await talk(owner)
    run_id = await conversation.send(use("append_line", path=str(effects), seconds=30))
    await until(effects.exists)

    asked_at = time.monotonic()
    await asyncio.gather(*(cancel(owner, run_id) for _ in range(5)))
    whole = await assert_sound(owner, run_id)

    assert time.monotonic() - asked_at < 20
    assert whole[-1].data["status"] == "cancelled"
    assert any(event.name == "thread.run.step.cancelled" for event in whole)
    await assert_goes_on(owner, conversation.thread_id)
    assert_at_rest(server)


async def test_a_tool_can_ask_for_the_end_of_its_own_run(server: Server, owner: Client, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    conversation = await talk(owner)

    run, _ = await conversation.turn(use("stop_me", url=server.url, key=owner.key, path=str(notes)))

    assert run["status"] == "cancelled"
    assert notes.read_text() == "asking\n"
    await assert_goes_on(owner, conversation.thread_id)
    assert_at_rest(server)


async def test_deleting_a_conversation_stops_its_run_and_leaves_nothing(
    server: Server, owner: Client, fake_model: FakeModel
) -> None:
    title = {"title": "Another secret that goes"}
    started = await owner.post("/api/v1/conversations", title, expect=201, Idempotency_Key="the key of a start")
    conversation = replace(await talk(owner, "text?tokens=5000&rate=50"), thread_id=started["id"])
    run_id = await conversation.send("a secret that goes")
    queued = await conversation.send("another secret that goes")
    following = owner.follow(run_id)
    await first(following, "thread.message.delta")

    asked_at = time.monotonic()
    status, _ = await owner.request("DELETE", f"/api/v1/conversations/{conversation.thread_id}")
    rest: list[Event] = [event async for event in following]

    assert status == 204
    assert time.monotonic() - asked_at < 60
    assert [event.name for event in rest][-2:] == ["error", "done"]
    assert rest[-2].data["error"]["code"] == "stream_gone"
    [request] = await fake_model.settled_requests()
    assert request["closed_early_after_seconds"]
    for path in (
        f"/api/v1/conversations/{conversation.thread_id}",
        f"/api/v1/conversations/{conversation.thread_id}/messages",
        f"/runs/{run_id}",
        f"/runs/{run_id}/steps",
        f"/runs/{run_id}/events",
        f"/runs/{queued}/events",
    ):
        await owner.get(path, expect=404)
    await until(lambda: not _mentions(server, conversation.thread_id, run_id, queued, "secret that goes"))
    await assert_goes_on(owner, (await talk(owner)).thread_id)
    assert_at_rest(server)


def _mentions(server: Server, *words: str) -> list[str]:
    """Which tables still have a row with any of the words in it."""
    kept = server.kept.everything()
    return [table for table, rows in kept.items() if any(word in str(row) for row in rows for word in words)]


async def test_a_waiting_client_is_told_that_its_run_was_stopped(owner: Client) -> None:
    conversation = await talk(owner, "text?tokens=5000&rate=50")
    body = {"thread_id": conversation.thread_id, "message": "go on", "assistant_id": conversation.assistant_id}
    waiting = asyncio.create_task(owner.request("POST", "/chat", body))
    run_id = await _active(owner, conversation.thread_id)

    await cancel(owner, run_id)
    status, answer = await waiting

    assert (status, answer["error"]["code"]) == (409, "run_stopped")


async def test_a_client_that_goes_away_stops_nothing(owner: Client) -> None:
    conversation = await talk(owner, "text?tokens=30&rate=60")
    body = {"thread_id": conversation.thread_id, "message": "go on", "assistant_id": conversation.assistant_id}
    async with (
        aiohttp.ClientSession(headers={**owner.headers, "Accept": "text/event-stream"}) as http,
        http.post(f"{owner.url}/chat", json=body) as answer,
    ):
        await answer.content.readany()
        answer.close()
    run_id = await _active(owner, conversation.thread_id)

    whole = await assert_sound(owner, run_id)

    assert whole[-1].data["status"] == "completed"
    assert await conversation.said() == [
        ("user", "completed", "go on"),
        ("assistant", "completed", "".join(f"w{number} " for number in range(30))),
    ]


async def _active(client: Client, thread_id: str) -> str:
    async with asyncio.timeout(60):
        while True:
            conversation = await client.get(f"/api/v1/conversations/{thread_id}")
            if run_id := conversation["active_run_id"]:
                return str(run_id)
            await asyncio.sleep(0.01)
