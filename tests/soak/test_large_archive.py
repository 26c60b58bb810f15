"""Somebody with much takes all of it away, and brings it back: the server holds none of it in its head."""

import asyncio
import io
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Self

import aiohttp
import psutil
import pytest

from famulus.kit.clock import utc_now
from famulus.kit.ids import new_id
from tests.serving import Client, Server, serving

pytestmark = [pytest.mark.anyio, pytest.mark.soak]

MEBIBYTE = 2**20
FILES, SIZE = 10, 20 * MEBIBYTE
CONVERSATIONS, MESSAGES, MEMORIES = 20, 20_000, 20_000
MOST_MORE = 100 * MEBIBYTE
PIECE_BYTES = 262_144


class Height:
    """How high the memory of a process rises within a block, above what it was at its beginning."""

    def __init__(self, server: Server) -> None:
        assert server.process is not None
        self._process = psutil.Process(server.process.pid)

    async def __aenter__(self) -> Self:
        self._before: int = self._process.memory_info().rss
        self._highest: int = self._before
        self._watching = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._watching.cancel()
        self._highest = max(self._highest, self._process.memory_info().rss)

    @property
    def risen(self) -> int:
        return self._highest - self._before

    async def _watch(self) -> None:
        while True:
            self._highest = max(self._highest, self._process.memory_info().rss)
            await asyncio.sleep(0.01)


async def test_two_hundred_megabytes_and_forty_thousand_rows_go_out_and_come_in_by_pieces(tmp_path: Path) -> None:
    # The model that works out what memories mean would be the greater part of what is measured.
    with serving(tmp_path, FAMULUS_MEMORY__EMBEDDINGS="none") as server:
        owner = await (await server.start()).owner()
        anna, berta = [await server.member(owner, name) for name in ("Anna", "Berta")]
        await upload(anna)
        await say(server, anna)
        file = tmp_path / "anna.zip"

        async with Height(server) as out:
            await export(anna, file)
        async with Height(server) as back:
            brought = await bring(berta, file)

        assert file.stat().st_size > FILES * SIZE
        assert (brought["messages"]["imported"], brought["files"]["imported"]) == (MESSAGES, FILES)
        assert brought["memories"]["imported"] == MEMORIES
        risen = {"out": out.risen // MEBIBYTE, "in": back.risen // MEBIBYTE}
        assert max(out.risen, back.risen) < MOST_MORE, risen


async def upload(person: Client) -> None:
    """Files of noise, which no index takes long over."""
    async with aiohttp.ClientSession(headers=person.headers) as http:
        for number in range(FILES):
            data = io.BytesIO(b"%PDF-" + os.urandom(SIZE - 5))
            async with http.post(f"{person.url}/api/v1/files?name={number}.pdf", data=data) as answer:
                assert answer.status == 201, await answer.text()


async def say(server: Server, person: Client) -> None:
    """What was said and is remembered, written behind the server's back: to say it would take an hour."""
    threads = [await person.thread() for _ in range(CONVERSATIONS)]
    places = [(threads[number % CONVERSATIONS], number // CONVERSATIONS + 10) for number in range(MESSAGES)]
    now = utc_now().replace(tzinfo=None).isoformat(" ")
    messages = "id, user_id, conversation_id, position, role, status, text, created_at, completed_at"
    server.kept.change(
        f"INSERT INTO messages ({messages}) VALUES (?, ?, ?, ?, 'user', 'completed', ?, ?, ?)",
        [(new_id("msg"), person.user_id, *place, f"{place} " * 50, now, now) for place in places],
    )
    memories = "id, chain, user_id, key, kind, text, source, importance, pinned, said_at, created_at, updated_at"
    rows = [(new_id("mem"), number) for number in range(MEMORIES)]
    server.kept.change(
        f"INSERT INTO memories ({memories}) VALUES (?, ?, ?, ?, 'turn', ?, 'person', 0.5, FALSE, ?, ?, ?)",
        [(name, name, person.user_id, f"k{n}", f"Said {n} once. " * 20, now, now, now) for name, n in rows],
    )


async def export(person: Client, file: Path) -> None:
    async with (
        aiohttp.ClientSession(headers=person.headers, timeout=aiohttp.ClientTimeout(None)) as http,
        http.get(f"{person.url}/api/v1/users/me/export") as answer,
    ):
        assert answer.status == 200
        with file.open("wb") as out:
            async for piece in answer.content.iter_chunked(PIECE_BYTES):
                out.write(piece)


async def bring(person: Client, file: Path) -> dict[str, dict[str, int]]:
    async def pieces() -> AsyncIterator[bytes]:
        with file.open("rb") as source:
            while piece := source.read(PIECE_BYTES):
                yield piece

    headers = {**person.headers, "Content-Type": "application/zip"}
    async with (
        aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(None)) as http,
        http.post(f"{person.url}/api/v1/users/me/import", data=pieces()) as answer,
    ):
        assert answer.status == 200, await answer.text()
        data: dict[str, dict[str, int]] = (await answer.json())["data"]
        return data
