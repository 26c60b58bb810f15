"""The memory over HTTP: everybody their own, and a program that may act for others theirs."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.serving import Client, Server, serving

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def server(storage: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    with serving(tmp_path_factory.mktemp("server")) as server:
        yield await server.start()


@pytest.fixture(scope="module")
async def owner(server: Server) -> Client:
    return await server.owner()


@pytest.fixture(scope="module")
async def berta(server: Server, owner: Client) -> Client:
    return await server.member(owner)


async def test_a_memory_goes_through_its_life(owner: Client) -> None:
    path = f"/memories/{owner.user_id}"
    before = await owner.get(path)
    assert before["past_actions"] == before["data"] == []

    tea = await owner.post(path, {"text": "Anna likes tea.", "kind": "preference"}, expect=201)
    again = await owner.post(path, {"text": "Anna likes tea.", "kind": "preference"}, expect=201)
    many = {"memories": [{"text": "Booked a table.", "kind": "procedure"}, {"text": "Anna plays chess."}]}
    made = await owner.post(path, many, expect=201)
    found = await owner.post(f"{path}/search", {"query": "what does she like to drink, tea?", "k": 1})
    status, coffee = await owner.request("PATCH", f"{path}/{tea['id']}", {"text": "Anna likes coffee."})

    assert again == tea
    assert len(made["data"]) == 2
    assert [hit["memory"]["id"] for hit in found["data"]] == [tea["id"]]
    assert status == 200
    assert (await owner.get(path))["past_actions"] == ["Booked a table."]
    history = await owner.get(f"{path}/{coffee['id']}/history")
    assert [one["text"] for one in history["data"]] == ["Anna likes coffee.", "Anna likes tea."]
    assert (await owner.request("PATCH", f"{path}/{tea['id']}", {"pinned": True}))[0] == 409
    back = await owner.post(f"{path}/{tea['id']}/restore")
    assert (back["text"], back["superseded_by"]) == ("Anna likes tea.", None)
    history = await owner.get(f"{path}/{tea['id']}/history")
    assert [one["id"] for one in history["data"]] == [back["id"], coffee["id"], tea["id"]]
    assert len((await owner.get(f"{path}/export"))["data"]) == 5
    first = (await owner.get(f"{path}/export?limit=3"))["data"]
    rest = (await owner.get(f"{path}/export?limit=3&after={first[-1]['id']}"))["data"]
    assert [*first, *rest] == (await owner.get(f"{path}/export"))["data"]
    assert (await owner.request("DELETE", f"{path}/{back['id']}"))[0] == 204
    await owner.get(f"{path}/{tea['id']}", expect=404)
    assert (await owner.request("DELETE", path))[0] == 204
    assert (await owner.get(path))["data"] == []


async def test_nobody_knows_an_unknown_user(owner: Client, berta: Client) -> None:
    for person in (owner, berta):
        unknown = await person.get("/memories/user_00000000000000000000000000", expect=404)
        assert unknown["error"]["message"] == "User not found"


async def test_somebody_elses_memories_are_those_of_nobody(owner: Client, berta: Client) -> None:
    secret = await owner.post(f"/memories/{owner.user_id}", {"text": "Anna has a secret."}, expect=201)
    path = f"/memories/{owner.user_id}"
    requests: list[tuple[str, str, Any]] = [
        ("GET", path, None),
        ("POST", path, {"text": "Planted."}),
        ("DELETE", path, None),
        ("POST", f"{path}/search", {"query": "secret"}),
        ("GET", f"{path}/export", None),
        ("GET", f"{path}/{secret['id']}", None),
        ("PATCH", f"{path}/{secret['id']}", {"text": "Changed."}),
        ("DELETE", f"{path}/{secret['id']}", None),
        ("GET", f"{path}/{secret['id']}/history", None),
        ("POST", f"{path}/{secret['id']}/restore", None),
        ("DELETE", f"{path}/sessions/s", None),
        ("GET", f"{path}/proposals", None),
        ("POST", f"{path}/proposals/prop_1/accept", None),
        ("POST", f"{path}/proposals/prop_1/reject", None),
    ]
    for method, where, body in requests:
        status, answer = await berta.request(method, where, body)
        assert (status, answer["error"]["code"]) == (404, "user_not_found"), (method, where)
        own = where.replace(owner.user_id, berta.user_id)
        if secret["id"] in own:
            assert (await berta.request(method, own, body))[0] == 404
    assert (await owner.get(f"{path}/{secret['id']}"))["text"] == "Anna has a secret."


async def test_a_key_for_others_acts_for_them(owner: Client, berta: Client) -> None:
    await owner.post(f"/memories/{berta.user_id}", {"text": "Berta likes cats."}, expect=201)

    assert [one["text"] for one in (await berta.get(f"/memories/{berta.user_id}"))["data"]] == ["Berta likes cats."]


@pytest.mark.parametrize("body", [{"text": " "}, {}, {"memories": []}, {"text": "x", "importance": 2}, [], "x"])
async def test_what_cannot_be_remembered_is_refused(owner: Client, body: Any) -> None:
    await owner.post(f"/memories/{owner.user_id}", body, expect=422)


async def test_a_forgotten_conversation_takes_its_actions_and_not_the_memories(owner: Client) -> None:
    await owner.post(f"/memories/{owner.user_id}", {"text": "Anna is left-handed."}, expect=201)
    thread_id = await owner.thread()

    assert (await owner.request("DELETE", f"/api/v1/conversations/{thread_id}"))[0] == 204

    found = await owner.post(f"/memories/{owner.user_id}/search", {"query": "left-handed", "k": 1})
    assert [hit["memory"]["text"] for hit in found["data"]] == ["Anna is left-handed."]


async def test_a_long_conversation_is_sent_at_once_and_its_turns_are_found_with_their_neighbours(owner: Client) -> None:
    path = f"/memories/{owner.user_id}"
    turns: list[dict[str, Any]] = [
        {
            "text": "Where did you go on holiday?" if place == 150 else f"Turn {place} is about nothing.",
            "kind": "turn",
            "metadata": {"speaker": "Nora", "session": "s1", "timestamp": f"2024-05-{place // 50 + 1:02}T10:00:00Z"},
        }
        for place in range(300)
    ]
    turns[151]["text"] = "To Lisbon, of course."
    turns[151]["metadata"]["speaker"] = "Ivan"

    made = await owner.post(path, {"memories": turns}, expect=201)
    found = await owner.post(f"{path}/search", {"query": "Which holiday did Ivan have?", "limit": 10})

    assert len({one["id"] for one in made["data"]}) == 300
    texts = [hit["memory"]["text"] for hit in found["data"]]
    assert {"Where did you go on holiday?", "To Lisbon, of course."} <= set(texts[:3])
    assert found["data"][0]["memory"]["said_at"] == "2024-05-04T10:00:00.000Z"
    assert found["data"][0]["memory"]["metadata"]["session"] == "s1"
    await owner.request("DELETE", path)
