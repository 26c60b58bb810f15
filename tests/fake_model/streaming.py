"""How an answer leaves: frames made once, and one timer for every stream."""

import asyncio
import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from tests.fake_model.behaviours import Delta, Fault, Finish, Item, Raw, Script, Wait
from tests.fake_model.wire import Connection, chunk

TICK_SECONDS = 0.002
# A stream without a rate gives way to others after this many tokens.
_AT_A_TIME = 256
_ABOUT = {"id": "chatcmpl-fake", "object": "chat.completion.chunk", "created": 1, "model": "fake"}
SSE_HEADERS = {"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache"}


def _json(value: Any) -> bytes:
    """JSON in UTF-8; what UTF-8 cannot carry is escaped."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


def _event(delta: dict[str, Any], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return b"data: " + _json({**_ABOUT, "choices": [choice]}) + b"\n\n"


def usage_of(prompt_tokens: int, completion_tokens: int) -> dict[str, int]:
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
    }


@lru_cache(maxsize=65536)
def _token_chunk(token: str) -> bytes:
    return chunk(_event({"content": token}))


def _bytes_of(item: Item) -> bytes:
    match item:
        case str():
            return _event({"content": item})
        case Delta(fields):
            return _event(fields)
        case Finish(reason):
            return _event({}, reason)
        case Raw(data):
            return data
        case _:
            raise TypeError(item)


class Wheel:
    """Calls back at given times with one timer for all, to the next tick."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._slots: dict[int, list[Callable[[], None]]] = {}
        self._next_slot = 0
        self._turning = False

    def at(self, due: float, call: Callable[[], None]) -> None:
        if not self._turning:
            self._turning = True
            self._next_slot = int(self._loop.time() / TICK_SECONDS)
            self._loop.call_later(TICK_SECONDS, self._turn)
        slot = max(int(due / TICK_SECONDS) + 1, self._next_slot)
        self._slots.setdefault(slot, []).append(call)

    def _turn(self) -> None:
        now = self._loop.time()
        slot, self._next_slot = self._next_slot, int(now / TICK_SECONDS) + 1
        while slot < self._next_slot:
            for call in self._slots.pop(slot, ()):
                call()
            slot += 1
        if self._slots:
            self._loop.call_later(TICK_SECONDS, self._turn)
        else:
            self._turning = False


class Stream:
    """One streamed answer on its way: pulls items from its script when they are due."""

    def __init__(
        self,
        connection: Connection,
        script: Script,
        *,
        wheel: Wheel,
        usage: Callable[[int], dict[str, int]] | None,
        on_end: Callable[[], None],
        on_lost: Callable[[], None],
    ) -> None:
        self._connection = connection
        self._script = script
        self._items = script.items
        self._wheel = wheel
        self._usage = usage
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._interval = 1 / script.rate if script.rate else 0
        self._due = self._loop.time()
        self._begun = False
        self._over = False
        self.sent = 0
        connection.on_lost = self._lost
        connection.on_drained = self.pump
        self._tell_lost = on_lost

    def start(self) -> None:
        if not self._script.silent_until_first:
            self._begin()
        self.pump()

    def pump(self) -> None:
        """Send what is due; come back for the rest."""
        if self._over or self._connection.paused:
            return
        if self._script.bytewise:
            self._send_byte(b"".join(map(self._plain, self._items)), at=0)
            return
        ready: list[bytes] = []
        now = self._loop.time()
        for _ in range(_AT_A_TIME):
            item = next(self._items, None)
            if item is None or isinstance(item, Fault):
                self._flush(ready)
                self._stop(item)
                return
            if isinstance(item, Wait):
                self._flush(ready)
                self._due = now + item.seconds
                self._wheel.at(self._due, self.pump)
                return
            ready.append(self._wire(item))
            if self._interval:
                self._due += self._interval
                if self._due > now:
                    self._flush(ready)
                    self._wheel.at(self._due, self.pump)
                    return
        self._flush(ready)
        self._loop.call_soon(self.pump)

    def _wire(self, item: str | Delta | Finish | Raw) -> bytes:
        """The item as a chunk; a token is counted and comes ready-made."""
        if isinstance(item, str):
            self.sent += 1
            if not self._script.crlf:
                return _token_chunk(item)
        return chunk(self._plain(item))

    def _plain(self, item: Item) -> bytes:
        data = _bytes_of(item)
        return data.replace(b"\n", b"\r\n") if self._script.crlf else data

    def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            self._connection.begin(200, SSE_HEADERS)

    def _flush(self, ready: list[bytes]) -> None:
        if ready:
            self._begin()
            self._connection.write(b"".join(ready))

    def _send_byte(self, events: bytes, at: int) -> None:
        """Send each byte as a chunk and a write of its own."""
        if self._over:
            return
        if at == len(events):
            self._stop(None)
            return
        self._connection.write(chunk(events[at : at + 1]))
        self._loop.call_soon(self._send_byte, events, at + 1)

    def _stop(self, fault: Fault | None) -> None:
        if fault is Fault.HANG:
            return
        self._over = True
        if fault is Fault.RESET:
            self._on_end()
            self._connection.reset()
            return
        self._begin()
        if fault is None:
            newline = b"\r\n" if self._script.crlf else b"\n"
            if self._usage:
                about = {**_ABOUT, "choices": [], "usage": self._usage(self.sent)}
                self._connection.write(chunk(b"data: " + _json(about) + newline * 2))
            if self._script.done:
                self._connection.write(chunk(b"data: [DONE]" + newline * 2))
        self._on_end()
        self._connection.end()

    def abandon(self) -> None:
        """Hang up, and tell nobody."""
        self._over = True
        self._connection.on_lost = None
        self._connection.close()

    def _lost(self) -> None:
        if not self._over:
            self._over = True
            self._tell_lost()
