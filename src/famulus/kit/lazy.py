"""A resource that opens at first use, once per process, and closes once."""

import os
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

T = TypeVar("T")


class Lazy(Generic[T]):
    """Holds one instance of a shared resource: made at first use, safe in threads, made anew after a fork."""

    def __init__(self, make: Callable[[], T], close: Callable[[T], Awaitable[None]] | None = None) -> None:
        self._make = make
        self._close = close
        self._lock = threading.Lock()
        self._instance: T | None = None
        self._process = 0

    def __call__(self) -> T:
        """The instance; the first caller makes it."""
        instance = self._instance
        # A child of a fork must not speak over its parent's sockets.
        if instance is not None and self._process == os.getpid():
            return instance
        with self._lock:
            if self._instance is None or self._process != os.getpid():
                self._instance, self._process = self._make(), os.getpid()
            return self._instance

    @property
    def is_open(self) -> bool:
        """Whether somebody has used the resource since it was last closed."""
        return self._instance is not None

    async def close(self) -> None:
        """Close the instance if there is one; the next use makes another."""
        with self._lock:
            instance, self._instance = self._instance, None
        if instance is not None and self._close is not None and self._process == os.getpid():
            await self._close(instance)

    @contextmanager
    def replaced_by(self, stand_in: T) -> Iterator[T]:
        """Hand out `stand_in` for the length of a `with` block."""
        before = self._instance, self._process
        self._instance, self._process = stand_in, os.getpid()
        try:
            yield stand_in
        finally:
            self._instance, self._process = before
