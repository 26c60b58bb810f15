"""A server with two people on it, and ways to speak to it that no well-meaning client has."""

import asyncio
import functools
import json
from dataclasses import dataclass
from typing import Any

import aiohttp

from tests.serving import Client, Server
from tests.storage import Kept

# Of every use of a credential a note is made; that is no change of what somebody has.
_USES = frozenset({"last_used_at", "last_seen_at"})
# Of what people do a note is made some seconds later, and it is nothing that they have.
_NOTED_LATER = frozenset({"analytics_events"})


@dataclass
class Place:
    """A running server, its owner and a member."""

    server: Server
    owner: Client
    member: Client


@dataclass
class Answer:
    """What came back; of a stream, that it is one."""

    status: int
    headers: Any
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text) if self.text else None

    @property
    def error(self) -> Any:
        """The error without what differs between any two answers."""
        error = dict(self.body["error"])
        assert error.pop("correlation_id") == self.headers["X-Correlation-ID"]
        return error


async def settled(server: Server) -> Place:
    """The server, started, with its people."""
    await server.start()
    owner = await server.owner()
    return Place(server, owner, await server.member(owner))


async def ask(
    url: str, method: str, *, headers: dict[str, str] | None = None, body: Any = None, data: Any = None
) -> Answer:
    """One request, with nothing added to it; a stream is left after its first bytes."""
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(60)) as http,
        http.request(method, url, headers=headers, json=body, data=data, allow_redirects=False) as answer,
    ):
        if answer.content_type == "text/event-stream":
            return Answer(answer.status, answer.headers, (await answer.content.readany()).decode())
        return Answer(answer.status, answer.headers, await answer.text())


async def raw(port: int, request: bytes, *, then_leave: bool = False) -> bytes:
    """Send bytes, and read until the server closes; or leave as soon as they are sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    await writer.drain()
    try:
        if then_leave:
            return b""
        return await asyncio.wait_for(reader.read(-1), 3)
    finally:
        writer.close()


def rows_of(server: Server, user_id: str) -> dict[str, list[str]]:
    """Every row that belongs to somebody, by its table."""
    found = server.kept.tables(_of_somebody(server.kept), user_id)
    return {table: sorted(map(repr, rows)) for table, rows in found.items()}


async def come_to_rest(place: Place) -> None:
    """Wait until nothing of what was asked for goes on behind anybody's back: deliveries, indices, what is learnt."""
    people = (place.owner.user_id, place.member.user_id)
    before: list[dict[str, list[str]]] = []
    async with asyncio.timeout(60):
        while True:
            now = [rows_of(place.server, user_id) for user_id in people]
            if now == before:
                return
            before = now
            await asyncio.sleep(1)


def kept_by(server: Server, user_id: str) -> list[int]:
    """How many conversations, messages and runs somebody has."""
    tables = ("conversations", "messages", "runs")
    return [server.kept.rows(f"SELECT count(*) FROM {table} WHERE user_id = ?", user_id)[0][0] for table in tables]


@functools.cache
def _of_somebody(kept: Kept) -> dict[str, str]:
    selects = {}
    for table, columns in kept.columns().items():
        if table in _NOTED_LATER:
            continue
        if (where := _belonging(table, columns)) is not None:
            shown = ", ".join(f'"{column}"' for column in columns if column not in _USES)
            selects[table] = f'SELECT {shown} FROM "{table}" WHERE {where}'
    return selects


def _belonging(table: str, columns: list[str]) -> str | None:
    if "user_id" in columns:
        return "user_id = ?"
    mine = "SELECT id FROM runs WHERE user_id = ?"
    return {
        "users": "id = ?",
        "invitations": "created_by = ?",
        "streams": f"id IN ({mine})",
        "stream_entries": f"stream_id IN ({mine})",
    }.get(table)
