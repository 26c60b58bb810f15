"""Reminders through the door and by word of mouth: what was asked for comes, once, whatever happens to the server."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.fake_model.fixture import FakeModel
from tests.journeys.talk import use
from tests.serving import Client, serving

pytestmark = pytest.mark.anyio


async def told(client: Client, *, at_least: int, seconds: float = 20) -> list[str]:
    """What the person was told, once it is so much."""
    async with asyncio.timeout(seconds):
        while True:
            found = (await client.get("/api/v1/notifications?kind=reminder&limit=100"))["data"]
            if len(found) >= at_least:
                return [one["title"] for one in found]
            await asyncio.sleep(0.05)


async def answered(client: Client, title: str, *, seconds: float = 20) -> list[tuple[str, str, str]]:
    """What was said in the conversation of a reminder, once an assistant has answered in it."""
    async with asyncio.timeout(seconds):
        while True:
            known = (await client.get("/api/v1/conversations"))["data"]
            for conversation in known:
                said = await client.texts(conversation["id"]) if conversation["title"] == title else []
                if [role for role, status, text in said if status == "completed" and text][-1:] == ["assistant"]:
                    assert len([one for one in known if one["title"] == title]) == 1
                    return said
            await asyncio.sleep(0.05)


async def ask_soon(client: Client, title: str, prompt: str) -> None:
    """Have an assistant asked something in a second."""
    draft = {"title": title, "prompt": prompt, "schedule": {"kind": "delay", "seconds": 1}}
    await client.post("/api/v1/reminders", draft, expect=201)


async def test_a_reminder_that_was_asked_for_in_words_comes_once(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        await server.start()
        owner = await server.owner()
        thread = await owner.thread()
        for text in ("remind me in 1 second to water the plants", "remind me tomorrow at 9 to call Otto"):
            await owner.ended((await owner.send(thread, text))["id"])

        said = [text for role, _, text in await owner.texts(thread) if role == "assistant"]

        page: Any = await owner.get("/api/v1/reminders")
        later = page["data"][0]
        assert later["title"] == "call Otto"
        assert later["next_local"].endswith("09:00 (UTC)")
        assert later["next_local"] in said[-1]
        assert await told(owner, at_least=1) == ["water the plants"]

        await ask_soon(owner, "The hour", "What time is it?")
        (_, _, asked), (_, _, answer) = await answered(owner, "The hour")
        assert asked == "What time is it?"
        assert answer.startswith("Here is what I found: ")
        assert await told(owner, at_least=2) == ["The hour", "water the plants"]


async def test_a_crash_in_the_moment_in_which_it_is_said_costs_nothing_and_repeats_nothing(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        await server.start(KILLPOINT="reminders.before_commit")
        owner = await server.owner()
        for number in range(3):
            draft = {"title": str(number), "schedule": {"kind": "delay", "seconds": 1}}
            await owner.post("/api/v1/reminders", draft, expect=201)
        await ask_soon(owner, "3", use("add_goal", title="Once"))
        await server.died()

        await server.start()

        assert sorted(await told(owner, at_least=4)) == ["0", "1", "2", "3"]
        assert [role for role, _, _ in await answered(owner, "3")] == ["user", "assistant"]
        assert [goal["title"] for goal in (await owner.get("/api/v1/goals"))["data"]] == ["Once"]
        for reminder in (await owner.get("/api/v1/reminders"))["data"]:
            occurrences = await owner.get(f"/api/v1/reminders/{reminder['id']}/occurrences")
            assert [one["state"] for one in occurrences["data"]] == ["fired"]


async def test_what_a_model_is_asked_every_morning_it_does_and_answers_once(
    owner: Client, fake_model: FakeModel
) -> None:
    fake_model.script(["tool?name=list_todos&args={}", "say?text=You have nothing to do."])

    await ask_soon(owner, "Summarise my day", "Summarise my day.")

    (_, _, asked), (_, _, answer) = await answered(owner, "Summarise my day")
    assert (asked, answer) == ("Summarise my day.", "You have nothing to do.")
    assert await told(owner, at_least=1) == ["Summarise my day"]
    offered, then = (request["body"] for request in fake_model.requests())
    assert offered["messages"][-1] == {"role": "user", "content": "Summarise my day."}
    assert "nothing to be done next" in then["messages"][-1]["content"]
