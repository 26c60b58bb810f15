"""`/start` and `/chat` in all their forms."""

from typing import Any

import pytest

from tests.journeys.talk import all_messages, assert_at_rest, assert_sound, spoken, talk
from tests.serving import Client, Event, Server, assert_whole, text_of

pytestmark = pytest.mark.anyio


async def echoing(client: Client) -> dict[str, str]:
    """Where to say something that comes back."""
    conversation = await talk(client, "echo")
    return {"thread_id": conversation.thread_id, "assistant_id": conversation.assistant_id}


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_conversation_begins_with_a_greeting(method: str, owner: Client) -> None:
    status, started = await owner.request(method, "/start", headers={"X-Correlation-ID": "mine.1"})

    assert status == 200
    assert started["thread_id"].startswith("thread_")
    assert started["initial_message"] == "Hello! What can I do for you?"
    assert started["correlation_id"] == "mine.1"
    assert (await owner.get(f"/api/v1/conversations/{started['thread_id']}"))["title"] == "New conversation"


@pytest.mark.parametrize("path", ["/chat", "/chat/"])
async def test_the_answer_comes_in_one_piece(path: str, server: Server, owner: Client) -> None:
    answer = await owner.post(path, {**await echoing(owner), "message": "Does it echo? Ö😀"})

    assert answer["responses"] == ["Does it echo? Ö😀"]
    assert answer["status"] == "completed"
    await assert_sound(owner, answer["run_id"])
    assert_at_rest(server)


@pytest.mark.parametrize("path", ["/chat", "/chat/"])
async def test_the_answer_comes_as_events(path: str, server: Server, owner: Client) -> None:
    where = await echoing(owner)
    events: list[Event] = []
    status, _ = await owner.request("POST", path, {**where, "message": "warm up"})

    await spoken(owner, where["thread_id"], "Does it stream?", events, assistant_id=where["assistant_id"])

    assert status == 200
    assert_whole(events)
    assert text_of(events) == "Does it stream?"
    metadata = events[-2]
    assert metadata.name == "metadata"
    assert metadata.data["event_count"] == len(events)
    assert metadata.data["thread_id"] == where["thread_id"]
    assert events == await owner.events(events[-1].data["run_id"])
    assert_at_rest(server)


async def test_a_service_says_something_for_its_user_and_is_answered_in_kind(owner: Client) -> None:
    metadata = {"session_id": "session 1", "timestamp": "2026-05-01T10:00:00Z", "origin": "somewhere"}
    body = {"user_id": owner.user_id, "text": "What is 6*7?", "metadata": metadata, "tags": ["math"]}

    first = await owner.post("/chat", body)
    second = await owner.post("/chat", {**body, "text": "And 2+3?"})
    other = await owner.post("/chat", {**body, "metadata": {"session_id": "session 2"}})
    unnamed = await owner.post("/chat", {"user_id": owner.user_id, "text": "hello"})

    assert set(first) == {"user_id", "reply", "metadata"}
    assert first["user_id"] == owner.user_id
    assert first["reply"]
    assert first["metadata"]["session_id"] == second["metadata"]["session_id"] == "session 1"
    assert first["metadata"]["timestamp"].startswith("2026-05-01T10:00:00")
    assert other["metadata"]["session_id"] == "session 2"
    page = await owner.get("/api/v1/conversations?limit=100")
    sessions = {c["session_id"]: c["id"] for c in page["data"] if c["session_id"]}
    assert set(sessions) == {"session 1", "session 2"}
    assert len(await all_messages(owner, sessions["session 1"])) == 4
    # A session that was given no name has one: it can be gone on with.
    named = unnamed["metadata"]["session_id"]
    again = {"user_id": owner.user_id, "text": "hello again", "metadata": {"session_id": named}}
    assert (await owner.post("/chat", again))["metadata"]["session_id"] == named
    assert len(await all_messages(owner, named)) == 4


async def test_acting_for_somebody_else_needs_the_right_to(server: Server, owner: Client) -> None:
    berta = await server.member(owner)

    refused = await berta.request("POST", "/chat", {"user_id": owner.user_id, "text": "It is me."})
    unknown = await owner.request("POST", "/chat", {"user_id": "user_00000000000000000000000000", "text": "Who?"})
    acted = await owner.post(
        "/chat", {"user_id": berta.user_id, "text": "For Berta", "metadata": {"session_id": "of Berta"}}
    )

    assert (refused[0], refused[1]["error"]["code"]) == (403, "may_not_act_for_others")
    assert unknown[0] == 404
    assert acted["user_id"] == berta.user_id
    [hers] = (await berta.get("/api/v1/conversations"))["data"]
    assert hers["session_id"] == "of Berta"
    mine = [c["session_id"] for c in (await owner.get("/api/v1/conversations?limit=100"))["data"]]
    assert "of Berta" not in mine


@pytest.mark.parametrize("blank", ["", "   ", "\n\t "])
@pytest.mark.parametrize("form", ["thread", "user", "run"])
async def test_nothing_cannot_be_said(blank: str, form: str, owner: Client) -> None:
    thread_id = await owner.thread()
    path, body = {
        "thread": ("/chat", {"thread_id": thread_id, "message": blank}),
        "user": ("/chat/", {"user_id": owner.user_id, "text": blank}),
        "run": (f"/api/v1/conversations/{thread_id}/runs", {"message": blank}),
    }[form]

    status, answer = await owner.request("POST", path, body)

    assert status == 400
    assert answer["error"]["message"] == "Message text cannot be empty"
    assert await owner.texts(thread_id) == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ([], 422),
        ("hello", 422),
        ({"message": "to whom?"}, 422),
        ({"thread_id": "thread_00000000000000000000000000", "message": "hello"}, 404),
        ({"thread_id": 5, "message": "hello"}, 422),
        ({"thread_id": "x", "message": None}, 422),
        ({"thread_id": "x", "message": "hello", "unheard_of": 1}, 422),
        ({"user_id": "x", "text": "hello"}, 404),
    ],
)
async def test_a_body_that_makes_no_sense_is_refused_with_a_reason(body: Any, status: int, owner: Client) -> None:
    answered, answer = await owner.request("POST", "/chat", body)

    assert answered == status
    assert answer["error"]["code"]
    assert answer["error"]["message"]
    assert answer["error"]["correlation_id"]


async def test_a_message_that_is_too_long_is_refused(owner: Client) -> None:
    where = await echoing(owner)

    longest = await owner.request("POST", "/chat", {**where, "message": "x" * 40_000})
    longer = await owner.request("POST", "/chat", {**where, "message": "x" * 40_001})

    assert longest[0] == 200
    assert (longer[0], longer[1]["error"]["code"]) == (422, "message_too_long")


async def test_chat_sent_twice_under_one_key_is_one_run(server: Server, owner: Client) -> None:
    body = {**await echoing(owner), "message": "once"}
    key = {"Idempotency-Key": "one turn"}

    first = await owner.request("POST", "/chat", body, headers=key)
    again = await owner.request("POST", "/chat", body, headers=key)

    assert first == again
    assert len(await all_messages(owner, body["thread_id"])) == 2
    assert_at_rest(server)


async def test_nobody_talks_without_saying_who_they_are(server: Server, owner: Client) -> None:
    stranger = Client(server.url, "fam_not_a_key", "")

    for method, path, body in [
        ("POST", "/chat", {"thread_id": await owner.thread(), "message": "hello"}),
        ("POST", "/start", None),
        ("GET", "/start", None),
        ("GET", "/api/v1/conversations", None),
        ("GET", "/runs/run_00000000000000000000000000/events", None),
    ]:
        status, answer = await stranger.request(method, path, body)
        assert (status, answer["error"]["code"]) == (401, "not_signed_in")
