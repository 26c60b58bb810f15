"""A server with two people on it who have files."""

import asyncio
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tests.serving import Client, Server


@dataclass
class Answer:
    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return str(self.json["error"]["code"])


@dataclass
class Place:
    server: Server
    anna: Client
    berta: Client

    @property
    def blobs(self) -> Path:
        return self.server.folder / "data" / "blobs"

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for what a job is about to do."""
        async with asyncio.timeout(60):
            while not holds():
                await asyncio.sleep(0.05)

    def stored(self) -> set[Path]:
        """Every file in the folder of blobs, kept or not."""
        return {path for path in self.blobs.rglob("*") if path.is_file()}


async def asked(
    person: Client, method: str, path: str, *, headers: dict[str, str] | None = None, data: Any = None
) -> Answer:
    timeout = aiohttp.ClientTimeout(60)
    async with (
        aiohttp.ClientSession(timeout=timeout, auto_decompress=False) as http,
        http.request(method, person.url + path, headers={**person.headers, **(headers or {})}, data=data) as answer,
    ):
        return Answer(answer.status, answer.headers, await answer.read())


async def uploaded(person: Client, *files: tuple[str, bytes], key: str | None = None) -> Answer:
    """Upload files as a form."""
    form = aiohttp.FormData(quote_fields=False)
    for name, data in files:
        form.add_field("file", io.BytesIO(data), filename=name, content_type="application/x-whatever")
    return await asked(person, "POST", "/api/v1/files", headers={"Idempotency-Key": key} if key else {}, data=form)


async def a_file(person: Client, name: str, data: bytes) -> Any:
    """Upload one file; what the server says of it."""
    answer = await uploaded(person, (name, data))
    assert answer.status == 201, answer.body
    return answer.json["data"][0]
