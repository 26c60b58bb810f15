"""A server that is killed again and again, at moments that nobody has chosen, while people talk to it."""

import asyncio
import random
from pathlib import Path

import aiohttp
import pytest

from tests.serving import Client, Server, assert_whole, messages_of, serving

pytestmark = [pytest.mark.anyio, pytest.mark.soak]

ROUNDS = 25
RUNS_A_ROUND = 12
ROUND_SECONDS = 3.0
SEED = 20261121


async def test_nothing_is_lost_or_done_twice_however_often_the_server_dies(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    with serving(tmp_path, FAMULUS_MODEL__OFFLINE_WORDS_PER_SECOND="150", FAMULUS_JOBS__MAX_ATTEMPTS="50") as server:
        await server.start()
        owner = await server.owner()
        accepted: dict[str, str] = {}
        for number in range(ROUNDS):
            accepted |= await a_round(server, owner, number, chance)

        for run_id, thread_id in accepted.items():
            await assert_kept(owner, run_id, thread_id)

    assert effects(server) == sorted(set(effects(server)))


async def a_round(server: Server, owner: Client, number: int, chance: random.Random) -> dict[str, str]:
    """Say several things, kill the server at some moment, and start it again; the runs that were accepted."""
    accepted: dict[str, str] = {}

    async def say(index: int) -> None:
        # What is not acknowledged may be lost; what is acknowledged may not.
        try:
            await asyncio.sleep(chance.random() * ROUND_SECONDS)
            thread_id = await owner.thread()
            what = chance.choice([f"remember effect {number}-{index}", "count to 300", "what is 6 * 7?"])
            accepted[(await owner.send(thread_id, what))["id"]] = thread_id
        except (aiohttp.ClientError, OSError):
            return

    talking = asyncio.gather(*(say(index) for index in range(RUNS_A_ROUND)))
    await asyncio.sleep(chance.random() * ROUND_SECONDS)
    server.kill()
    await talking
    await server.start()
    return accepted


async def assert_kept(owner: Client, run_id: str, thread_id: str) -> None:
    """The run has ended well, its log is whole, and what was said is what the log says."""
    events = await owner.events(run_id)
    assert_whole(events)
    assert events[-1].data["status"] == "completed"
    folded = messages_of(events)
    page = await owner.get(f"/api/v1/conversations/{thread_id}/messages?limit=100")
    stored = {
        message["id"]: "".join(part["text"]["value"] for part in message["content"])
        for message in page["data"]
        if message["role"] == "assistant"
    }
    assert {message_id: stored[message_id] for message_id in folded} == folded


def effects(server: Server) -> list[str]:
    return sorted(text for (text,) in server.kept.rows("SELECT text FROM memories"))
