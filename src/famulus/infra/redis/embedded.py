"""Redis without a server: for one process, in its memory."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Generic, TypeVar

from famulus.infra.redis.contract import (
    DEAD_KEPT,
    DeadLetter,
    Delivery,
    NothingDue,
    Redis,
    Ticket,
    Window,
    decode,
    positive,
)
from famulus.kit.ids import new_id

T = TypeVar("T")

_FIRST_SWEEP = 1_024


class _Expiring(Generic[T]):
    """A mapping whose entries end; those nobody asks for again are swept whenever it has doubled."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._entries: dict[str, tuple[float, T]] = {}
        self._next_sweep = _FIRST_SWEEP

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: str) -> T | None:
        found = self._entries.get(key)
        return None if found is None or found[0] <= self._seconds() else found[1]

    def seconds_left(self, key: str) -> float:
        return self._entries[key][0] - self._seconds()

    def set(self, key: str, value: T, ttl_seconds: float) -> None:
        now = self._seconds()
        if len(self._entries) >= self._next_sweep:
            self._entries = {key: entry for key, entry in self._entries.items() if entry[0] > now}
            self._next_sweep = max(_FIRST_SWEEP, 2 * len(self._entries))
        self._entries[key] = now + ttl_seconds, value

    def change(self, key: str, value: T) -> None:
        """Another value, which ends when the one before would have."""
        self._entries[key] = self._entries[key][0], value

    def delete(self, key: str) -> None:
        self._entries.pop(key, None)

    def delete_prefix(self, prefix: str) -> None:
        self._entries = {key: entry for key, entry in self._entries.items() if not key.startswith(prefix)}


@dataclass
class _Message:
    id: str
    raw: bytes
    due: float
    deliveries: int = 0
    held_by: int = 0
    """The attempt that may still acknowledge it; 0 when it was given back."""


@dataclass
class _Queue:
    messages: dict[str, _Message] = field(default_factory=dict)
    line: list[tuple[float, str]] = field(default_factory=list)
    """A heap by due time. Entries that fit their message no more are passed over, and swept at times."""
    dead: dict[str, _Message] = field(default_factory=dict)
    bell: bool = False
    waiting: deque[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = field(default_factory=deque)

    def put(self, message: _Message, due: float) -> None:
        """Into the line, or to another place in it."""
        message.due = due
        self.messages[message.id] = message
        heappush(self.line, (due, message.id))
        if len(self.line) > 2 * len(self.messages) + _FIRST_SWEEP:
            self.line = sorted((one.due, one.id) for one in self.messages.values())

    def first(self) -> _Message | None:
        while self.line:
            due, id_ = self.line[0]
            message = self.messages.get(id_)
            if message is not None and message.due == due:
                return message
            heappop(self.line)
        return None

    def ring(self) -> None:
        """Wake one consumer; with nobody waiting, whoever comes next looks once more."""
        while self.waiting:
            loop, heard = self.waiting.popleft()
            # The loop of a consumer in another thread may be closed by now.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(heard.set)
                return
        self.bell = True

    def bury(self, message: _Message) -> None:
        del self.messages[message.id]
        self.dead[message.id] = message
        while len(self.dead) > DEAD_KEPT:
            del self.dead[next(iter(self.dead))]


class EmbeddedRedis(Redis):
    """Everything in this process, for any of its threads and event loops; `seconds` is its clock."""

    def __init__(
        self,
        *,
        seconds: Callable[[], float] = time.monotonic,
        max_deliveries: int = 5,
        lease_seconds: float = 5.0,
    ) -> None:
        super().__init__(max_deliveries=max_deliveries, lease_seconds=lease_seconds)
        self._seconds = seconds
        self._lock = threading.Lock()
        self._empty()

    def _empty(self) -> None:
        self._values = _Expiring[bytes](self._seconds)
        self._leases = _Expiring[str](self._seconds)
        self._counters = _Expiring[int](self._seconds)
        self._queues: dict[str, _Queue] = {}

    async def ping(self) -> None:
        """Always there."""

    async def close(self) -> None:
        with self._lock:
            self._empty()

    async def delete(self, *keys: str) -> None:
        with self._lock:
            for key in keys:
                self._leases.delete(key)
                self._values.delete(key)

    async def delete_prefix(self, prefix: str) -> None:
        with self._lock:
            self._leases.delete_prefix(prefix)
            self._values.delete_prefix(prefix)

    async def _get(self, key: str) -> bytes | None:
        with self._lock:
            return self._values.get(key)

    async def _set(self, key: str, raw: bytes, ttl_seconds: float) -> None:
        with self._lock:
            self._leases.delete(key)
            self._values.set(key, raw, ttl_seconds)

    async def _ticket(self, key: str, lease_seconds: float) -> Ticket:
        with self._lock:
            raw = self._values.get(key)
            if raw is not None:
                return Ticket(raw)
            token = self._leases.get(key)
            if token is not None:
                return Ticket(token=token)
            token = new_id("lease")
            self._leases.set(key, token, lease_seconds)
            return Ticket(token=token, is_mine=True)

    async def _settle(self, key: str, token: str, raw: bytes, ttl_seconds: float) -> None:
        with self._lock:
            if self._leases.get(key) != token:
                return
            self._leases.delete(key)
            if ttl_seconds > 0:
                self._values.set(key, raw, ttl_seconds)

    async def hit(self, key: str, window_seconds: float) -> Window:
        positive(window_seconds, "window_seconds")
        with self._lock:
            count = self._counters.get(key)
            if count is None:
                self._counters.set(key, 1, window_seconds)
                return Window(1, window_seconds)
            self._counters.change(key, count + 1)
            return Window(count + 1, self._counters.seconds_left(key))

    async def _push(self, queue: str, raw: bytes) -> str:
        message = _Message(new_id("item"), raw, due=self._seconds())
        with self._lock:
            its_queue = self._queue(queue)
            its_queue.put(message, message.due)
            its_queue.ring()
        return message.id

    async def _claim(self, queue: str, visibility_seconds: float) -> Delivery | NothingDue:
        with self._lock:
            its_queue, now = self._queue(queue), self._seconds()
            while (message := its_queue.first()) is not None:
                if message.due > now:
                    return NothingDue(message.due - now)
                if message.deliveries >= self.max_deliveries:
                    its_queue.bury(message)
                    continue
                message.deliveries += 1
                message.held_by = message.deliveries
                its_queue.put(message, now + visibility_seconds)
                return Delivery(queue, message.id, decode(message.raw), message.deliveries)
        return NothingDue()

    async def _await_bell(self, queue: str, seconds: float) -> None:
        place = asyncio.get_running_loop(), asyncio.Event()
        with self._lock:
            its_queue = self._queue(queue)
            if its_queue.bell:
                its_queue.bell = False
                return
            its_queue.waiting.append(place)
        try:
            async with asyncio.timeout(seconds):
                await place[1].wait()
        except TimeoutError:
            return
        finally:
            with self._lock, suppress(ValueError):
                its_queue.waiting.remove(place)

    async def ack(self, delivery: Delivery) -> bool:
        with self._lock:
            its_queue = self._queue(delivery.queue)
            for where in (its_queue.messages, its_queue.dead):
                message = where.get(delivery.id)
                if message is not None and message.held_by == delivery.attempt:
                    del where[delivery.id]
                    return True
        return False

    async def nack(self, delivery: Delivery, delay: float = 0) -> bool:
        with self._lock:
            its_queue = self._queue(delivery.queue)
            message = its_queue.messages.get(delivery.id)
            if message is None or message.held_by != delivery.attempt:
                return False
            message.held_by = 0
            if message.deliveries >= self.max_deliveries:
                its_queue.bury(message)
            else:
                its_queue.put(message, self._seconds() + delay)
                its_queue.ring()
        return True

    async def dead(self, queue: str, limit: int = 100) -> list[DeadLetter]:
        with self._lock:
            newest = list(reversed(self._queue(queue).dead.values()))[:limit]
        return [DeadLetter(one.id, decode(one.raw), one.deliveries) for one in newest]

    def _queue(self, name: str) -> _Queue:
        return self._queues.setdefault(name, _Queue())
