"""Titles: made of the first turn, and never over one that a person gave."""

from typing import Any

import pytest

from tests.fake_model.fixture import FakeModel
from tests.journeys.talk import assert_at_rest, first, rows, until
from tests.serving import Client, Server

pytestmark = pytest.mark.anyio

SETTINGS = {"FAMULUS_MODEL__ATTEMPTS": "1"}
TITLE_IS_MADE = "SELECT 1 FROM jobs WHERE kind = 'title'"


async def with_model(client: Client, model: str) -> tuple[str, str]:
    """A conversation without a title, and an assistant."""
    assistant = await client.post("/api/v1/assistants", {"name": "Test", "model": model}, expect=201)
    return await client.thread(), assistant["id"]


async def title_of(client: Client, thread_id: str) -> tuple[str, str]:
    conversation: Any = await client.get(f"/api/v1/conversations/{thread_id}")
    return conversation["title"], conversation["title_source"]


async def test_a_conversation_gets_a_title_after_its_first_turn(
    server: Server, owner: Client, fake_model: FakeModel
) -> None:
    thread_id, assistant_id = await with_model(owner, "text?tokens=5")
    assert await title_of(owner, thread_id) == ("New conversation", "default")
    fake_model.script(["say?text=It rains.", 'say?text="Weather in May"'])

    run = await owner.send(thread_id, "How is the weather?", assistant_id=assistant_id)
    await owner.ended(run["id"])
    await until(lambda: not rows(server, TITLE_IS_MADE))

    assert await title_of(owner, thread_id) == ("Weather in May", "auto")
    asked = fake_model.requests()[-1]["body"]["messages"][0]["content"]
    assert "How is the weather?" in asked
    assert "It rains." in asked
    await owner.ended((await owner.send(thread_id, "And now?", assistant_id=assistant_id))["id"])
    await until(lambda: not rows(server, TITLE_IS_MADE))
    assert await title_of(owner, thread_id) == ("Weather in May", "auto")
    assert len(fake_model.requests()) == 3
    assert_at_rest(server)


async def test_without_a_model_the_title_is_what_was_asked(server: Server, owner: Client) -> None:
    thread_id, assistant_id = await with_model(owner, "offline")

    await owner.ended((await owner.send(thread_id, "hello  there\nworld " * 9, assistant_id=assistant_id))["id"])
    await until(lambda: not rows(server, TITLE_IS_MADE))

    title, source = await title_of(owner, thread_id)
    assert source == "auto"
    assert title.startswith("hello there world hello")
    assert len(title) == 60


@pytest.mark.parametrize("when", ["before", "during", "after"])
async def test_a_title_that_a_person_gave_stays(
    when: str, server: Server, owner: Client, fake_model: FakeModel
) -> None:
    thread_id, assistant_id = await with_model(owner, "text?tokens=20&rate=40")
    path, mine = f"/api/v1/conversations/{thread_id}", {"title": "My own"}

    if when == "before":
        assert (await owner.request("PATCH", path, mine))[0] == 200
    run = await owner.send(thread_id, "hello", assistant_id=assistant_id)
    if when == "during":
        await first(owner.follow(run["id"]), "thread.message.delta")
        fake_model.script(["slowfirst?seconds=1"])
        await owner.ended(run["id"])
        await fake_model.requests_after(2)
        assert (await owner.request("PATCH", path, mine))[0] == 200
    await owner.ended(run["id"])
    await until(lambda: not rows(server, TITLE_IS_MADE))
    if when == "after":
        assert (await title_of(owner, thread_id))[1] == "auto"
        assert (await owner.request("PATCH", path, mine))[0] == 200
    await owner.ended((await owner.send(thread_id, "again", assistant_id=assistant_id))["id"])
    await until(lambda: not rows(server, TITLE_IS_MADE))

    assert await title_of(owner, thread_id) == ("My own", "person")
    assert_at_rest(server)


@pytest.mark.parametrize("failure", ["http500", "truncate?after=3", "empty", "say?text=%20"])
async def test_a_title_that_cannot_be_had_leaves_the_default(
    failure: str, server: Server, owner: Client, fake_model: FakeModel
) -> None:
    thread_id, assistant_id = await with_model(owner, "text?tokens=5")
    fake_model.script(["text?tokens=3", failure])

    run = await owner.ended((await owner.send(thread_id, "hello", assistant_id=assistant_id))["id"])
    await until(lambda: not rows(server, TITLE_IS_MADE))

    assert run["status"] == "completed"
    assert await title_of(owner, thread_id) == ("New conversation", "default")
    assert_at_rest(server)


async def test_a_conversation_that_is_deleted_before_its_title_is_made_takes_no_harm(
    server: Server, owner: Client, fake_model: FakeModel
) -> None:
    thread_id, assistant_id = await with_model(owner, "text?tokens=5")
    fake_model.script(["text?tokens=3", "slowfirst?seconds=1"])
    await owner.ended((await owner.send(thread_id, "hello", assistant_id=assistant_id))["id"])
    await fake_model.requests_after(2)

    assert (await owner.request("DELETE", f"/api/v1/conversations/{thread_id}"))[0] == 204

    await until(lambda: not rows(server, TITLE_IS_MADE))
    assert_at_rest(server)
