"""Sending: twice the same, many at once, and while an answer is being made."""

import asyncio
from itertools import pairwise

import pytest

from tests.journeys.talk import assert_at_rest, assert_goes_on, assert_sound, first, rows, talk
from tests.serving import Client, Server

pytestmark = pytest.mark.anyio

SETTINGS = {"FAMULUS_AGENT__MAX_ACTIVE_RUNS_PER_USER": "60"}


@pytest.mark.parametrize("by", ["header", "client_message_id"])
async def test_fifty_sendings_under_one_key_are_one_run(by: str, server: Server, owner: Client) -> None:
    conversation = await talk(owner, "text?tokens=5")
    path = f"/api/v1/conversations/{conversation.thread_id}/runs"
    body = {"message": "once", "assistant_id": conversation.assistant_id}
    headers = {"Idempotency-Key": f"key-{by}"} if by == "header" else {}
    named = body if by == "header" else {**body, "client_message_id": f"key-{by}"}

    answers = await asyncio.gather(*(owner.request("POST", path, named, headers=headers) for _ in range(50)))
    [run_id] = {answer["id"] for _, answer in answers}
    await assert_sound(owner, run_id)
    later = await owner.request("POST", path, named, headers=headers)
    other = await owner.request("POST", path, {**named, "message": "something else"}, headers=headers)

    assert {status for status, _ in answers} == {202}
    assert (later[0], later[1]["id"], later[1]["status"]) == (202, run_id, "completed")
    assert (other[0], other[1]["error"]["code"]) == (409, "key_reused")
    assert [text for role, _, text in await conversation.said() if role == "user"] == ["once"]
    assert_at_rest(server)


async def test_a_key_belongs_to_whoever_uses_it(server: Server, owner: Client) -> None:
    berta = await server.member(owner)
    runs = []
    for client in (owner, berta):
        conversation = await talk(client)
        runs.append(await conversation.send("hello", client_message_id="the same name"))

    assert runs[0] != runs[1]
    for client, run_id in zip((owner, berta), runs, strict=True):
        await assert_sound(client, run_id)


async def test_fifty_messages_sent_at_once_are_answered_one_after_the_other(server: Server, owner: Client) -> None:
    conversation = await talk(owner, "echo")

    runs = await asyncio.gather(*(conversation.send(f"message {number}") for number in range(50)))
    await asyncio.gather(*(assert_sound(owner, run_id) for run_id in runs))

    assert len(set(runs)) == 50
    # In the order in which they were accepted: the ids of runs rise with time.
    spans = rows(
        server,
        "SELECT id, started_at, ended_at FROM runs WHERE conversation_id = ? ORDER BY id",
        conversation.thread_id,
    )
    assert all(earlier[2] <= later[1] for earlier, later in pairwise(spans))
    said = await conversation.said()
    asked = [text for role, _, text in said if role == "user"]
    answered = [text for role, _, text in said if role == "assistant"]
    assert sorted(asked) == sorted(f"message {number}" for number in range(50))
    assert answered == asked
    await assert_goes_on(owner, conversation.thread_id)
    assert_at_rest(server)


async def test_a_busy_conversation_refuses_whoever_would_rather_not_wait(server: Server, owner: Client) -> None:
    conversation = await talk(owner, "text?tokens=60&rate=60")
    run_id = await conversation.send()

    status, answer = await owner.request(
        "POST",
        f"/api/v1/conversations/{conversation.thread_id}/runs",
        {"message": "me too", "policy": "reject"},
    )

    assert (status, answer["error"]["code"]) == (409, "conversation_busy")
    assert answer["error"]["details"]["run_id"] == run_id
    whole = await assert_sound(owner, run_id)
    assert whole[-1].data["status"] == "completed"
    assert [text for role, _, text in await conversation.said() if role == "user"] == ["go on"]
    assert (await conversation.turn("now?", policy="reject"))[0]["status"] == "completed"
    assert_at_rest(server)


async def test_an_interruption_stops_what_was_being_said_and_what_was_waiting(server: Server, owner: Client) -> None:
    conversation = await talk(owner, "text?tokens=1000&rate=50")
    speaking, waiting = await conversation.send("long"), await conversation.send("longer")
    await first(owner.follow(speaking), "thread.message.delta")
    short = await talk(owner, "echo")

    run = await owner.send(conversation.thread_id, "never mind", assistant_id=short.assistant_id, policy="interrupt")

    ends = [(await assert_sound(owner, run_id))[-1].data["status"] for run_id in (speaking, waiting, run["id"])]
    assert ends == ["cancelled", "cancelled", "completed"]
    said = await conversation.said()
    assert [(role, status) for role, status, _ in said] == [
        ("user", "completed"),
        ("user", "completed"),
        ("assistant", "incomplete"),
        ("user", "completed"),
        ("assistant", "completed"),
    ]
    assert said[-1][2] == "never mind"
    assert_at_rest(server)


async def test_only_so_many_runs_of_one_person_may_be_at_work(server: Server, owner: Client) -> None:
    berta = await server.member(owner, "Cora")
    conversation = await talk(berta, "text?tokens=1000&rate=50")
    runs = [await conversation.send() for _ in range(60)]

    status, answer = await berta.request(
        "POST", f"/api/v1/conversations/{conversation.thread_id}/runs", {"message": "one too many"}
    )

    assert (status, answer["error"]["code"]) == (429, "too_many_runs")
    assert (await (await talk(owner)).turn("hello"))[0]["status"] == "completed"
    run = await owner.request("DELETE", f"/api/v1/conversations/{conversation.thread_id}")
    assert run[0] == 404
    assert (await berta.request("DELETE", f"/api/v1/conversations/{conversation.thread_id}"))[0] == 204
    for run_id in runs:
        assert (await berta.request("GET", f"/runs/{run_id}"))[0] == 404
    assert (await (await talk(berta)).turn("hello"))[0]["status"] == "completed"
    assert_at_rest(server)
