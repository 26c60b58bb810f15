"""Two servers and two memory services: whichever of them is asked, the answer is the same."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.serving import Client, serving
from tests.storage import STORAGE, Kind

pytestmark = pytest.mark.anyio

KEY = "a-service-key-for-tests"
MARIA = "user_01jm8v00000000000000000000"
SETTINGS = {"FAMULUS_MEMORY__SERVICE_KEY": KEY, "FAMULUS_MEMORY__DEADLINE_SECONDS": "5"}
PATH = f"/memories/{MARIA}"


@dataclass
class Four:
    """One person at two servers, and a service's way to two memories."""

    people: tuple[Client, Client]
    memories: tuple[Client, Client]

    async def found(self, query: str) -> tuple[Any, Any]:
        """What either memory finds."""
        one, other = self.memories
        answers = [await memory.post(f"{PATH}/search", {"query": query, "k": 30}) for memory in (one, other)]
        return answers[0], answers[1]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def four(storage: Kind, tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[Four]:
    folder = tmp_path_factory.mktemp("four")
    own = STORAGE.new_place(folder / "memory")
    (folder / "memory" / "data").mkdir(parents=True)
    of_memory = {**SETTINGS, "FAMULUS_MEMORY__DATABASE_URL": own.url}
    with (
        serving(folder / "1", command="memory", **of_memory) as first,
        serving(folder / "2", command="memory", **of_memory) as second,
        serving(folder / "chat", FAMULUS_MEMORY__URL=first.url, **SETTINGS) as one,
    ):
        await asyncio.gather(first.start(), second.start(), one.start())
        shared = {**SETTINGS, **one.kept.environment}
        with serving(folder / "chat", FAMULUS_MEMORY__URL=second.url, **shared) as other:
            await other.start()
            owner = await one.owner()
            people = owner, Client(other.url, owner.key, owner.user_id)
            yield Four(people, (Client(first.url, KEY, MARIA), Client(second.url, KEY, MARIA)))
    own.drop()


async def test_what_one_is_told_the_other_knows_at_once(four: Four) -> None:
    for place, person in enumerate(four.people):
        run = await person.send(await person.thread(), f"remember that number {place} is prime")
        await person.ended(run["id"])
        there = four.people[1 - place]
        asked = await there.ended((await there.send(await there.thread(), f"recall number {place}"))["id"])
        assert f"number {place} is prime" in (await there.texts(asked["thread_id"]))[-1][2]

    told = [await _told(person) for person in four.people]

    assert told[0] == told[1]
    assert {"number 0 is prime", "number 1 is prime"} <= set(told[0])


async def test_two_memories_rank_alike_whoever_was_told(four: Four) -> None:
    things = ["a greyhound", "green tea", "a telescope", "the Azores", "plum jam", "a cello", "chess", "rain"]
    for place, thing in enumerate(things * 2):
        text = f"Maria {'likes' if place < len(things) else 'dreams of'} {thing}."
        await four.memories[place % 2].post(PATH, {"text": text}, expect=201)

        here, there = await four.found("What does she drink in the morning?")
        assert here == there
        assert len(here["data"]) == (place + 1 if here["mode"] == "fused" else 0)


async def test_what_is_forgotten_through_one_is_gone_in_the_other(four: Four) -> None:
    one, other = four.memories
    tea = (await other.post(f"{PATH}/search", {"query": "green tea", "k": 1}))["data"][0]["memory"]

    assert (await one.request("DELETE", f"{PATH}/{tea['id']}"))[0] == 204

    here, there = await four.found("green tea")
    assert here == there
    assert tea["id"] not in [hit["memory"]["id"] for hit in there["data"]]
    await other.get(f"{PATH}/{tea['id']}", expect=404)
    assert (await one.request("DELETE", PATH))[0] == 204
    assert [answer["data"] for answer in await four.found("green tea")] == [[], []]
    await other.get(PATH, expect=404)
    await other.post(PATH, {"text": "Maria likes tea again."}, expect=201)
    here, there = await four.found("green tea")
    assert [hit["memory"]["text"] for hit in here["data"]] == ["Maria likes tea again."]
    assert here == there


async def _told(person: Client) -> list[str]:
    run = await person.ended((await person.send(await person.thread(), "which numbers are prime?"))["id"])
    assert run["degraded"] == []
    assert len(run["memories"]) == 2
    page = await person.get(f"/memories/{person.user_id}")
    return [memory["text"] for memory in page["data"]]
