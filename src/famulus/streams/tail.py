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
        self.known: int | None = None
        """The number of the last entry that is known to be in the database; None while nobody has asked."""
        self.is_watched = False
        """Whether what other processes write to the stream is shown here."""
        self.idle_polls = 0
        """For how many polls nobody has written or followed here."""
        self.gone = False
        """Whether the stream was deleted."""

    def publish(self, fresh: Sequence[Entry]) -> None:
        """Take in entries that have just been committed, and wake everybody."""
        if self._recent:
            # Two connections may tell of two commits in the wrong order, and another process of what is here already:
            # what comes late is read from the database.
            last = self._recent[-1].seq
            if fresh[0].seq <= last:
                fresh = [entry for entry in fresh if entry.seq > last]
            # Over a hole in the tail a follower would skip entries; without one it reads them from the database.
            if fresh and fresh[0].seq != last + 1:
                self._recent.clear()
        if fresh:
            self._recent.extend(fresh)
            self.known = max(self.known or 0, fresh[-1].seq)
        self.ring()

    def learn(self, seq: int) -> None:
        """There are entries up to this number in the database; wake everybody if that is news."""
        if self.known is None or seq > self.known:
            self.known = seq
            self.ring()

    def end(self) -> None:
        """The stream was deleted; tell everybody."""
        self.gone = True
        self.ring()

    def since(self, seq: int) -> list[Entry] | None:
        """The entries after number `seq`, or None when the database must be asked."""
        recent = self._recent
        if recent and recent[0].seq <= seq + 1 and (missing := recent[-1].seq - seq) > 0:
            return [recent[index] for index in range(len(recent) - missing, len(recent))]
        return [] if self.known is not None and seq >= self.known else None

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
