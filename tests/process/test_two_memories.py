"""Two servers and two memory services: whichever of them is asked, the answer is the same."""

from pathlib import Path

import pytest

from tests.serving import Client, serving

pytestmark = pytest.mark.anyio

SETTINGS = {
    "FAMULUS_MEMORY__SERVICE_KEY": "a-service-key-for-tests",
    "FAMULUS_MEMORY__EMBEDDINGS": "none",
    "FAMULUS_MEMORY__DEADLINE_SECONDS": "5",
}


async def test_nobody_has_to_come_back_to_the_same_one(tmp_path: Path) -> None:
    with serving(tmp_path / "memory", command="memory", **SETTINGS) as one:
        await one.start()
        shared = {**SETTINGS, **one.kept.environment}
        with (
            serving(tmp_path / "memory", command="memory", **shared) as other,
            serving(tmp_path / "chat", FAMULUS_MEMORY__URL=one.url, **SETTINGS) as first,
        ):
            await other.start()
            await first.start()
            of_chat = {**SETTINGS, **first.kept.environment}
            with serving(tmp_path / "chat", FAMULUS_MEMORY__URL=other.url, **of_chat) as second:
                await second.start()
                owner = await first.owner()
                people = [owner, Client(second.url, owner.key, owner.user_id)]
                for place, person in enumerate(people):
                    run = await person.send(await person.thread(), f"remember that number {place} is prime")
                    await person.ended(run["id"])

                told = [await _told(person) for person in people]

    assert told[0] == told[1]
    assert {"number 0 is prime", "number 1 is prime"} <= set(told[0])


async def _told(person: Client) -> list[str]:
    run = await person.ended((await person.send(await person.thread(), "which numbers are prime?"))["id"])
    assert run["degraded"] == []
    assert len(run["memories"]) == 2
    page = await person.get(f"/memories/{person.user_id}")
    return [memory["text"] for memory in page["data"]]
