"""What was said is found again: at once, by whoever said it, over HTTP and by an assistant who is asked for it."""

from typing import Any
from urllib.parse import urlencode

import pytest

from tests.journeys.talk import talk
from tests.serving import Client, Server

pytestmark = pytest.mark.anyio


async def search(person: Client, expect: int = 200, /, **parameters: str) -> Any:
    return await person.get(f"/api/v1/search?{urlencode(parameters)}", expect=expect)


async def found(person: Client, **parameters: str) -> list[tuple[str, str]]:
    return [(hit["kind"], hit["snippet"]) for hit in (await search(person, **parameters))["data"]]


async def test_what_was_just_said_is_found_by_who_said_it_and_by_nobody_else(server: Server, owner: Client) -> None:
    somebody = await server.member(owner)
    conversation = await talk(owner)
    await conversation.turn("The Zebrafish are in tank seven.")

    hits = (await search(owner, q="zebrafish tank", kinds="message"))["data"]

    # The answer may have the words too.
    (hit,) = [hit for hit in hits if hit["snippet"].startswith("The Zebrafish")]
    assert (hit["conversation_id"], hit["title"]) == (conversation.thread_id, "A test")
    assert [hit["snippet"][first:last] for first, last in hit["marks"]] == ["Zebrafish", "tank"]
    assert await found(somebody, q="zebrafish") == []
    refused = await search(somebody, 404, q="tank", conversation_id=conversation.thread_id)
    assert refused["error"]["code"] == "conversation_not_found"


async def test_a_search_is_narrowed_and_comes_in_pages(owner: Client) -> None:
    here, there = await talk(owner), await talk(owner)
    for conversation, animal in ((here, "heron"), (there, "hornet")):
        await conversation.turn(f"A {animal} beside the quagmire")
    await owner.post("/api/v1/goals", {"title": "Drain the quagmire"}, expect=201)

    everything = (await search(owner, q="quagmire", kinds="message,goal"))["data"]
    page = await search(owner, q="quagmire", kinds="message,goal", limit="2")
    paged = page["data"]
    while page["has_more"]:
        page = await search(owner, q="quagmire", kinds="message,goal", limit="2", after=page["next"])
        paged += page["data"]

    assert paged == everything
    assert {hit["kind"] for hit in paged} == {"message", "goal"}
    assert await found(owner, q="quagmire", kinds="goal") == [("goal", "")]
    within = (await search(owner, q="quagmire", conversation_id=there.thread_id))["data"]
    assert {hit["conversation_id"] for hit in within} == {there.thread_id}
    assert "A hornet beside the quagmire" in {hit["snippet"] for hit in within}
    assert await found(owner, q="quagmire", to="2020-01-01T00:00:00Z") == []
    since = await search(owner, 200, q="quagmire", kinds="message,goal", **{"from": "2020-01-01T00:00:00Z"})
    assert since["data"] == everything


@pytest.mark.parametrize(
    ("parameters", "status", "code"),
    [
        ({"q": "tea", "kinds": "message,cake"}, 422, "unknown_kind"),
        ({"q": "tea", "after": "nowhere"}, 400, "invalid_cursor"),
        ({"q": " \t"}, 422, "nothing_to_find"),
    ],
)
async def test_what_cannot_be_asked_is_refused(
    owner: Client, parameters: dict[str, str], status: int, code: str
) -> None:
    assert (await search(owner, status, **parameters))["error"]["code"] == code


async def test_an_assistant_finds_what_was_said_in_another_conversation(owner: Client) -> None:
    await (await talk(owner)).turn("The greenhouse key is under the third flowerpot.")

    conversation = await talk(owner)
    await conversation.turn("What did we say about the greenhouse key?")

    answer = (await conversation.said())[-1][2]
    assert "under the third flowerpot" in answer
