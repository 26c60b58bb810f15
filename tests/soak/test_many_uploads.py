"""Half a gigabyte through the server's hands, which it may not keep in its head."""

import asyncio
import io
import os
from pathlib import Path

import aiohttp
import psutil
import pytest

from tests.serving import Client, serving

pytestmark = [pytest.mark.anyio, pytest.mark.soak]

MEBIBYTE = 2**20
CLIENTS = 10
FILES = 25
SIZE = 20 * MEBIBYTE


async def test_half_a_gigabyte_is_uploaded_and_read_in_fifty_megabytes(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        owner = await (await server.start()).owner()
        assert server.process is not None
        process = psutil.Process(server.process.pid)
        before = highest = process.memory_info().rss
        waiting = asyncio.Queue[int]()
        for number in range(FILES):
            waiting.put_nowait(number)

        clients = [asyncio.create_task(upload(owner, waiting)) for _ in range(CLIENTS)]
        while not all(client.done() for client in clients):
            highest = max(highest, process.memory_info().rss)
            await asyncio.sleep(0.01)

        ids = [file for client in clients for file in client.result()]
        assert len(set(ids)) == FILES
        assert highest - before < 50 * MEBIBYTE
        for file in ids:
            async with (
                aiohttp.ClientSession(headers=owner.headers) as http,
                http.get(f"{owner.url}/api/v1/files/{file}/content") as answer,
            ):
                assert sum([len(chunk) async for chunk in answer.content.iter_any()]) == SIZE
        assert process.memory_info().rss - before < 50 * MEBIBYTE


async def upload(owner: Client, waiting: asyncio.Queue[int]) -> list[str]:
    """Send one after the other of those that wait; their ids."""
    sent = []
    async with aiohttp.ClientSession(headers=owner.headers) as http:
        while not waiting.empty():
            number = waiting.get_nowait()
            content = io.BytesIO(b"%PDF-" + os.urandom(SIZE - 5))
            async with http.post(f"{owner.url}/api/v1/files?name={number}.pdf", data=content) as answer:
                assert answer.status == 201, await answer.text()
                sent.append(str((await answer.json())["data"][0]["id"]))
    return sent
