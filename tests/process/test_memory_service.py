"""The memory as a process of its own: asked by a server that holds its key, and done without when it is away."""

import asyncio
import json
import signal
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.features.files.place import asked
from tests.journeys.talk import rows, until
from tests.serving import Client, Server, serving
from tests.storage import Kept

pytestmark = pytest.mark.anyio

KEY = "a-service-key-for-tests"
MARIA = "user_01jm8v00000000000000000000"
HASTE = {
    "FAMULUS_MEMORY__DEADLINE_SECONDS": "1",
    "FAMULUS_MEMORY__PAUSE_SECONDS": "0.2",
    "FAMULUS_MEMORY__CALL_SECONDS": "2",
}


@dataclass
class Pair:
    """A memory, the server that asks it, and somebody there."""

    memory: Server
    chat: Server
    owner: Client
    service: Client

    async def say(self, message: str) -> Any:
        """Say something in a new conversation; the run, once it has ended."""
        return await self.owner.ended((await self.owner.send(await self.owner.thread(), message))["id"])

    async def remembered(self) -> list[str]:
        page = await self.owner.get(f"/memories/{self.owner.user_id}")
        return [memory["text"] for memory in page["data"]]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def pair(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[Pair]:
    folder = tmp_path_factory.mktemp("pair")
    key = {"FAMULUS_MEMORY__SERVICE_KEY": KEY, "FAMULUS_MEMORY__EMBEDDINGS": "none"}
    own = f"sqlite:///{folder / 'own.db'}"
    with serving(folder / "memory", command="memory", FAMULUS_MEMORY__DATABASE_URL=own, **key) as memory:
        memory.kept = Kept(own, {})
        await memory.start()
        with serving(folder / "chat", FAMULUS_MEMORY__URL=memory.url, **key, **HASTE) as chat:
            await chat.start()
            owner = await chat.owner()
            yield Pair(memory, chat, owner, Client(memory.url, KEY, owner.user_id))


async def test_a_service_remembers_and_asks(pair: Pair) -> None:
    path = f"/memories/{MARIA}"
    unknown = await pair.service.get(path, expect=404)
    done = {"text": "Booked a table.", "kind": "procedure", "key": "booked"}
    made = [await pair.service.post(path, done, expect=201) for _ in range(2)]
    await pair.service.post(path, {"memories": [{"text": "Maria likes tea."}] * 2}, expect=201)

    known = await pair.service.get(path)

    assert unknown["error"]["message"] == "User not found"
    assert made[0] == made[1]
    assert known["past_actions"] == ["Booked a table."]
    assert [memory["text"] for memory in known["data"]] == ["Maria likes tea.", "Booked a table."]


@pytest.mark.parametrize("key", ["", "Bearer", "Bearer wrong", f"Basic {KEY}", f"Bearer {KEY}x", "Bearer ключ"])
async def test_nobody_is_answered_without_the_key(pair: Pair, key: str) -> None:
    stranger = Client(pair.memory.url, "", "")
    stranger.headers = {"Authorization": key.encode().decode("latin-1")} if key else {}
    requests: list[tuple[str, str, Any]] = [
        ("GET", "", None), ("POST", "", {"text": "Planted."}), ("DELETE", "", None), ("POST", "/search", {}),
        ("GET", "/export", None), ("GET", "/mem_1", None), ("PATCH", "/mem_1", {"text": "x"}),
        ("DELETE", "/mem_1", None), ("GET", "/mem_1/history", None), ("POST", "/mem_1/restore", None),
        ("DELETE", "/sessions/s", None), ("GET", "/proposals", None), ("POST", "/proposals", {}),
        ("POST", "/proposals/prop_1/accept", None), ("POST", "/proposals/prop_1/reject", None),
        ("POST", "/lessons", {}),
    ]  # fmt: skip
    for method, rest, body in requests:
        status, answer = await stranger.request(method, f"/memories/{MARIA}{rest}", body)
        assert (status, answer["error"]["code"]) == (401, "service_key_refused"), (method, rest)
    assert (await stranger.request("GET", "/health/ready"))[0] == 200


async def test_the_key_opens_nobodys_memories_under_anothers_name(pair: Pair) -> None:
    berta = "user_01jm8v11111111111111111111"
    secret = await pair.service.post(f"/memories/{MARIA}", {"text": "Maria has a secret.", "session": "s"}, expect=201)
    asked = {"key": "p", "change": {"do": "forget", "memory_id": secret["id"]}}
    assert (await pair.service.request("POST", f"/memories/{MARIA}/proposals", {"proposals": [asked]}))[0] == 204
    (proposal,) = (await pair.service.get(f"/memories/{MARIA}/proposals"))["data"]
    before = await pair.service.get(f"/memories/{MARIA}/export")
    requests: list[tuple[str, str, Any, int]] = [
        ("GET", f"/{secret['id']}", None, 404), ("PATCH", f"/{secret['id']}", {"text": "x"}, 404),
        ("DELETE", f"/{secret['id']}", None, 404), ("GET", f"/{secret['id']}/history", None, 404),
        ("POST", f"/{secret['id']}/restore", None, 404), ("POST", f"/proposals/{proposal['id']}/accept", None, 404),
        ("POST", f"/proposals/{proposal['id']}/reject", None, 404), ("DELETE", "/sessions/s", None, 204),
        ("POST", "/lessons", {"lessons": [asked["change"], _correcting(secret["id"])]}, 204), ("DELETE", "", None, 204),
    ]  # fmt: skip
    for method, rest, body, expected in requests:
        assert (await pair.service.request(method, f"/memories/{berta}{rest}", body))[0] == expected, (method, rest)

    for query in ("secret", "", "Maria"):
        assert (await pair.service.post(f"/memories/{berta}/search", {"query": query}))["data"] == []
    page = await pair.service.request("GET", f"/memories/{berta}?after={secret['id']}")
    assert page[0] == 404
    assert (await pair.service.get(f"/memories/{MARIA}/export"))["data"] == before["data"]
    assert (await pair.service.get(f"/memories/{MARIA}/proposals"))["data"] == [proposal]


async def test_tools_reach_only_what_is_the_callers(pair: Pair) -> None:
    secret = await pair.owner.post(
        f"/memories/{pair.owner.user_id}", {"text": "Anna has a zebra.", "pinned": True}, expect=201
    )
    dora = await pair.chat.member(pair.owner, "Dora")
    using = ("correct", {"id": secret["id"], "text": "Taken over."}), ("forget", {"id": secret["id"]})
    for name, arguments in using:
        run = await dora.ended((await dora.send(await dora.thread(), f"use {name} {json.dumps(arguments)}"))["id"])
        assert "memory_not_found" in (await dora.texts(run["thread_id"]))[-1][2]
    for said in ("recall zebra", "recall", "what is known of the zebra?"):
        run = await dora.ended((await dora.send(await dora.thread(), said))["id"])
        assert run["memories"] == []
        assert "Anna has a zebra" not in str(await dora.texts(run["thread_id"]))

    assert (await pair.owner.get(f"/memories/{pair.owner.user_id}/{secret['id']}"))["text"] == "Anna has a zebra."
    await pair.owner.request("DELETE", f"/memories/{pair.owner.user_id}/{secret['id']}")


def _correcting(memory_id: str) -> Any:
    return {"do": "correct", "memory_id": memory_id, "patch": {"text": "Taken over."}}


async def test_what_is_said_in_a_conversation_is_kept_in_the_service(pair: Pair) -> None:
    await pair.say("remember that the safe opens with 4711")
    (kept,) = [m for m in (await pair.service.get(f"/memories/{pair.owner.user_id}"))["data"] if "4711" in m["text"]]
    assert kept["source"] == "run"
    correction = json.dumps({"id": kept["id"], "text": "The safe opens with 1174."})
    await pair.say(f"use correct {correction}")

    run = await pair.say("recall the safe")
    status, told = await pair.owner.request("GET", f"/memories/{pair.owner.user_id}/{kept['id']}/history")

    assert run["degraded"] == []
    assert "1174" in (await pair.owner.texts(run["thread_id"]))[-1][2]
    assert status == 200
    assert [version["text"] for version in told["data"]] == ["The safe opens with 1174.", "the safe opens with 4711"]
    await pair.say("use forget " + json.dumps({"id": told["data"][0]["id"]}))
    assert not [text for text in await pair.remembered() if "safe" in text]
    assert rows(pair.chat, "SELECT count(*) FROM memories") == [(0,)]


async def test_a_person_reaches_their_own_memories_through_the_server_and_no_others(pair: Pair) -> None:
    berta = await pair.chat.member(pair.owner)
    path = f"/memories/{pair.owner.user_id}"
    secret = await pair.owner.post(path, {"text": "Anna has a secret."}, expect=201)

    assert (await berta.get(f"/memories/{berta.user_id}"))["data"] == []
    for method, where in (("GET", path), ("GET", f"{path}/{secret['id']}"), ("DELETE", path)):
        assert (await berta.request(method, where))[0] == 404
    assert (await berta.request("GET", f"/memories/{berta.user_id}/{secret['id']}"))[1]["error"]["code"] == (
        "memory_not_found"
    )
    await pair.owner.get("/memories/user_00000000000000000000000000", expect=404)
    await pair.owner.post("/memories/user_00000000000000000000000000", {"text": "Planted."}, expect=404)
    assert (await pair.owner.request("PATCH", f"{path}/{secret['id']}", {"text": ""}))[0] == 422


async def test_an_archive_takes_along_what_is_kept_there(pair: Pair) -> None:
    ada, bela = [await pair.chat.member(pair.owner, name) for name in ("Ada", "Bela")]
    path, hers = (f"/memories/{person.user_id}" for person in (ada, bela))
    tea = await ada.post(path, {"text": "Likes tea.", "pinned": True, "kind": "preference"}, expect=201)
    await ada.post(path, {"memories": [{"text": f"Thing {n}."} for n in range(3)]}, expect=201)
    change = {"do": "correct", "memory_id": tea["id"], "patch": {"text": "Likes coffee."}}
    proposed = {"proposals": [{"key": "better", "change": change}]}
    await pair.service.post(f"{path}/proposals", proposed, expect=204)

    archive = await asked(ada, "GET", "/api/v1/users/me/export")
    kind = {"Content-Type": "application/zip"}
    answer = await asked(bela, "POST", "/api/v1/users/me/import", headers=kind, data=archive.body)
    (waiting,) = (await bela.get(f"{hers}/proposals"))["data"]
    accepted = await bela.post(f"{hers}/proposals/{waiting['id']}/accept")

    assert answer.status == 200, answer.body
    assert [answer.json["data"][what]["imported"] for what in ("memories", "memory_proposals")] == [4, 1]
    memory = accepted["memory"]
    assert (memory["text"], memory["pinned"], memory["kind"]) == ("Likes coffee.", True, "preference")
    texts = {one["text"] for one in (await bela.get(hers))["data"]}
    assert texts == {"Likes coffee.", "Thing 0.", "Thing 1.", "Thing 2."}


async def test_what_a_deleted_conversation_has_left_is_forgotten_once_the_memory_is_back(pair: Pair) -> None:
    run = await pair.say("what is 6 * 7")
    await until(lambda: not rows(pair.chat, "SELECT 1 FROM jobs"))
    assert "what is 6 * 7" in str((await pair.owner.get(f"/memories/{pair.owner.user_id}"))["past_actions"])
    pair.memory.kill()

    assert (await pair.owner.request("DELETE", f"/api/v1/conversations/{run['thread_id']}"))[0] == 204
    await pair.memory.start()
    await until(lambda: not rows(pair.chat, "SELECT 1 FROM jobs"))

    assert (await pair.owner.get(f"/memories/{pair.owner.user_id}"))["past_actions"] == []


async def test_an_erased_person_is_erased_there_too(pair: Pair) -> None:
    clara = await pair.chat.member(pair.owner, "Clara")
    await clara.post(f"/memories/{clara.user_id}", {"text": "Clara likes rain."}, expect=201)

    await clara.request("DELETE", "/api/v1/users/me", {"confirm": "erase", "password": "a long enough one"})
    await until(lambda: not rows(pair.chat, "SELECT 1 FROM jobs"))

    await pair.service.get(f"/memories/{clara.user_id}", expect=404)
    assert not rows(pair.memory, "SELECT 1 FROM memories WHERE user_id = ?", clara.user_id)


async def test_a_dead_memory_costs_no_answer_and_a_tool_says_so(pair: Pair) -> None:
    pair.memory.kill()

    run = await pair.say("hello")
    told = await pair.say("remember that I like tea")
    asked = await pair.owner.request("GET", f"/memories/{pair.owner.user_id}")

    assert (run["status"], run["degraded"]) == ("completed", ["memory"])
    assert "memory_unavailable" in (await pair.owner.texts(told["thread_id"]))[-1][2]
    assert (asked[0], asked[1]["error"]["code"]) == (503, "memory_unavailable")
    await pair.memory.start()
    await asyncio.sleep(0.2)
    assert (await pair.say("hello again"))["degraded"] == []


async def test_a_memory_that_comes_and_goes_costs_none_of_a_hundred_answers(pair: Pair) -> None:
    threads = [await pair.owner.thread() for _ in range(10)]
    ended: list[Any] = []
    slowest = 0.0

    async def ten_turns(thread: str) -> None:
        nonlocal slowest
        for _ in range(10):
            began = time.monotonic()
            ended.append(await pair.owner.ended((await pair.owner.send(thread, "hello"))["id"]))
            slowest = max(slowest, time.monotonic() - began)

    talking = asyncio.gather(*map(ten_turns, threads))
    for disturb in (pair.memory.kill, lambda: pair.memory.signal(signal.SIGSTOP)):
        await _after(ended, more=20)
        disturb()
        await _after(ended, more=15)
        pair.memory.end()
        await pair.memory.start()
    await talking
    await asyncio.sleep(0.2)

    assert [run["status"] for run in ended] == ["completed"] * 100
    assert ["memory"] in [run["degraded"] for run in ended]
    assert slowest < 60
    assert (await pair.say("hello"))["degraded"] == []


async def _after(ended: list[Any], *, more: int) -> None:
    there = min(len(ended) + more, 100)
    await until(lambda: len(ended) >= there, seconds=60)


async def test_without_settings_both_find_the_same_key_and_the_same_database(tmp_path: Path) -> None:
    with serving(tmp_path, command="memory") as memory:
        await memory.start()
        with serving(tmp_path, FAMULUS_MEMORY__URL=memory.url, **memory.kept.environment) as chat:
            await chat.start()
            owner = await chat.owner()
            await owner.post(f"/memories/{owner.user_id}", {"text": "Anna likes tea."}, expect=201)

    key = tmp_path / "data" / "memory-service.key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert rows(chat, "SELECT text FROM memories") == [("Anna likes tea.",)]
