"""Redis on a server, shared by every process that names the same one."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, cast

import redis.asyncio as asyncredis
from redis.asyncio.connection import parse_url
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import ConnectionError as LineLost
from redis.exceptions import DataError, NoScriptError, RedisError
from redis.maint_notifications import MaintNotificationsConfig

from famulus.infra.redis import scripts
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
from famulus.kit.errors import Unavailable
from famulus.kit.ids import new_id

log = logging.getLogger(__name__)

_CONNECTIONS = 32
_WAITING_CONNECTIONS = 1_024
_SCAN_COUNT = 500


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1_000))


def _literal(text: str) -> str:
    """`text` as a pattern that nothing else matches."""
    return "".join(f"\\{letter}" if letter in "*?[]\\" else letter for letter in text)


@contextmanager
def _at_the_edge() -> Iterator[None]:
    """Where the server's failures become ours, and no cancellation is lost."""
    task = asyncio.current_task()
    cancelled_before = task.cancelling() if task is not None else 0
    try:
        yield
    except DataError:
        # An argument that is no text or number is the caller's mistake, not the server's.
        raise
    except (RedisError, OSError) as error:
        log.warning("redis.unavailable", extra={"reason": repr(error)})
        raise Unavailable("The shared store cannot be reached.") from error
    # The wait_for of Python 3.11, which redis-py sends with, forgets a cancellation that comes as it ends.
    if task is not None and task.cancelling() > cancelled_before:
        raise asyncio.CancelledError


@dataclass(frozen=True)
class _Clients:
    """The connections of one event loop; waiting consumers have their own, and starve nobody."""

    commands: asyncredis.Redis
    waits: asyncredis.Redis

    async def close(self) -> None:
        await self.commands.aclose()
        await self.waits.aclose()


class RedisServer(Redis):
    """Everything on a Redis server (6.2 or newer), under `namespace`.

    Every event loop gets connections of its own at its first use, so one instance serves all threads, and the
    child of a fork never speaks over its parent's sockets. A server that does not answer within
    `timeout_seconds` is `Unavailable`; a line that was lost is tried anew once, at every call.
    """

    def __init__(
        self,
        url: str,
        *,
        namespace: str = "famulus",
        max_deliveries: int = 5,
        lease_seconds: float = 5.0,
        timeout_seconds: float = 2.0,
    ) -> None:
        super().__init__(max_deliveries=max_deliveries, lease_seconds=lease_seconds)
        parse_url(url)
        self._url = url
        self._namespace = namespace
        self._timeout_seconds = positive(timeout_seconds, "timeout_seconds")
        self._clients: dict[asyncio.AbstractEventLoop, _Clients] = {}
        self._inherited: list[object] = []
        self._process = os.getpid()

    def client(self) -> asyncredis.Redis:
        """The redis-py client of the running event loop, for what this contract has no word for."""
        return self._of_this_loop().commands

    async def ping(self) -> None:
        with _at_the_edge():
            await self.client().ping()

    async def close(self) -> None:
        """Close the connections of this event loop and of every other that still runs."""
        here = asyncio.get_running_loop()
        self._leave_the_parents_alone()
        await asyncio.gather(*(one for one in list(self._settling) if one.get_loop() is here), return_exceptions=True)
        opened, self._clients = self._clients, {}
        for loop, clients in opened.items():
            with suppress(RedisError, OSError):
                if loop is here:
                    await clients.close()
                elif loop.is_running():
                    await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(clients.close(), loop))

    def _of_this_loop(self) -> _Clients:
        self._leave_the_parents_alone()
        loop = asyncio.get_running_loop()
        clients = self._clients.get(loop)
        if clients is None:
            for ended in [one for one in list(self._clients) if one.is_closed()]:
                self._clients.pop(ended, None)
            clients = self._clients[loop] = self._open()
        return clients

    def _leave_the_parents_alone(self) -> None:
        if self._process != os.getpid():
            # Kept, not dropped: collecting them would close sockets in the parent's event loop.
            self._inherited.append(self._clients)
            self._clients, self._process = {}, os.getpid()

    def _open(self) -> _Clients:
        options: dict[str, Any] = {
            "socket_timeout": self._timeout_seconds,
            "socket_connect_timeout": self._timeout_seconds,
            # One more try for a line that was lost; a server too slow to answer is not asked again.
            "retry": Retry(ExponentialWithJitterBackoff(base=0.02, cap=0.2), 1, supported_errors=(LineLost,)),
            # Switched on, they make the pool hand out connections without a look whether they are alive.
            "maint_notifications_config": MaintNotificationsConfig(enabled=False),
        }
        commands = asyncredis.BlockingConnectionPool.from_url(
            self._url, max_connections=_CONNECTIONS, timeout=self._timeout_seconds, **options
        )
        waits = asyncredis.ConnectionPool.from_url(self._url, max_connections=_WAITING_CONNECTIONS, **options)
        return _Clients(asyncredis.Redis.from_pool(commands), asyncredis.Redis.from_pool(waits))

    async def _run(self, script: scripts.Script, keys: list[str], *arguments: str | bytes | int) -> Any:
        with _at_the_edge():
            client = self.client()
            try:
                return await client.evalsha(script.sha, len(keys), *keys, *arguments)
            except NoScriptError:
                return await client.eval(script.text, len(keys), *keys, *arguments)

    def _cache_keys(self, key: str) -> list[str]:
        return [f"{self._namespace}:cache:{key}", f"{self._namespace}:lease:{key}"]

    def _queue_keys(self, queue: str) -> list[str]:
        parts = "due", "payloads", "deliveries", "dead", "bell"
        return [f"{self._namespace}:queue:{queue}:{part}" for part in parts]

    async def delete(self, *keys: str) -> None:
        if keys:
            with _at_the_edge():
                both = [each for key in keys for each in self._cache_keys(key)]
                await self.client().unlink(*both)

    async def delete_prefix(self, prefix: str) -> None:
        # Leases first: what a load stores before its lease is broken is there when the values' turn comes.
        with _at_the_edge():
            for start in reversed(self._cache_keys(prefix)):
                async for batch in self._scan(start):
                    await self.client().unlink(*batch)

    async def _scan(self, start: str) -> AsyncIterator[list[bytes | str]]:
        cursor = 0
        while True:
            cursor, batch = await self.client().scan(cursor, match=_literal(start) + "*", count=_SCAN_COUNT)
            if batch:
                yield batch
            if not cursor:
                return

    async def _get(self, key: str) -> bytes | None:
        with _at_the_edge():
            # Its type allows for text, which a client that decodes would give.
            return cast("bytes | None", await self.client().get(self._cache_keys(key)[0]))

    async def _set(self, key: str, raw: bytes, ttl_seconds: float) -> None:
        await self._run(scripts.SET, self._cache_keys(key), raw, _milliseconds(ttl_seconds))

    async def _ticket(self, key: str, lease_seconds: float) -> Ticket:
        raw = await self._get(key)
        if raw is not None:
            return Ticket(raw)
        token = new_id("lease")
        kind, found = await self._run(scripts.TICKET, self._cache_keys(key), token, _milliseconds(lease_seconds))
        if kind == b"value":
            return Ticket(found)
        # A question repeated over a lost line finds the lease it has already taken.
        return Ticket(token=found.decode(), is_mine=found.decode() == token)

    async def _settle(self, key: str, token: str, raw: bytes, ttl_seconds: float) -> None:
        ttl = _milliseconds(ttl_seconds) if ttl_seconds > 0 else 0
        await self._run(scripts.SETTLE, self._cache_keys(key), token, raw, ttl)

    async def hit(self, key: str, window_seconds: float) -> Window:
        window = _milliseconds(positive(window_seconds, "window_seconds"))
        count, left = await self._run(scripts.HIT, [f"{self._namespace}:hits:{key}"], window)
        return Window(count, left / 1_000)

    async def _push(self, queue: str, raw: bytes) -> str:
        message_id = new_id("item")
        await self._run(scripts.PUSH, self._queue_keys(queue), message_id, raw)
        return message_id

    async def _claim(self, queue: str, visibility_seconds: float) -> Delivery | NothingDue:
        limits = _milliseconds(visibility_seconds), self.max_deliveries, DEAD_KEPT
        match await self._run(scripts.CLAIM, self._queue_keys(queue), *limits):
            case [message_id, payload, attempt]:
                return Delivery(queue, message_id.decode(), decode(payload), attempt)
            case [milliseconds]:
                return NothingDue(milliseconds / 1_000)
            case _:
                return NothingDue()

    async def _await_bell(self, queue: str, seconds: float) -> None:
        # Well within the time after which a silent server counts as down.
        wait = min(seconds, self._timeout_seconds / 2)
        with _at_the_edge():
            bell = self._queue_keys(queue)[-1]
            await self._of_this_loop().waits.blpop([bell], wait)

    async def ack(self, delivery: Delivery) -> bool:
        keys = self._queue_keys(delivery.queue)
        return bool(await self._run(scripts.ACK, keys, delivery.id, delivery.attempt))

    async def nack(self, delivery: Delivery, delay: float = 0) -> bool:
        keys, limits = self._queue_keys(delivery.queue), (self.max_deliveries, DEAD_KEPT)
        found = await self._run(scripts.NACK, keys, delivery.id, delivery.attempt, round(delay * 1_000), *limits)
        return bool(found)

    async def dead(self, queue: str, limit: int = 100) -> list[DeadLetter]:
        found = await self._run(scripts.DEAD, self._queue_keys(queue), limit)
        return [DeadLetter(id_.decode(), decode(payload), made) for id_, payload, made in found]
