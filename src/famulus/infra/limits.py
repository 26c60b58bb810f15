"""How often something may be done, by all processes together where there is a Redis server, else by this one.

Asking the server about every request would make every request slower. So a process takes permits a few at a time, a
fiftieth of what there is, and hands them out by itself. What one process has taken and not used by the end of a window
is lost to the others: the limit is never exceeded, and may be reached a little early.
"""

import asyncio
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from famulus.infra.redis import EmbeddedRedis, Redis
from famulus.kit.errors import Unavailable

_logger = structlog.get_logger()
_BATCHES = 50
_MOST_KEYS = 20_000
# A server that does not answer at once is done without for a while: what matters more is that requests are answered.
_PATIENCE_SECONDS = 1.0
_PAUSE_SECONDS = 5.0


@dataclass(slots=True)
class _Held:
    """Permits for one key, or word that there are none."""

    until: float
    left: int
    """Negative where there are none until then."""


class RateLimit:
    """So many within a window that begins with the first, for each key."""

    def __init__(
        self,
        redis: Redis,
        name: str,
        *,
        most: int,
        window_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._redis = redis
        self._alone = EmbeddedRedis()
        self._name = name
        self._window_seconds = window_seconds
        self._batch = max(1, most // _BATCHES)
        self._batches = most // self._batch
        self._clock = clock
        self._held: dict[str, _Held] = {}
        self._taking: dict[str, asyncio.Task[None]] = {}
        self._alone_until = 0.0

    async def admit(self, key: str) -> int:
        """Count one; 0 when it may be done, else the seconds to wait."""
        if not self._batches:
            return 0
        while True:
            now = self._clock()
            held = self._held.get(key)
            if held is None or held.until <= now or held.left == 0:
                await self._taken(key, now)
                continue
            if held.left < 0:
                return max(1, math.ceil(held.until - now))
            held.left -= 1
            return 0

    async def _taken(self, key: str, now: float) -> None:
        """Once the next permits are here, or word that there are none: whoever waits for them asks once, together."""
        taking = self._taking.get(key)
        if taking is None:
            taking = self._taking[key] = asyncio.create_task(self._take(key, now))
            taking.add_done_callback(lambda _: self._taking.pop(key, None))
        await asyncio.shield(taking)

    async def _take(self, key: str, now: float) -> None:
        hits, seconds = await self._hit(f"{self._name}:{key}", now)
        if len(self._held) >= _MOST_KEYS:
            self._held = {name: one for name, one in self._held.items() if one.until > now}
        if len(self._held) >= _MOST_KEYS:
            self._held.clear()
        self._held[key] = _Held(now + seconds, self._batch if hits <= self._batches else -1)

    async def _hit(self, key: str, now: float) -> tuple[int, float]:
        if now >= self._alone_until:
            try:
                async with asyncio.timeout(_PATIENCE_SECONDS):
                    return await self._redis.hit(key, self._window_seconds)
            except (Unavailable, TimeoutError):
                _logger.warning("limits.not_shared")
                self._alone_until = now + _PAUSE_SECONDS
        return await self._alone.hit(key, self._window_seconds)
