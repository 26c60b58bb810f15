"""The live end of a stream: what was kept last, and who waits for more.

A tail only ever holds entries that are already in the database. It is a cache and a bell: a follower pulls at its own
pace, from here or from the database, so that a slow one costs no memory and delays nobody.
"""

import asyncio
from collections import deque
from collections.abc import Sequence

from famulus.streams.store import Entry

_KEPT_ENTRIES = 256


class Tail:
    """The last entries of one stream in this process."""

    def __init__(self) -> None:
        # Kept, since asking for the running loop asks the kernel for this process's id.
        self._loop = asyncio.get_running_loop()
        self._recent: deque[Entry] = deque(maxlen=_KEPT_ENTRIES)
        self._waiting: set[asyncio.Future[None]] = set()
        self.rings = 0
        """How often the bell has rung: who reads the database compares it before and after."""
        self.beats = 0
        """How often followers were told to show a sign of life."""
        self.followers = 0
        self.writers = 0
        self.may_be_behind = False
        """Whether somebody else may have written what this tail does not have."""
        self.idle_polls = 0
        """For how many polls nobody has written or followed here."""
        self.gone = False
        """Whether the stream was deleted."""

    def publish(self, fresh: Sequence[Entry]) -> None:
        """Take in entries that have just been committed, and wake everybody."""
        # Over a hole in the tail a follower would skip entries; without one it reads them from the database.
        if self._recent and fresh[0].seq != self._recent[-1].seq + 1:
            if fresh[-1].seq <= self._recent[-1].seq:
                # Two connections may tell of two commits in the wrong order: what came late is read from the database.
                self.ring()
                return
            self._recent.clear()
        self._recent.extend(fresh)
        self.may_be_behind = False
        self.ring()

    def since(self, seq: int) -> list[Entry] | None:
        """The entries after number `seq`, or None when the database must be asked."""
        recent = self._recent
        if not recent or recent[0].seq > seq + 1:
            return None
        missing = recent[-1].seq - seq
        return [recent[index] for index in range(len(recent) - missing, len(recent))] if missing > 0 else []

    def ring(self) -> None:
        """Make every waiting follower look again."""
        self.rings += 1
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def rung(self) -> None:
        """Wait for the next `ring`."""
        future: asyncio.Future[None] = self._loop.create_future()
        self._waiting.add(future)
        try:
            await future
        finally:
            self._waiting.discard(future)
