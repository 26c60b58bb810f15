"""Readers that do not read: they cost little, slow nobody, and can catch up."""

import asyncio
import socket

import psutil
import pytest

from tests.journeys.raw import connected, drained, frames, last_id, request_bytes, unchunked
from tests.journeys.talk import Talk, assert_at_rest, assert_goes_on, assert_sound, talk
from tests.serving import Client, Event, Server, messages_of, parsed

pytestmark = pytest.mark.anyio

SETTINGS = {"FAMULUS_MEMORY__EMBEDDINGS": "none", "FAMULUS_STREAMS__STALL_SECONDS": "1"}
READERS = 100
WORDS = 20_000
MIB = 2**20
# More than the system's own buffers take on the way: eighty tool outputs as long as they may be, and many words.
LONG = f"toolpar?name=flood&n=80&then=text%3Ftokens%3D{WORDS}"


def resident_bytes(server: Server) -> int:
    assert server.process is not None
    resident: int = psutil.Process(server.process.pid).memory_info().rss
    return resident


async def warmed_up(owner: Client) -> Talk:
    conversation = await talk(owner, LONG)
    await conversation.turn()
    return await talk(owner, LONG)


async def idle_readers(owner: Client, run_id: str) -> list[socket.socket]:
    """Clients that ask for the stream of a run, and then take nothing."""
    idle = [connected(owner, receive_buffer=4096) for _ in range(READERS)]
    request = request_bytes(owner, f"/runs/{run_id}/events")
    await asyncio.gather(*(asyncio.get_running_loop().sock_sendall(one, request) for one in idle))
    return idle


async def assert_cut_off_and_able_to_finish(idle: socket.socket, owner: Client, run_id: str) -> None:
    got, whole = await _finished(idle, owner, run_id)
    assert len(got) < len(whole)


async def _finished(idle: socket.socket, owner: Client, run_id: str) -> tuple[list[Event | None], list[Event]]:
    """What a client got that begins to read now; with what it asks for afterwards, it has everything."""
    idle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, MIB)
    async with asyncio.timeout(20):
        seen = frames(unchunked(await drained(idle)))
    got: list[Event | None] = [parsed(frame) for frame in seen]
    whole = await assert_sound(owner, run_id)
    assert got + list(await owner.events(run_id, after=last_id(seen))) == whole
    return got, whole


async def test_a_hundred_readers_that_do_not_read_cost_little_and_slow_nobody(server: Server, owner: Client) -> None:
    conversation = await warmed_up(owner)
    before = resident_bytes(server)
    run_id = await conversation.send()
    idle = await idle_readers(owner, run_id)
    try:
        whole = await owner.events(run_id)
        grown = resident_bytes(server) - before

        assert len("".join(messages_of(whole).values()).split()) == WORDS
        assert grown <= 64 * MIB, f"{grown / MIB:.0f} MiB"
        await assert_cut_off_and_able_to_finish(idle[0], owner, run_id)
        await assert_goes_on(owner, conversation.thread_id)
        assert_at_rest(server)
    finally:
        for one in idle:
            one.close()


async def test_readers_that_come_late_and_do_not_read_cost_as_little(server: Server, owner: Client) -> None:
    conversation = await warmed_up(owner)
    run_id = await conversation.send()
    whole = await owner.events(run_id)
    before = resident_bytes(server)
    idle = await idle_readers(owner, run_id)
    try:
        # By the time that somebody else has read all of it, each of them has been given what it takes.
        again = await owner.events(run_id)
        grown = resident_bytes(server) - before

        assert again == whole
        assert grown <= 64 * MIB, f"{grown / MIB:.0f} MiB"
        await _finished(idle[0], owner, run_id)
        assert_at_rest(server)
    finally:
        for one in idle:
            one.close()
