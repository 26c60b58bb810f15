"""Reminders through the door and by word of mouth: what was asked for comes, once, whatever happens to the server."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

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


async def test_a_crash_in_the_moment_in_which_it_is_said_costs_nothing_and_repeats_nothing(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        await server.start(KILLPOINT="reminders.before_commit")
        owner = await server.owner()
        for number in range(3):
            draft = {"title": str(number), "schedule": {"kind": "delay", "seconds": 1}}
            await owner.post("/api/v1/reminders", draft, expect=201)
        await server.died()

        await server.start()

        assert sorted(await told(owner, at_least=3)) == ["0", "1", "2"]
        for reminder in (await owner.get("/api/v1/reminders"))["data"]:
            occurrences = await owner.get(f"/api/v1/reminders/{reminder['id']}/occurrences")
            assert [one["state"] for one in occurrences["data"]] == ["fired"]
