"""How often something may be tried."""

import math
from collections import deque
from datetime import datetime, timedelta

from famulus.kit.clock import Clock, utc_now

_WINDOW = timedelta(minutes=1)
_MOST_KEYS = 10_000


class SlidingLimit:
    """Counts the attempts of the last minute by key, in this process."""

    def __init__(self, per_minute: int, *, now: Clock = utc_now) -> None:
        self._per_minute = per_minute
        self._now = now
        self._attempts: dict[str, deque[datetime]] = {}

    def hit(self, key: str) -> int:
        """Count one attempt; 0 when it may be made, else the seconds to wait, and then it does not count."""
        now = self._now()
        if len(self._attempts) >= _MOST_KEYS:
            self._forget_old(now)
        recent = self._attempts.setdefault(key, deque())
        while recent and recent[0] <= now - _WINDOW:
            recent.popleft()
        if len(recent) < self._per_minute:
            recent.append(now)
            return 0
        return max(1, math.ceil((recent[0] + _WINDOW - now).total_seconds()))

    def forget(self, key: str) -> None:
        """Whoever tries has shown a right to."""
        self._attempts.pop(key, None)

    def _forget_old(self, now: datetime) -> None:
        self._attempts = {key: recent for key, recent in self._attempts.items() if recent[-1] > now - _WINDOW}
