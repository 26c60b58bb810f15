"""A server whose data is on PostgreSQL: a turn, a crash in the middle of an answer, and what is left of it."""

import contextlib
from pathlib import Path

import aiohttp
import pytest

from tests.serving import Event, assert_whole, serving, text_of

pytestmark = pytest.mark.anyio

SETTINGS = {"FAMULUS_JOBS__LEASE_SECONDS": "2", "FAMULUS_MODEL__OFFLINE_WORDS_PER_SECOND": "100"}


async def test_a_crash_in_the_middle_of_an_answer_costs_nothing(tmp_path: Path, postgres_database: str) -> None:
    with serving(tmp_path, FAMULUS_DATABASE__URL=postgres_database, **SETTINGS) as server:
        await server.start()
        owner = await server.owner()
        thread = await owner.thread()
        assert (await owner.ended((await owner.send(thread, "hello"))["id"]))["status"] == "completed"
        run = await owner.send(thread, "count to 60", client_message_id="said once")
        seen: list[Event] = []
        with contextlib.suppress(aiohttp.ClientError):
            async for event in owner.follow(run["id"]):
                seen.append(event)
                if event.name == "thread.message.delta" and server.process and server.process.poll() is None:
                    server.kill()
        await server.start()

        rest = await owner.events(run["id"], after=seen[-1].id)

        assert (await owner.send(thread, "count to 60", client_message_id="said once"))["id"] == run["id"]
        whole = await owner.events(run["id"])
        assert seen + rest == whole
        assert_whole(whole)
        assert [event.name for event in rest].count("thread.message.incomplete") == 1
        roles = [(role, status) for role, status, _ in await owner.texts(thread)]
        assert roles[2:] == [("user", "completed"), ("assistant", "incomplete"), ("assistant", "completed")]
        assert (await owner.texts(thread))[-1][2].split() == [str(number) for number in range(1, 61)]
        assert "60" in text_of(rest)
        assert not (tmp_path / "data" / "famulus.db").exists()
