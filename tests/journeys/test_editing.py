"""Saying something in the place of what was said."""

from typing import Any

import pytest

from tests.fake_model.fixture import FakeModel
from tests.journeys.talk import Talk, assert_goes_on, assert_sound, first, talk
from tests.serving import Client, Server

pytestmark = pytest.mark.anyio

SETTINGS = {"FAMULUS_MODEL__CHOICES": '["echo"]'}


async def edit(conversation: Talk, message_id: str, message: str, **fields: Any) -> tuple[int, Any]:
    body = {"message": message, "assistant_id": conversation.assistant_id, **fields}
    path = f"/api/v1/conversations/{conversation.thread_id}/messages/{message_id}/edit"
    return await conversation.client.request("POST", path, body)


async def ids(conversation: Talk) -> list[str]:
    """The messages of a conversation, oldest first."""
    path = f"/api/v1/conversations/{conversation.thread_id}/messages"
    return [message["id"] for message in (await conversation.client.get(path))["data"]][::-1]


async def test_an_edit_takes_the_place_of_a_message_and_of_all_that_came_after(
    owner: Client, fake_model: FakeModel
) -> None:
    conversation = await talk(owner, "echo")
    for said in ("one", "two", "three"):
        await conversation.turn(said)
    second = (await ids(conversation))[2]

    status, run = await edit(conversation, second, "zwei")
    await assert_sound(owner, run["id"])

    assert status == 202
    assert [text for role, _, text in await conversation.said() if role == "user"] == ["one", "zwei"]
    asked = fake_model.requests()[-1]["body"]["messages"]
    assert [message["content"] for message in asked if message["role"] == "user"] == ["one", "zwei"]
    await assert_goes_on(owner, conversation.thread_id)


async def test_an_edit_that_is_sent_again_is_one_run(owner: Client) -> None:
    conversation = await talk(owner, "echo")
    await conversation.turn("one")
    question = (await ids(conversation))[0]

    answers = [await edit(conversation, question, "uno", client_message_id="edit one") for _ in range(3)]
    await assert_sound(owner, answers[0][1]["id"])
    other = await edit(conversation, question, "due", client_message_id="edit one")

    assert [(status, run["id"]) for status, run in answers] == [(202, answers[0][1]["id"])] * 3
    assert (other[0], other[1]["error"]["code"]) == (409, "key_reused")
    assert [text for role, _, text in await conversation.said() if role == "user"] == ["uno"]


async def test_only_a_persons_own_standing_message_can_be_edited(owner: Client, server: Server) -> None:
    conversation = await talk(owner, "echo")
    await conversation.turn("one")
    question, answer = await ids(conversation)
    elsewhere = await talk(owner, "echo")
    stranger = await talk(await server.member(owner, "Carla"), "echo")
    _, run = await edit(conversation, question, "uno")
    await assert_sound(owner, run["id"])

    refusals = [
        await edit(conversation, question, "again"),
        await edit(conversation, answer, "I never said that"),
        await edit(elsewhere, question, "in another conversation"),
        await edit(stranger, question, "somebody else's"),
        await edit(conversation, question, "  "),
    ]

    assert [(status, body["error"]["code"]) for status, body in refusals] == [
        (409, "message_superseded"),
        (422, "not_a_question"),
        (404, "message_not_found"),
        (404, "message_not_found"),
        (400, "message_blank"),
    ]
    assert [text for role, _, text in await conversation.said() if role == "user"] == ["uno"]


async def test_nothing_is_edited_while_an_answer_is_being_made(owner: Client) -> None:
    conversation = await talk(owner, "text?tokens=2000&rate=100")
    run_id = await conversation.send("one")
    await first(owner.follow(run_id), "thread.message.delta")

    status, body = await edit(conversation, (await ids(conversation))[0], "uno")
    await owner.post(f"/runs/{run_id}/cancel")
    await assert_sound(owner, run_id)

    assert (status, body["error"]["code"]) == (409, "conversation_busy")
    assert [text for role, _, text in await conversation.said() if role == "user"] == ["one"]


async def test_the_model_that_a_person_prefers_answers_them(owner: Client) -> None:
    thread_id = await owner.thread()
    await owner.request("PATCH", "/api/v1/users/me", {"selected_model": "echo"})

    preferred = await owner.send(thread_id, "who are you?")
    await assert_sound(owner, preferred["id"])
    await owner.request("PATCH", "/api/v1/users/me", {"selected_model": "no such model any more"})
    usual = await owner.send(thread_id, "and now?")
    await assert_sound(owner, usual["id"])

    assert (preferred["model"], usual["model"]) == ("echo", "text?tokens=20")
