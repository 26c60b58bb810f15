"""Server-sent events: frames, and a response that follows a stream (WHATWG HTML, section 9.2)."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, aclosing
from typing import Any

import orjson
import structlog
from starlette.types import Receive, Scope, Send

from famulus.kit.errors import Gone, Unavailable
from famulus.streams.store import END, Entry

Render = Callable[[Entry], bytes]
"""An entry as the bytes of one frame."""

_logger = structlog.get_logger()
_PRELUDE = b": welcome\nretry: 5000\n\n"
_HEARTBEAT = b": heartbeat\n\n"
_MOST_BYTES_AT_ONCE = 65_536
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
]


def frame(event: str, data: Any, *, cursor: str | None = None) -> bytes:
    """One event; `data` is anything JSON has a word for."""
    head = f"event: {event}\n" if cursor is None else f"event: {event}\nid: {cursor}\n"
    return b"%bdata: %b\n\n" % (head.encode(), orjson.dumps(data))


class EventStream:
    """An ASGI response that sends what a follower yields, for as long as its client takes it."""

    def __init__(
        self,
        entries: AsyncGenerator[Sequence[Entry], None],
        render: Render,
        *,
        opening: Sequence[bytes] = (),
        may_go_on: Callable[[], Awaitable[bool]],
        seat: AbstractContextManager[None],
        max_seconds: float = 3_600,
        stall_seconds: float = 30,
    ) -> None:
        self._entries = entries
        self._render = render
        self._opening = opening
        self._may_go_on = may_go_on
        self._seat = seat
        self._max_seconds = max_seconds
        self._stall_seconds = stall_seconds
        self._sending_since: float | None = None

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the stream ends, the client goes, takes too long, or is not welcome any more."""
        with self._seat:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            following = asyncio.create_task(self._follow(send))
            leaving = asyncio.create_task(_left(receive))
            try:
                too_slow = await self._watch(following, leaving)
            finally:
                for task in (following, leaving):
                    task.cancel()
                await asyncio.wait({following, leaving})
            # A client that takes nothing gets no end either: what it has, and where, tells it to resume.
            if not too_slow and leaving.cancelled():
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        if not following.cancelled() and (error := following.exception()):
            raise error

    async def _watch(self, following: asyncio.Task[None], leaving: asyncio.Task[None]) -> bool:
        """Wait for either to end, or for time to be up; whether the client has stopped taking bytes."""
        now = asyncio.get_running_loop().time
        until = now() + self._max_seconds
        while (left := until - now()) > 0:
            done, _ = await asyncio.wait(
                {following, leaving},
                timeout=min(left, self._stall_seconds / 2),
                return_when=asyncio.FIRST_COMPLETED,
            )
            if done:
                return False
            if self._sending_since is not None and now() - self._sending_since > self._stall_seconds:
                return True
        return False

    async def _follow(self, send: Send) -> None:
        clock = asyncio.get_running_loop().time

        async def give(body: bytes) -> None:
            self._sending_since = clock()
            await send({"type": "http.response.body", "body": body, "more_body": True})
            self._sending_since = None

        await give(b"".join([_PRELUDE, *self._opening]))
        try:
            async with aclosing(self._entries) as batches:
                async for batch in batches:
                    if batch:
                        for body in _bodies([self._render(entry) for entry in batch]):
                            await give(body)
                    elif await self._may_go_on():
                        await give(_HEARTBEAT)
                    else:
                        return
        except Unavailable as error:
            # Its client goes on from where it is as soon as it can.
            _logger.warning("stream.broken_off", code=error.code, **error.for_logs)
        except Gone as gone:
            await give(frame("error", {"error": {"code": gone.code, "message": gone.message}}))
            await give(frame(END, {"status": gone.code}))


def _bodies(frames: list[bytes]) -> list[bytes]:
    """The frames in as few pieces as fit the most that may lie in memory for one client."""
    if sum(map(len, frames)) <= _MOST_BYTES_AT_ONCE:
        return [b"".join(frames)]
    return frames


async def _left(receive: Receive) -> None:
    """Return when the client has closed its connection."""
    while (await receive())["type"] != "http.disconnect":
        pass
