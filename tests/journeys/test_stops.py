"""A server that is asked to stop, and one that is held up."""

import asyncio
import contextlib
import signal
from pathlib import Path

import aiohttp
import pytest

from tests.fake_model.fixture import FakeModel
from tests.journeys.talk import assert_at_rest, assert_goes_on, assert_sound, environment, first, rows, talk
from tests.serving import Client, Event, Server, free_port, messages_of, serving

pytestmark = pytest.mark.anyio

DRAIN_SECONDS = 5


async def watch(client: Client, run_id: str, seen: list[Event]) -> None:
    async for event in client.follow(run_id):
        seen.append(event)  # noqa: PERF401 -- others look at what was seen so far


async def all_speak(watched: dict[str, list[Event]]) -> None:
    async with asyncio.timeout(30):
        while not all(any(e.name == "thread.message.delta" for e in seen) for seen in watched.values()):
            await asyncio.sleep(0.02)


async def test_a_server_that_is_asked_to_stop_finishes_or_hands_over_and_loses_nothing(
    tmp_path: Path, fake_model: FakeModel
) -> None:
    short = "text?tokens=60&rate=50"
    long = "text?tokens=5000&rate=50&times=25&then=text%3Ftokens%3D20"
    settings = {**environment(fake_model), "FAMULUS_SERVER__DRAIN_SECONDS": str(DRAIN_SECONDS)}
    with serving(tmp_path, **settings) as server:
        await server.start()
        owner = await server.owner()
        conversations = [await talk(owner, model) for model in [short, long] * 25]
        runs = await asyncio.gather(*(conversation.send() for conversation in conversations))
        watched: dict[str, list[Event]] = {run_id: [] for run_id in runs}
        watching = asyncio.gather(*(watch(owner, run_id, seen) for run_id, seen in watched.items()))
        await all_speak(watched)

        server.signal(signal.SIGTERM)
        await watching
        refused = await _refusal(conversations[0].client, conversations[0].thread_id)
        status = await server.died()

        assert refused
        # Long before the long ones would have ended.
        assert status == 0
        assert not any(event.name == "done" for run_id in runs[1::2] for event in watched[run_id])
        finished = rows(server, "SELECT count(*) FROM runs WHERE status = 'completed'")
        assert finished == [(25,)]
        await server.start()
        for run_id, seen in watched.items():
            rest = await owner.events(run_id, after=seen[-1].id)
            assert seen + rest == await assert_sound(owner, run_id)
            assert (await owner.get(f"/runs/{run_id}"))["status"] == "completed"
        await assert_goes_on(owner, conversations[0].thread_id)
        assert_at_rest(server)


async def _refusal(client: Client, thread_id: str) -> bool:
    """Whether a server that stops refuses new work: at its door, or with a word."""
    with contextlib.suppress(aiohttp.ClientError):
        status, _ = await client.request("POST", f"/api/v1/conversations/{thread_id}/runs", {"message": "one more"})
        return status == 503
    return True


async def test_a_server_that_is_held_up_for_less_than_its_lease_goes_on_as_if_nothing_had_been(
    tmp_path: Path, fake_model: FakeModel
) -> None:
    with serving(tmp_path, **environment(fake_model), FAMULUS_JOBS__LEASE_SECONDS="4") as server:
        await server.start()
        owner = await server.owner()
        conversation = await talk(owner, "text?tokens=60&rate=50")
        run_id = await conversation.send()
        following = owner.follow(run_id)
        seen = await first(following, "thread.message.delta")

        server.signal(signal.SIGSTOP)
        await asyncio.sleep(1.5)
        server.signal(signal.SIGCONT)
        seen += [event async for event in following]

        assert seen == await assert_sound(owner, run_id)
        assert list(messages_of(seen).values()) == ["".join(f"w{number} " for number in range(60))]
        assert len(fake_model.requests()) == 1
        assert {str(event.id).partition(":")[0] for event in seen} == {"0", "1"}
        assert_at_rest(server)


async def test_a_worker_that_wakes_after_its_run_was_taken_over_changes_nothing(
    tmp_path: Path, fake_model: FakeModel
) -> None:
    model = "text?tokens=5000&rate=50&times=1&then=text%3Ftokens%3D30"
    settings = {**environment(fake_model), "FAMULUS_JOBS__LEASE_SECONDS": "1", "FAMULUS_JOBS__POLL_SECONDS": "0.3"}
    with serving(tmp_path, **settings) as asleep:
        await asleep.start()
        owner = await asleep.owner()
        conversation = await talk(owner, model)
        run_id = await conversation.send()
        following = owner.follow(run_id)
        seen = await first(following, "thread.message.delta", times=3)
        other = Server(tmp_path, {**settings, **asleep.kept.environment}, free_port())
        try:
            await other.start()
            there = Client(other.url, owner.key, owner.user_id)

            asleep.signal(signal.SIGSTOP)
            taken_over = seen + await there.events(run_id, after=seen[-1].id)
            asleep.signal(signal.SIGCONT)

            # It wakes with words of its own, and is told that they are not wanted.
            await fake_model.settled_requests()
            async with asyncio.timeout(60):
                assert taken_over == seen + [event async for event in following]
            assert taken_over == await assert_sound(owner, run_id)
            assert taken_over == await assert_sound(there, run_id)
            assert list(messages_of(taken_over).values())[-1] == "".join(f"w{number} " for number in range(30))
            await assert_goes_on(owner, conversation.thread_id)
            assert_at_rest(asleep)
        finally:
            other.end()
