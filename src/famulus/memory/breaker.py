"""Not asking again and again what does not answer."""

import time
from collections.abc import Callable


class Breaker:
    """Stops asking what has failed several times in a row; after a pause one may try, and its answer opens the way."""

    def __init__(
        self, *, failures: int = 3, pause_seconds: float = 5, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = failures
        self._pause_seconds = pause_seconds
        self._clock = clock
        self._failures = 0
        self._next_try_at = 0.0

    def admits(self) -> bool:
        """Whether to ask now. Of those who ask after a pause only the first may: the others wait for what it learns."""
        if self._failures < self._most:
            return True
        if self._clock() < self._next_try_at:
            return False
        self._next_try_at = self._clock() + self._pause_seconds
        return True

    def succeeded(self) -> None:
        """It answers (again)."""
        self._failures = 0

    def failed(self) -> None:
        """It did not answer."""
        self._failures += 1
        self._next_try_at = self._clock() + self._pause_seconds
