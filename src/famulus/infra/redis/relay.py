"""Word between processes over Redis Streams: one for announcements, and one for each channel that is shown.

Nothing here waits for Redis but the two tasks that speak to it. What cannot be said is dropped, and what is kept on the
server is a few moments of each stream, which may vanish at any time.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import redis.asyncio as asyncredis
import structlog
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.maint_notifications import MaintNotificationsConfig

from famulus.infra.relay import Relay, Take
from famulus.kit.errors import Unavailable
from famulus.kit.ids import new_id

_KEPT_MESSAGES = 100
_KEPT_NEWS = 1_000
_KEPT_SECONDS = 300
# A process that hears its own word again after this long, written and read by the server, knows that others do too.
_BEAT_SECONDS = 0.5
_SILENT_SECONDS = 1.5
_ANSWER_SECONDS = 1.0
_WAIT_SECONDS = 0.5
# So many messages are worth one question.
_GATHER_SECONDS = 0.01
_MOST_ANNOUNCEMENTS = 10_000
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 2.0
_FAILURES = (RedisError, OSError, TimeoutError)
_logger = structlog.get_logger()


class RedisRelay(Relay):
    """Carries word over a Redis server (6.2 or newer), under `namespace`."""

    def __init__(self, url: str, *, namespace: str = "famulus", kept_messages: int = _KEPT_MESSAGES) -> None:
        super().__init__()
        self._kept_messages = kept_messages
        self._name = new_id("relay")
        self._prefix = f"{namespace}:shown:"
        self._news = f"{namespace}:news"
        # A stream of this process alone, which wakes its own question.
        self._bell = f"{namespace}:bell:{self._name}"
        self._speaker = _client(url, timeout_seconds=_ANSWER_SECONDS)
        self._hearer = _client(url, timeout_seconds=_WAIT_SECONDS + _ANSWER_SECONDS)
        self._take: Take = list
        self._announced: dict[tuple[str, str], None] = {}
        self._watched: dict[str, Callable[[bytes], None]] = {}
        self._positions: dict[str, str] = {}
        self._wanted = asyncio.Event()
        self._speaks = False
        self._heard_at = 0.0
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def is_live(self) -> bool:
        return time.monotonic() - self._heard_at < _SILENT_SECONDS

    @property
    def takes(self) -> bool:
        return self._speaks

    def start(self) -> None:
        self._tasks = [
            asyncio.create_task(_again_and_again(self._speak_on)),
            asyncio.create_task(_again_and_again(self._hear_on)),
            asyncio.create_task(self._beat_forever()),
        ]

    async def stop(self) -> None:
        if self._speaks:
            # The last word of a process is often that its work is free to be taken.
            with contextlib.suppress(*_FAILURES):
                await self._speak()
        while any(not task.done() for task in self._tasks):
            # The wait_for of Python 3.11, which redis-py sends with, forgets a cancellation that comes as it ends.
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks, timeout=_BEAT_SECONDS)
        for client in (self._speaker, self._hearer):
            with contextlib.suppress(*_FAILURES):
                await client.aclose()

    async def ping(self) -> None:
        try:
            await self._speaker.ping()
        except _FAILURES as error:
            raise Unavailable(f"Redis cannot be reached: {error or type(error).__name__}.") from error

    def announce(self, topic: str, subject: str = "") -> None:
        super().announce(topic, subject)
        if self._speaks and len(self._announced) < _MOST_ANNOUNCEMENTS:
            self._announced[topic, subject] = None
            self._wanted.set()

    def show_from(self, take: Take) -> None:
        self._take = take

    def show_soon(self) -> None:
        self._wanted.set()

    def watch(self, channel: str, seen: Callable[[bytes], None]) -> None:
        key = self._prefix + channel
        self._watched[key] = seen
        self._positions[key] = "0"
        # The question that is waiting for an answer does not ask for this channel yet.
        self.announce(self._bell)

    def unwatch(self, channel: str) -> None:
        self._watched.pop(self._prefix + channel, None)
        self._positions.pop(self._prefix + channel, None)

    async def _speak_on(self) -> None:
        """Say what there is to be said, for as long as the server listens."""
        try:
            await self._speaker.ping()
            self._speaks = True
            self.announce(self._bell)
            while True:
                await self._wanted.wait()
                self._wanted.clear()
                await self._speak()
        finally:
            self._speaks = False
            self._announced.clear()
            while self._take():
                pass

    async def _speak(self) -> None:
        announced, self._announced = list(self._announced), {}
        shown = self._take()
        if shown:
            self._wanted.set()
        rings = (self._bell, "") in announced
        news = [word for word in announced if word[0] != self._bell]
        async with self._speaker.pipeline(transaction=False) as pipeline:
            for channel, message in shown:
                pipeline.xadd(self._prefix + channel, {b"m": message}, maxlen=self._kept_messages, approximate=True)
                pipeline.expire(self._prefix + channel, _KEPT_SECONDS)
            if news:
                pipeline.xadd(self._news, {b"m": orjson.dumps([self._name, news])}, maxlen=_KEPT_NEWS)
            if rings:
                pipeline.xadd(self._bell, {b"m": b""}, maxlen=1, approximate=False)
                pipeline.expire(self._bell, _KEPT_SECONDS)
            await pipeline.execute()

    async def _beat_forever(self) -> None:
        while True:
            self.announce(self._bell)
            await asyncio.sleep(_BEAT_SECONDS)

    async def _hear_on(self) -> None:
        """Ask for what is said, for as long as the server answers."""
        last = await self._hearer.xrevrange(self._news, count=1)
        self._positions = {self._news: _text(last[0][0]) if last else "0", self._bell: "0"}
        # Whatever a server says that has forgotten everything, it says from its beginning.
        self._positions |= dict.fromkeys(self._watched, "0")
        while True:
            for key, messages in await self._asked():
                for position, fields in messages:
                    if key in self._positions:
                        self._positions[key] = _text(position)
                    try:
                        self._hear(key, fields[b"m"])
                    except Exception:
                        # What another version says, perhaps. Whoever needs to know it looks into the database.
                        _logger.exception("relay.not_understood")
            await asyncio.sleep(_GATHER_SECONDS)

    async def _asked(self) -> list[tuple[str, list[tuple[Any, dict[bytes, bytes]]]]]:
        asked: dict[Any, Any] = dict(self._positions)
        answer: Any = await self._hearer.xread(asked, count=_KEPT_MESSAGES, block=int(_WAIT_SECONDS * 1_000))
        streams = answer.items() if isinstance(answer, dict) else answer or []
        return [(_text(key), messages) for key, messages in streams]

    def _hear(self, key: str, message: bytes) -> None:
        if key == self._bell:
            was_live, self._heard_at = self.is_live, time.monotonic()
            if not was_live:
                _logger.info("relay.live")
        elif key == self._news:
            name, words = orjson.loads(message)
            if name != self._name:
                for topic, subject in words:
                    Relay.announce(self, topic, subject)
        elif seen := self._watched.get(key):
            seen(message)


def make_relay(url: str | None) -> Relay:
    """The side that `url` asks for; without one, the process's own."""
    return RedisRelay(url) if url else Relay()


def _client(url: str, *, timeout_seconds: float) -> asyncredis.Redis:
    return asyncredis.Redis.from_url(
        url,
        socket_timeout=timeout_seconds,
        socket_connect_timeout=_ANSWER_SECONDS,
        # What fails is begun again here, and not by the client.
        retry=Retry(NoBackoff(), 0),
        max_connections=4,
        maint_notifications_config=MaintNotificationsConfig(enabled=False),
    )


async def _again_and_again(task: Callable[[], Awaitable[None]]) -> None:
    """Begin anew whenever the server cannot be spoken to, after a pause that grows and is forgotten."""
    pause = _FIRST_PAUSE_SECONDS
    while True:
        began = time.monotonic()
        try:
            await task()
        except _FAILURES as error:
            if time.monotonic() - began > _LONGEST_PAUSE_SECONDS:
                pause = _FIRST_PAUSE_SECONDS
            _logger.warning("relay.broken", reason=type(error).__name__, pause_seconds=pause)
        except Exception:
            _logger.exception("relay.confused", pause_seconds=pause)
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)


def _text(key: Any) -> str:
    return key.decode() if isinstance(key, bytes) else str(key)
