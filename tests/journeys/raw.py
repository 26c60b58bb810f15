"""Reading event streams byte by byte, and over sockets that behave badly."""

import asyncio
import socket
from urllib.parse import urlsplit

import aiohttp

from tests.serving import Client


async def read(
    http: aiohttp.ClientSession, client: Client, run_id: str, *, after: str | None = None, limit: int = 2**40
) -> bytes:
    """What a stream says from a position on; the client hangs up after `limit` bytes."""
    headers = {**client.headers, **({"Last-Event-ID": after} if after else {})}
    async with http.get(f"{client.url}/runs/{run_id}/events", headers=headers) as answer:
        if answer.status == 204:
            return b""
        assert answer.status == 200, (answer.status, await answer.text())
        received = b""
        async for block in answer.content.iter_any():
            received += block
            if len(received) >= limit:
                answer.close()
                break
    return received[:limit]


def frames(received: bytes) -> list[bytes]:
    """The whole events among the bytes; comments and what broke off are none."""
    *whole, _ = received.split(b"\n\n")
    return [frame for frame in whole if b"event: " in frame]


def last_id(read_so_far: list[bytes]) -> str | None:
    """Where a client is that has these frames."""
    if not read_so_far:
        return None
    [line] = [line for line in read_so_far[-1].split(b"\n") if line.startswith(b"id: ")]
    return line[4:].decode()


def request_bytes(client: Client, path: str) -> bytes:
    where = urlsplit(client.url).netloc
    lines = [f"GET {path} HTTP/1.1", f"Host: {where}", f"Authorization: Bearer {client.key}", "Connection: close"]
    return "\r\n".join([*lines, "", ""]).encode()


def connected(client: Client, *, receive_buffer: int | None = None) -> socket.socket:
    """A connection to the server, with a small window if that is wanted."""
    where = urlsplit(client.url)
    connection = socket.socket()
    if receive_buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connection.connect((where.hostname, where.port))
    connection.setblocking(False)
    return connection


async def drained(connection: socket.socket) -> bytes:
    """All that still comes out of a connection, to its end."""
    received = b""
    while True:
        try:
            block = await asyncio.get_running_loop().sock_recv(connection, 65536)
        except ConnectionError:
            return received
        if not block:
            return received
        received += block


def unchunked(answer: bytes) -> bytes:
    """The body of a chunked HTTP answer, as much of it as there is."""
    _, _, rest = answer.partition(b"\r\n\r\n")
    body = b""
    while rest:
        size, found, rest = rest.partition(b"\r\n")
        if not found:
            break
        length = int(size, 16)
        body += rest[:length]
        rest = rest[length + 2 :]
    return body
