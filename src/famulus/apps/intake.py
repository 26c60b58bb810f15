"""Bodies that a route reads by itself, piece by piece: bounded as they pass, and never held."""

import asyncio
import contextlib

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Send

from famulus.kit.errors import FamulusError, TooLarge

_SILENT_SECONDS = 30
_LINGER_SECONDS = 1
_LINGER_BYTES = 1_048_576


class BodyTooLarge(TooLarge):
    """The body has more bytes than are accepted."""


class BodyTooSlow(FamulusError):
    """The body did not come in time."""

    status = 408


def refuse_too_large(headers: Headers, most_bytes: int) -> None:
    """Refuse a body that says itself that it is too large, before any of it is read."""
    declared = headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > most_bytes:
        raise too_large(most_bytes)


def too_large(most_bytes: int) -> BodyTooLarge:
    """What a body of more bytes than that is refused with."""
    return BodyTooLarge(f"A request has at most {most_bytes:,} bytes.", limit=most_bytes)


async def linger(receive: Receive, most_bytes: int) -> None:
    """Let the client read its answer: a connection that is closed over unread bytes takes the answer with it."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LINGER_SECONDS):
            while most_bytes > 0:
                message = await receive()
                if not message.get("more_body", False):
                    return
                most_bytes -= len(message["body"])
            await asyncio.sleep(_LINGER_SECONDS)


class Intake:
    """`receive` and `send` of one request, for a route that reads its body by itself."""

    def __init__(self, headers: Headers, receive: Receive, send: Send, *, most_bytes: int) -> None:
        self._receive, self._send = receive, send
        self._most_bytes = most_bytes
        self._size = 0
        # Without these there is no body.
        self._is_read = headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers

    async def receive(self) -> Message:
        """The next piece, in time and within the bounds."""
        if self._is_read:
            return await self._receive()
        try:
            async with asyncio.timeout(_SILENT_SECONDS):
                message = await self._receive()
        except TimeoutError:
            raise BodyTooSlow("The request did not arrive in time.") from None
        if message["type"] == "http.disconnect":
            # Half a request is none, even where its half would make sense.
            raise ClientDisconnect
        self._is_read = not message.get("more_body", False)
        self._size += len(message.get("body", b""))
        if self._size > self._most_bytes:
            raise too_large(self._most_bytes)
        return message

    async def send(self, message: Message) -> None:
        """Pass an answer on; one that comes before its question has ended is the last of its connection."""
        if self._is_read:
            await self._send(message)
        elif message["type"] == "http.response.start":
            MutableHeaders(scope=message)["connection"] = "close"
            await self._send(message)
        else:
            last = not message.get("more_body", False)
            await self._send({**message, "more_body": True})
            if last:
                await linger(self._receive, _LINGER_BYTES)
                await self._send({"type": "http.response.body", "body": b""})
