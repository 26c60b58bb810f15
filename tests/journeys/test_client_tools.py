"""Tools that the client executes itself: the run waits for it, through anything."""

from pathlib import Path
from typing import Any

import pytest

from tests.fake_model.fixture import FakeModel
from tests.journeys.talk import Talk, assert_at_rest, assert_goes_on, assert_sound, environment, first, talk
from tests.serving import Client, Event, Server, messages_of, serving

pytestmark = pytest.mark.anyio

SETTINGS = {"FAMULUS_AGENT__ACTION_TIMEOUT_SECONDS": "60"}


def function(name: str) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}}


TOOLS = [function("look_outside"), function("open_door")]
CALL = "tool?name=look_outside&args={}"


async def waiting(conversation: Talk) -> tuple[str, list[Event], list[Any]]:
    """A run that waits for its client: its id, its events so far, and the calls."""
    run_id = await conversation.send("look", tools=TOOLS)
    seen = await first(conversation.client.follow(run_id), "thread.run.requires_action")
    run = await conversation.client.get(f"/runs/{run_id}")
    assert run["status"] == "requires_action"
    assert run["required_action"] == seen[-1].data["required_action"]
    calls: list[Any] = run["required_action"]["submit_tool_outputs"]["tool_calls"]
    return run_id, seen, calls


async def submit(client: Client, run_id: str, **outputs: str) -> tuple[int, Any]:
    given = [{"tool_call_id": call_id, "output": output} for call_id, output in outputs.items()]
    return await client.request("POST", f"/runs/{run_id}/submit_tool_outputs", {"tool_outputs": given})


async def test_a_run_waits_for_the_outputs_of_its_client_and_goes_on(
    server: Server, owner: Client, fake_model: FakeModel
) -> None:
    conversation = await talk(owner, CALL)
    run_id, seen, [call] = await waiting(conversation)

    status, run = await submit(owner, run_id, **{call["id"]: "It rains."})
    whole = await assert_sound(owner, run_id)

    assert (status, run["status"], run["required_action"]) == (200, "queued", None)
    assert whole[: len(seen)] == seen
    assert whole[-1].data["status"] == "completed"
    assert list(messages_of(whole).values()) == ["The tools said: It rains."]
    asked = fake_model.requests()[-1]["body"]
    assert asked["messages"][-1] == {"role": "tool", "tool_call_id": call["id"], "content": "It rains."}
    assert {tool["function"]["name"] for tool in asked["tools"]} >= {"look_outside", "open_door", "remember"}
    await assert_goes_on(owner, conversation.thread_id)
    assert_at_rest(server)


async def test_outputs_that_do_not_fit_are_refused_and_change_nothing(server: Server, owner: Client) -> None:
    berta = await server.member(owner)
    conversation = await talk(owner, CALL)
    run_id, _, [call] = await waiting(conversation)
    path = f"/runs/{run_id}/submit_tool_outputs"
    twice = [{"tool_call_id": call["id"], "output": "a"}, {"tool_call_id": call["id"], "output": "b"}]

    wrong = await submit(owner, run_id, call_of_somebody="It rains.")
    too_many = await submit(owner, run_id, **{call["id"]: "It rains.", "call_more": "It shines."})
    doubled = await owner.request("POST", path, {"tool_outputs": twice})
    none = await owner.request("POST", path, {"tool_outputs": []})
    strangers = await submit(berta, run_id, **{call["id"]: "It rains."})

    assert [answer[0] for answer in (wrong, too_many, doubled, none)] == [422] * 4
    assert wrong[1]["error"]["details"]["waiting"] == [call["id"]]
    assert strangers[0] == 404
    assert (await owner.get(f"/runs/{run_id}"))["status"] == "requires_action"
    assert (await submit(owner, run_id, **{call["id"]: "It rains."}))[0] == 200
    await assert_sound(owner, run_id)
    assert_at_rest(server)


async def test_outputs_count_once(server: Server, owner: Client, fake_model: FakeModel) -> None:
    conversation = await talk(owner, CALL)
    run_id, _, [call] = await waiting(conversation)
    body = {"tool_outputs": [{"tool_call_id": call["id"], "output": "It rains."}]}
    path, key = f"/runs/{run_id}/submit_tool_outputs", {"Idempotency-Key": "these outputs"}

    first_time = await owner.request("POST", path, body, headers=key)
    again = await owner.request("POST", path, body, headers=key)
    whole = await assert_sound(owner, run_id)
    late = await owner.request("POST", path, body)

    assert first_time == again
    assert (late[0], late[1]["error"]["code"]) == (409, "nothing_required")
    assert whole == await owner.events(run_id)
    assert len(fake_model.requests()) == 2
    assert_at_rest(server)


async def test_our_own_calls_are_made_while_the_run_waits_for_those_of_its_client(
    server: Server, owner: Client, fake_model: FakeModel, tmp_path: Path
) -> None:
    effects = tmp_path / "effects"
    conversation = await talk(owner)
    run = await conversation.client.send(
        conversation.thread_id,
        f'use append_line {{"path": "{effects}"}}',
        assistant_id=conversation.assistant_id,
        tools=[function("append_line"), *TOOLS],
    )

    # A client's tool of the same name is the client's.
    await first(owner.follow(run["id"]), "thread.run.requires_action")
    [call] = (await owner.get(f"/runs/{run['id']}"))["required_action"]["submit_tool_outputs"]["tool_calls"]
    await submit(owner, run["id"], **{call["id"]: "I did."})
    await assert_sound(owner, run["id"])

    assert not effects.exists()
    assert (await conversation.said())[-1][2] == "Here is what I found: I did."
    assert_at_rest(server)


async def test_a_run_that_waits_can_be_cancelled(server: Server, owner: Client) -> None:
    conversation = await talk(owner, CALL)
    run_id, _, [call] = await waiting(conversation)

    status, run = await owner.request("POST", f"/runs/{run_id}/cancel")
    late = await submit(owner, run_id, **{call["id"]: "It rains."})
    whole = await assert_sound(owner, run_id)

    assert (status, run["status"]) == (200, "cancelled")
    assert (late[0], late[1]["error"]["code"]) == (409, "nothing_required")
    assert any(event.name == "thread.run.step.cancelled" for event in whole)
    await assert_goes_on(owner, conversation.thread_id)
    assert_at_rest(server)


async def test_chat_in_one_piece_says_what_the_client_has_to_do(server: Server, owner: Client) -> None:
    conversation = await talk(owner, CALL)
    run_id, _, [call] = await waiting(conversation)
    queued = await conversation.send("and then")

    await submit(owner, run_id, **{call["id"]: "It rains."})

    ends = [(await assert_sound(owner, one))[-1].data["status"] for one in (run_id, queued)]
    assert ends[0] == "completed"
    # The second has no such tool, and its model is told so.
    assert ends[1] == "completed"
    assert "unknown_tool" in (await conversation.said())[-1][2]
    assert_at_rest(server)


async def test_a_run_that_waits_survives_a_kill_and_goes_on_after_it(tmp_path: Path, fake_model: FakeModel) -> None:
    with serving(tmp_path, **environment(fake_model)) as server:
        await server.start()
        owner = await server.owner()
        conversation = await talk(owner, CALL)
        run_id, seen, [call] = await waiting(conversation)
        server.kill()
        await server.start(FAMULUS_JOBS__POLL_SECONDS="0.2")

        assert (await owner.get(f"/runs/{run_id}"))["status"] == "requires_action"
        status, _ = await submit(owner, run_id, **{call["id"]: "It rains."})
        rest = await owner.events(run_id, after=seen[-1].id)

        assert status == 200
        assert seen + rest == await assert_sound(owner, run_id)
        assert rest[-1].data["status"] == "completed"
        assert len(fake_model.requests()) == 2
        await assert_goes_on(owner, conversation.thread_id)
        assert_at_rest(server)


async def test_a_run_whose_client_never_answers_expires(tmp_path: Path, fake_model: FakeModel) -> None:
    settings = {"FAMULUS_AGENT__ACTION_TIMEOUT_SECONDS": "0.5", "FAMULUS_JOBS__POLL_SECONDS": "0.2"}
    with serving(tmp_path, **environment(fake_model), **settings) as server:
        await server.start()
        owner = await server.owner()
        conversation = await talk(owner, CALL)
        run_id, _, [call] = await waiting(conversation)

        whole = await assert_sound(owner, run_id)
        late = await submit(owner, run_id, **{call["id"]: "It rains."})

        assert whole[-1].data["status"] == "expired"
        assert any(event.name == "thread.run.step.expired" for event in whole)
        assert (late[0], late[1]["error"]["code"]) == (409, "nothing_required")
        await assert_goes_on(owner, conversation.thread_id)
        assert_at_rest(server)
