"""A server that is killed, anywhere in a run, and started again on the same folder."""

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.fake_model.fixture import FakeModel
from tests.journeys.talk import (
    assert_at_rest,
    assert_goes_on,
    assert_sound,
    environment,
    rows,
    spoken,
    talk,
    until,
    use,
)
from tests.serving import Client, Event, Server, messages_of, serving

pytestmark = pytest.mark.anyio

# In none of these does anything depend on the clock: the process dies at the very place, and not near it.
ANYWHERE = [
    "accepted",
    "before_calls",
    "after_calls",
    "before_tool",
    "in_tool_transaction",
    "after_tool_result",
    "before_first_token",
    "after_first_token",
    "before_end",
    "after_end",
]


def left_to_die(fake_model: FakeModel) -> dict[str, str]:
    """The settings of a server whose jobs others need not wait long for; one with a file of its own knows at once."""
    return {**environment(fake_model), "FAMULUS_JOBS__LEASE_SECONDS": "5"}


async def crash(server: Server, client: Client, thread_id: str, message: str, **fields: Any) -> tuple[list[Event], Any]:
    """Say something to a server that dies of it, and start it again; what was seen, and the run."""
    seen: list[Event] = []
    with contextlib.suppress(aiohttp.ClientError):
        await spoken(client, thread_id, message, seen, client_message_id="said once", **fields)
    assert await server.died() == -9
    await server.start()
    # Whoever does not know whether it was heard says it again, under the same name.
    return seen, await client.send(thread_id, message, client_message_id="said once", **fields)


async def assert_resumed(client: Client, run_id: str, seen: list[Event]) -> list[Event]:
    """What was seen before the crash, and what comes from there on, is the whole log, with nothing twice."""
    rest = await client.events(run_id, after=seen[-1].id if seen else None)
    whole = await assert_sound(client, run_id)
    assert seen + rest == whole
    return whole


@pytest.mark.parametrize("place", ANYWHERE)
async def test_a_crash_costs_no_run_no_event_and_no_effect(place: str, tmp_path: Path, fake_model: FakeModel) -> None:
    # As many calls as it takes: one that the crash interrupts is made again, and counts once.
    with serving(tmp_path, **left_to_die(fake_model), FAMULUS_AGENT__MAX_STEPS="2") as server:
        await server.start(KILLPOINT=place)
        owner = await server.owner()
        conversation = await talk(owner)

        seen, run = await crash(
            server, owner, conversation.thread_id, "remember the milk", assistant_id=conversation.assistant_id
        )
        await assert_resumed(owner, run["id"], seen)

        assert (await owner.get(f"/runs/{run['id']}"))["status"] == "completed"
        assert rows(server, "SELECT text FROM memories") == [("the milk",)]
        assert rows(server, "SELECT id FROM runs") == [(run["id"],)]
        said = await conversation.said()
        assert said[0] == ("user", "completed", "remember the milk")
        assert said[-1] == ("assistant", "completed", "Here is what I found: Remembered: the milk")
        await assert_goes_on(owner, conversation.thread_id)
        assert_at_rest(server)


@pytest.mark.parametrize(
    ("place", "effects", "told"),
    [
        ("before_tool", 1, "Appended"),
        ("after_tool", 1, "outcome_unknown"),
        ("after_tool_result", 1, "Appended"),
    ],
)
async def test_a_crash_never_repeats_what_must_not_happen_twice(
    place: str, effects: int, told: str, tmp_path: Path, fake_model: FakeModel
) -> None:
    with serving(tmp_path, **left_to_die(fake_model)) as server:
        await server.start(KILLPOINT=place)
        owner = await server.owner()
        conversation = await talk(owner)
        counted = tmp_path / "effects"

        seen, run = await crash(
            server,
            owner,
            conversation.thread_id,
            use("append_line", path=str(counted)),
            assistant_id=conversation.assistant_id,
        )
        await assert_resumed(owner, run["id"], seen)

        assert (await owner.get(f"/runs/{run['id']}"))["status"] == "completed"
        assert counted.read_text().count("\n") == effects
        steps = (await owner.get(f"/runs/{run['id']}/steps"))["data"]
        [call] = [step for step in steps if step["type"] == "tool_calls"]
        assert told in call["step_details"]["tool_calls"][0]["function"]["output"]
        assert told in (await conversation.said())[-1][2]
        await assert_goes_on(owner, conversation.thread_id)
        assert_at_rest(server)


async def test_a_call_that_a_crash_interrupts_is_made_again_only_if_it_may_be(
    tmp_path: Path, fake_model: FakeModel
) -> None:
    once, often = tmp_path / "once", tmp_path / "often"
    with serving(tmp_path, **left_to_die(fake_model)) as server:
        await server.start()
        owner = await server.owner()
        first, second = await talk(owner), await talk(owner)
        runs = [
            await first.send(use("append_line", path=str(once), seconds=2)),
            await second.send(use("put_line", path=str(often), seconds=0.2)),
        ]

        await until(lambda: once.exists() and often.exists())
        server.kill()
        await server.start()

        await asyncio.gather(*(assert_sound(owner, run_id) for run_id in runs))
        assert once.read_text().count("\n") == 1
        assert "outcome_unknown" in (await first.said())[-1][2]
        keys = often.read_text().split()
        assert len(keys) == 2
        assert len(set(keys)) == 1
        assert (await second.said())[-1][2] == "Here is what I found: Put."
        assert_at_rest(server)


async def test_an_answer_that_a_crash_cuts_off_is_kept_and_given_again(tmp_path: Path, fake_model: FakeModel) -> None:
    model = "text?tokens=500&rate=100&times=1&then=text%3Ftokens%3D30"
    with serving(tmp_path, **left_to_die(fake_model)) as server:
        await server.start()
        owner = await server.owner()
        conversation = await talk(owner, model)
        run_id = await conversation.send()

        seen: list[Event] = []
        with contextlib.suppress(aiohttp.ClientError):
            async for event in owner.follow(run_id):
                seen.append(event)
                if event.name == "thread.message.delta" and "w20 " in "".join(messages_of(seen).values()):
                    server.kill()
        await server.start()

        whole = await assert_resumed(owner, run_id, seen)
        (cut, again), texts = messages_of(whole).keys(), messages_of(whole)
        assert texts[cut].startswith("w0 w1 w2 ")
        assert texts[again] == "".join(f"w{number} " for number in range(30))
        assert [status for _, status, _ in await conversation.said()] == ["completed", "incomplete", "completed"]
        assert any(e.name == "thread.message.incomplete" and e.data["id"] == cut for e in whole)
        await assert_goes_on(owner, conversation.thread_id)
        assert_at_rest(server)


async def test_what_a_crash_has_left_open_does_not_make_the_provider_refuse_the_next_message(
    tmp_path: Path, fake_model: FakeModel
) -> None:
    started = tmp_path / "started"
    arguments = f'{{"path":"{started}","seconds":30}}'
    with serving(tmp_path, **left_to_die(fake_model)) as server:
        await server.start()
        owner = await server.owner()
        conversation = await talk(owner, f"tool?name=append_line&args={arguments}&then=orphan400")
        run_id = await conversation.send()
        await until(started.exists)
        server.kill()
        await server.start()
        await assert_sound(owner, run_id)

        run = await owner.send(
            conversation.thread_id,
            "hello",
            assistant_id=(await talk(owner, "orphan400")).assistant_id,
        )
        await assert_sound(owner, run["id"])

        assert (await owner.get(f"/runs/{run['id']}"))["status"] == "completed"
        told = fake_model.requests()[-1]["body"]["messages"]
        [output] = [message["content"] for message in told if message["role"] == "tool"]
        assert "outcome_unknown" in output
        assert_at_rest(server)


async def test_a_run_that_kills_its_server_every_time_is_ended(tmp_path: Path, fake_model: FakeModel) -> None:
    with serving(tmp_path, **left_to_die(fake_model), FAMULUS_JOBS__MAX_ATTEMPTS="2") as server:
        await server.start(KILLPOINT="before_first_token")
        owner = await server.owner()
        conversation = await talk(owner)
        run_id = await conversation.send("hello")
        await server.died()
        with contextlib.suppress(AssertionError):  # it may die before it is asked whether it is ready
            await server.start(KILLPOINT="before_first_token")
        await server.died()

        await server.start()
        await assert_sound(owner, run_id)

        run = await owner.get(f"/runs/{run_id}")
        assert (run["status"], run["last_error"]["code"]) == ("failed", "too_many_attempts")
        await assert_goes_on(owner, conversation.thread_id)
        assert_at_rest(server)
