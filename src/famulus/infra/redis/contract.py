"""What may be done with Redis, whichever side it is done on."""

import asyncio
import json
import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from famulus.kit.errors import Unavailable

log = logging.getLogger(__name__)

DEAD_KEPT = 1_000
"""How many dead letters a queue keeps; the oldest go first."""

_LEASE_SECONDS = 5.0
_FIRST_POLL_SECONDS = 0.01
_LONGEST_POLL_SECONDS = 0.1
# A bell can be lost with the consumer that heard it: the others look again after this long.
_LONGEST_WAIT_SECONDS = 1.0

Load = Callable[[], Awaitable[Any]]


class Window(NamedTuple):
    """What a counter says after one more hit."""

    hits: int
    seconds_until_reset: float


@dataclass(frozen=True)
class Delivery:
    """A message in the hands of one consumer, until its visibility time is over."""

    queue: str
    id: str
    payload: Any
    attempt: int
    """1 for the first delivery. It also tells this delivery from the ones before and after it."""


@dataclass(frozen=True)
class DeadLetter:
    """A message nobody could handle."""

    id: str
    payload: Any
    deliveries: int


@dataclass(frozen=True)
class Ticket:
    """What a reader of the cache is told: the value, or who is loading it."""

    raw: bytes | None = None
    token: str = ""
    is_mine: bool = False


@dataclass(frozen=True)
class NothingDue:
    """No message can be had now; the next one in `seconds`, if any is known of."""

    seconds: float = _LONGEST_WAIT_SECONDS


@dataclass
class _Flight:
    """A load others in this event loop may wait for. If it lands with nothing, they try again."""

    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    landed: asyncio.Event = field(default_factory=asyncio.Event)
    raw: bytes | None = None
    error: Exception | None = None


def encode(value: object) -> bytes:
    """JSON of `value`; datetimes and UUIDs become ISO text. Anything that JSON cannot say is a TypeError."""
    try:
        raw = orjson.dumps(value)
        # orjson writes NaN and the infinities as null, which would come back as another value.
        if b"null" in raw:
            json.dumps(value, default=str, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise TypeError(f"This value cannot be kept as JSON: {error}") from error
    return raw


def decode(raw: bytes) -> Any:
    """The value that `encode` wrote."""
    return orjson.loads(raw)


def positive(seconds: float, name: str) -> float:
    """`seconds`, or a ValueError when it is no time at all."""
    if seconds > 0:
        return seconds
    raise ValueError(f"{name} must be greater than zero.")


class Redis(ABC):
    """Cache, counters and a reliable queue. Values are JSON; a store that is down is `Unavailable`.

    **Cache.** A reader who misses takes a lease on the key, loads, and may store what it loaded only while
    that lease stands. Writing or deleting a key breaks its lease, so a load that began before a write can
    never put the old value back. The lease also lets one reader load while the others wait, here and in other
    processes.

    **Queue.** Delivery is at least once, and first in, first out. A message not acknowledged within its
    visibility time goes to another consumer; after `max_deliveries` it becomes a dead letter, when somebody
    next pops.
    """

    def __init__(self, *, max_deliveries: int = 5, lease_seconds: float = _LEASE_SECONDS) -> None:
        if max_deliveries < 1:
            raise ValueError("max_deliveries must be at least 1.")
        self.max_deliveries = max_deliveries
        self._lease_seconds = positive(lease_seconds, "lease_seconds")
        self._flights: dict[str, _Flight] = {}
        self._settling: set[asyncio.Task[None]] = set()

    @abstractmethod
    async def ping(self) -> None:
        """Raise `Unavailable` when the store does not answer."""

    @abstractmethod
    async def close(self) -> None:
        """Let go of everything; using it again opens it again."""

    async def get_json(self, key: str) -> Any:
        """The value of `key`, or None: also when None is what is cached."""
        raw = await self._get(key)
        return None if raw is None else decode(raw)

    async def set_json(self, key: str, value: object, ttl_seconds: float) -> None:
        """Keep `value` for `ttl_seconds`, over whatever a load in flight may bring."""
        await self._set(key, encode(value), positive(ttl_seconds, "ttl_seconds"))

    @abstractmethod
    async def delete(self, *keys: str) -> None:
        """Forget `keys`, also what a load in flight may bring. Call it after the write is committed.

        When it raises `Unavailable`, an old value may be read until its time is over: so keep times short.
        """

    @abstractmethod
    async def delete_prefix(self, prefix: str) -> None:
        """`delete` every key that begins with `prefix`, to the letter."""

    async def get_or_load(self, key: str, load: Load, ttl_seconds: float, negative_ttl_seconds: float = 0) -> Any:
        """The cached value, or what `load` brings, as JSON has it.

        A loaded None is cached for `negative_ttl_seconds`, and not at all by default. One reader loads at a
        time; those who wait share its value or its error. A load slower than the lease (5 s) is answered but
        not cached. While the store is down every reader loads: a slow answer is worth more than none.
        """
        positive(ttl_seconds, "ttl_seconds")
        pause = _FIRST_POLL_SECONDS
        while True:
            try:
                ticket = await self._ticket(key, self._lease_seconds)
            except Unavailable:
                log.warning("cache.unavailable", extra={"cache_key": key})
                return decode(encode(await load()))
            if ticket.raw is not None:
                return decode(ticket.raw)
            if ticket.is_mine:
                return decode(await self._fly(key, ticket.token, load, (ttl_seconds, negative_ttl_seconds)))
            flight = self._flights.get(ticket.token)
            if flight is None or flight.loop is not asyncio.get_running_loop():
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_POLL_SECONDS)
                continue
            await flight.landed.wait()
            if flight.error is not None:
                raise flight.error
            if flight.raw is not None:
                return decode(flight.raw)

    async def _fly(self, key: str, token: str, load: Load, ttls: tuple[float, float]) -> bytes:
        """Load as the one reader who holds the lease, and give it back whatever happens."""
        flight = self._flights[token] = _Flight()
        positive_ttl, negative_ttl = ttls
        ttl_seconds = 0.0
        try:
            value = await load()
            flight.raw = encode(value)
            ttl_seconds = negative_ttl if value is None else positive_ttl
        except Exception as error:
            flight.error = error
            raise
        finally:
            # In a task of its own: a cancelled reader must not leave the others waiting for its lease to end.
            settling = asyncio.create_task(self._settle_quietly(key, token, flight.raw or b"", ttl_seconds))
            self._settling.add(settling)
            settling.add_done_callback(self._settling.discard)
            settling.add_done_callback(lambda _: self._land(token))
            await asyncio.shield(settling)
        return flight.raw

    def _land(self, token: str) -> None:
        self._flights.pop(token).landed.set()

    async def _settle_quietly(self, key: str, token: str, raw: bytes, ttl_seconds: float) -> None:
        try:
            await self._settle(key, token, raw, ttl_seconds)
        except Unavailable:
            log.warning("cache.unavailable", extra={"cache_key": key})

    @abstractmethod
    async def hit(self, key: str, window_seconds: float) -> Window:
        """Count one hit in the window that began with the first of them, atomically.

        A hit whose answer was lost on the way is repeated, and may count twice: a limit errs on the strict
        side.
        """

    async def push(self, queue: str, payload: object) -> str:
        """Add a message at the end of `queue`, and tell its id."""
        return await self._push(queue, encode(payload))

    async def pop(self, queue: str, visibility_seconds: float, wait_seconds: float = 0) -> Delivery | None:
        """The first message due, to be acknowledged within `visibility_seconds`; waits for one if told to."""
        positive(visibility_seconds, "visibility_seconds")
        now = asyncio.get_running_loop().time
        deadline = now() + wait_seconds
        while True:
            found = await self._claim(queue, visibility_seconds)
            if isinstance(found, Delivery):
                return found
            remaining = deadline - now()
            if remaining <= 0:
                return None
            wait = min(remaining, found.seconds, _LONGEST_WAIT_SECONDS)
            await self._await_bell(queue, max(wait, _FIRST_POLL_SECONDS))

    @abstractmethod
    async def ack(self, delivery: Delivery) -> bool:
        """The message is done with. False when it has meanwhile gone to somebody else, or was given back."""

    @abstractmethod
    async def nack(self, delivery: Delivery, delay: float = 0) -> bool:
        """Give the message back, due again in `delay` seconds; after its last delivery it is dead.

        False in the same cases as `ack`.
        """

    @abstractmethod
    async def dead(self, queue: str, limit: int = 100) -> list[DeadLetter]:
        """Dead letters, newest first."""

    @abstractmethod
    async def _get(self, key: str) -> bytes | None: ...

    @abstractmethod
    async def _set(self, key: str, raw: bytes, ttl_seconds: float) -> None:
        """Store a value and break the lease on its key."""

    @abstractmethod
    async def _ticket(self, key: str, lease_seconds: float) -> Ticket:
        """The value, or else a new lease, or else the token of the one who holds it."""

    @abstractmethod
    async def _settle(self, key: str, token: str, raw: bytes, ttl_seconds: float) -> None:
        """End the lease if it still stands, and then store a value whose time is above zero."""

    @abstractmethod
    async def _push(self, queue: str, raw: bytes) -> str: ...

    @abstractmethod
    async def _claim(self, queue: str, visibility_seconds: float) -> Delivery | NothingDue: ...

    @abstractmethod
    async def _await_bell(self, queue: str, seconds: float) -> None:
        """Wait until somebody may have pushed, at most so long."""
