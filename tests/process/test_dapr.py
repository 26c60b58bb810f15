"""A server that reaches the memory service by way of a Dapr sidecar, as the guide has it."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from tests.serving import serving

pytestmark = pytest.mark.anyio

INVOKED = "/v1.0/invoke/famulus-memory/method"
_OWN_HEADERS = {"host", "content-length", "transfer-encoding", "connection"}


@contextlib.asynccontextmanager
async def sidecar(memory_url: str, passed: list[str]) -> AsyncIterator[str]:
    """Passes on what is asked of the app `famulus-memory`, as Dapr's service invocation does; its address."""

    async def invoke(request: web.Request) -> web.Response:
        path = request.raw_path.removeprefix(INVOKED)
        passed.append(f"{request.method} {path}")
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _OWN_HEADERS}
        url = URL(memory_url + path, encoded=True)
        async with (
            aiohttp.ClientSession() as http,
            http.request(request.method, url, data=await request.read(), headers=headers) as answer,
        ):
            return web.Response(status=answer.status, body=await answer.read(), content_type=answer.content_type)

    app = web.Application()
    app.router.add_route("*", INVOKED + "/{path:.*}", invoke)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}{INVOKED}"
    finally:
        await runner.cleanup()


async def test_a_server_remembers_and_recalls_through_a_sidecar(tmp_path: Path) -> None:
    common = {
        "FAMULUS_MEMORY__SERVICE_KEY": "a-service-key-for-tests",
        "FAMULUS_MEMORY__EMBEDDINGS": "none",
        "FAMULUS_MEMORY__DEADLINE_SECONDS": "10",
    }
    passed: list[str] = []
    with serving(tmp_path / "memory", command="memory", **common) as memory:
        await memory.start()
        async with sidecar(memory.url, passed) as url:
            with serving(tmp_path / "server", FAMULUS_MEMORY__URL=url, **common) as server:
                await server.start()
                owner = await server.owner()
                thread = await owner.thread()
                told = await owner.ended((await owner.send(thread, "remember that the safe opens with 4711"))["id"])
                another = await owner.thread()
                asked = await owner.ended((await owner.send(another, "recall the safe"))["id"])
                kept = await owner.get(f"/memories/{owner.user_id}")

                assert (told["degraded"], asked["degraded"]) == ([], [])
                assert "4711" in (await owner.texts(another))[-1][2]
                assert "the safe opens with 4711" in [found["text"] for found in kept["data"]]
                assert f"POST /memories/{owner.user_id}" in passed
                assert f"POST /memories/{owner.user_id}/search" in passed
                assert memory.kept.rows("SELECT count(*) FROM memories") != [(0,)]
                assert server.kept.rows("SELECT count(*) FROM memories") == [(0,)]
