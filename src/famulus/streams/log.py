"""The event log: writers that are fenced, followers that pull, and nothing shown before it is kept.

An entry is in the database before anybody sees it. Whatever a client has ever received can therefore be read again,
with the same number, after any crash. What makes this affordable is one write for all the streams of a process every
few milliseconds, in place of one per token.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from functools import partial

import structlog

from famulus.infra import metrics
from famulus.infra.database import Database, Session
from famulus.infra.relay import Relay
from famulus.infra.standing import STANDING, Standing, standing
from famulus.kit.errors import FamulusError, Gone, Unavailable
from famulus.kit.loops import forever
from famulus.streams import store
from famulus.streams.outbox import Outbox, unpacked
from famulus.streams.store import END, Batch, Draft, Entry, Fenced
from famulus.streams.tail import Tail
from famulus.streams.writer import Writer

_RETRY_SECONDS = 0.5
_STUCK_SECONDS = 10
_POLL_SECONDS = 0.5
# While other processes show what they write, somebody who looks finds only what was lost on the way.
_POLLS_WHILE_SHOWN = 5
_POLLS_UNTIL_FORGOTTEN = 10
_GONE = "stream.gone"
# With many streams at once, each waits a little longer and costs much less: 100 ms at 100 of them.
_PAUSE_PER_STREAM = 0.000_5
_LONGEST_PAUSE = 0.1
_TURNS_TO_GATHER = 4
_logger = structlog.get_logger()


class StreamGone(Gone):
    """The stream was deleted."""


class EventLog:
    """All the streams of this process."""

    def __init__(
        self,
        database: Database,
        *,
        relay: Relay | None = None,
        flush_seconds: float = 0.05,
        heartbeat_seconds: float = 15,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._ticks = ticks
        self._unflushed_since: float | None = None
        self._relay = relay or Relay()
        self._relay.hear(_GONE, self._end)
        self._outbox = Outbox(self._relay)
        self._flush_seconds = flush_seconds
        self._polls = 0
        self._polls_per_beat = max(1, round(heartbeat_seconds / _POLL_SECONDS))
        self._tails: dict[str, Tail] = {}
        self._dirty: set[Writer] = set()
        self._gathering: set[Writer] = set()
        self._flush_wanted = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.released = asyncio.Event()
        """Set when this process lets go of everybody who follows, because it stops."""

    def start(self) -> None:
        """Begin to flush what writers append, and to look for what is written elsewhere."""
        looking = forever("looking", self._look_if_due, after_failure_seconds=_POLL_SECONDS)
        loops = self._flush_forever(), self._beat_forever(), looking
        self._tasks = [asyncio.create_task(loop) for loop in loops]

    async def stop(self) -> None:
        """Let every follower go, and stop flushing."""
        self.release_followers()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def check_progress(self) -> None:
        """Raise `Unavailable` when what writers append is not flushed, or one of the loops has ended."""
        seconds = 0 if self._unflushed_since is None else self._ticks() - self._unflushed_since
        if seconds > _STUCK_SECONDS:
            raise Unavailable("The event log does not get on.", stuck="event log", seconds=round(seconds))
        if any(task.done() for task in self._tasks):
            raise Unavailable("The event log has lost one of its loops.", stuck="event log")

    def release_followers(self) -> None:
        """End every `follow` of this process where it stands; its client can go on from there elsewhere, or later."""
        self.released.set()
        for tail in self._tails.values():
            tail.ring()

    async def begin(self, session: Session, stream_id: str, drafts: list[Draft]) -> None:
        """Begin a stream with its first entries, within somebody's transaction."""
        await store.create(session, stream_id)
        kept = (await store.append(session, [Batch(stream_id, 0, drafts)]))[stream_id, 0]

        def show() -> None:
            # Nearly always somebody follows at once.
            self._tail(stream_id)
            self._publish(stream_id, kept)

        session.after_commit(show)

    async def append(self, session: Session, stream_id: str, *, epoch: int, drafts: list[Draft]) -> None:
        """Write entries within somebody's transaction; they are shown once it is committed."""
        kept = (await store.append(session, [Batch(stream_id, epoch, drafts)])).get((stream_id, epoch))
        if kept is None:
            raise Fenced("This stream has a later writer, has ended, or is gone.")
        session.after_commit(lambda: self._publish(stream_id, kept))

    async def append_to_many(self, session: Session, batches: Sequence[Batch]) -> set[str]:
        """Like `append`, for several streams at once; the ids of those that took what was theirs."""
        kept = await store.append(session, batches)

        def show() -> None:
            for (stream_id, _), fresh in kept.items():
                self._publish(stream_id, fresh)

        session.after_commit(show)
        return {stream_id for stream_id, _ in kept}

    async def discard(self, session: Session, stream_ids: list[str]) -> None:
        """Delete streams within somebody's transaction; their followers learn that they are gone."""
        await store.delete(session, stream_ids)

        def tell() -> None:
            for stream_id in stream_ids:
                self._relay.announce(_GONE, stream_id)

        session.after_commit(tell)

    def open(self, stream_id: str, epoch: int) -> Writer:
        """The writer of a stream that `epoch` has taken with `store.take`; close it when its work is done."""
        tail = self._tail(stream_id)
        tail.writers += 1
        self._heed(stream_id, tail)
        return Writer(self, self._database, stream_id, epoch)

    def close(self, writer: Writer) -> None:
        """The writer will not write any more."""
        self._dirty.discard(writer)
        self._gathering.discard(writer)
        tail = self._tails[writer.stream_id]
        tail.writers -= 1
        self._heed(writer.stream_id, tail)

    def flush_soon(self, writer: Writer) -> None:
        """The writer has something pending."""
        self._dirty.add(writer)
        self._flush_wanted.set()

    def gather_soon(self, writer: Writer) -> None:
        """The writer's source waits for the next flush before it goes on."""
        self._gathering.add(writer)
        self._flush_wanted.set()

    async def page(self, stream_id: str, *, after: int) -> list[Entry]:
        """Some of the entries after number `after`, from the database: as many as one follower may hold in memory."""
        return await self._database.read(lambda session: store.page(session, stream_id, after=after))

    async def head(self, stream_id: str) -> store.Head | None:
        """Where the stream stands; None when there is none."""
        return await self._database.read(lambda session: store.head(session, stream_id))

    async def holds(self, writer: Writer) -> bool:
        """Whether the writer may still write."""
        head = await self.head(writer.stream_id)
        return head is not None and head.epoch == writer.epoch and not head.closed

    async def epoch_at(self, stream_id: str, seq: int) -> int | None:
        """Which epoch wrote entry `seq`; None when there is no such entry."""
        return await self._database.read(lambda session: store.epoch_at(session, stream_id, seq))

    async def follow(self, stream_id: str, *, after: int) -> AsyncGenerator[list[Entry], None]:
        """Everything after entry `after`, in lists as it comes; an empty list now and then is a sign of life.

        Ends after the last entry of the stream. Ends before it when this process stops: the stream can then be
        followed on from the last entry received. Raises `StreamGone` when the stream is deleted.
        """
        tail = self._tail(stream_id)
        tail.followers += 1
        self._heed(stream_id, tail)
        beats = tail.beats
        try:
            while not self.released.is_set():
                if tail.gone:
                    raise StreamGone("What this stream belonged to was deleted.")
                rings = tail.rings
                fresh = tail.since(after)
                if fresh is None:
                    fresh = await self.page(stream_id, after=after)
                    if not fresh and tail.rings == rings:
                        tail.known = after
                if fresh:
                    after = fresh[-1].seq
                    yield fresh
                    if fresh[-1].kind == END:
                        return
                elif tail.beats > beats:
                    beats = tail.beats
                    yield []
                # What was published while the database was read has rung already.
                elif tail.rings == rings:
                    await tail.rung()
        finally:
            tail.followers -= 1
            self._heed(stream_id, tail)

    @property
    def followers(self) -> int:
        """How many follow streams in this process."""
        return sum(tail.followers for tail in self._tails.values())

    def _tail(self, stream_id: str) -> Tail:
        tail = self._tails.get(stream_id)
        if tail is None:
            tail = self._tails[stream_id] = Tail()
        return tail

    def _publish(self, stream_id: str, fresh: list[Entry]) -> None:
        self._outbox.add(stream_id, fresh)
        if tail := self._tails.get(stream_id):
            tail.publish(fresh)

    def _heed(self, stream_id: str, tail: Tail) -> None:
        """Be shown what other processes write for as long as somebody follows the stream and nobody here writes it."""
        wanted = tail.followers > 0 and not tail.writers
        if wanted == tail.is_watched:
            return
        tail.is_watched = wanted
        if wanted:
            self._relay.watch(stream_id, partial(self._shown, tail))
        else:
            self._relay.unwatch(stream_id)

    def _shown(self, tail: Tail, message: bytes) -> None:
        content = unpacked(message)
        if isinstance(content, int):
            tail.learn(content)
        else:
            tail.publish(content)

    def _end(self, stream_id: str) -> None:
        if tail := self._tails.get(stream_id):
            tail.end()

    async def _flush_forever(self) -> None:
        STANDING.set(Standing.URGENT)
        while True:
            await self._flush_wanted.wait()
            self._flush_wanted.clear()
            gathering, self._gathering = self._gathering, set()
            for writer in gathering:
                writer.gather()
            # Those who were woken look into their sockets first, and then add what they have found there.
            for _ in range(_TURNS_TO_GATHER if gathering else 1):
                await asyncio.sleep(0)
            together = max(len(self._dirty), len(gathering))
            if self._unflushed_since is None:
                self._unflushed_since = self._ticks()
            try:
                await self._flush()
                self._unflushed_since = None
            except Exception as error:
                metrics.flushes_failed.inc()
                _logger.warning("streams.flush_failed", exc_info=not isinstance(error, FamulusError), error=str(error))
                await asyncio.sleep(_RETRY_SECONDS)
            if self._dirty:
                self._flush_wanted.set()
            await asyncio.sleep(min(self._flush_seconds + together * _PAUSE_PER_STREAM, _LONGEST_PAUSE))

    async def _flush(self) -> None:
        """Write what all idle writers have pending; one that is in a transaction of its own takes its pending along."""
        writers = [writer for writer in self._dirty if not writer.lock.locked()]
        self._dirty.difference_update(writers)
        batches: dict[Writer, list[Draft]] = {}
        for writer in writers:
            if drafts := await writer.hold():
                batches[writer] = drafts
            else:
                writer.release()
        if not batches:
            return
        began = time.monotonic()
        try:
            kept = await self._database.write(
                lambda session: store.append(
                    session, [Batch(w.stream_id, w.epoch, drafts) for w, drafts in batches.items()]
                ),
                # A file's writers end with its machine. A server can lose what it was told in a hurry, and leave them
                # alive to number other entries as those that were shown already.
                durable=self._database.path is None,
            )
        except BaseException:
            for writer, drafts in batches.items():
                writer.put_back(drafts)
                self._dirty.add(writer)
            raise
        finally:
            for writer in batches:
                writer.release()
        metrics.flushes.observe(time.monotonic() - began)
        metrics.entries.inc(sum(map(len, batches.values())))
        for writer in batches:
            if fresh := kept.get((writer.stream_id, writer.epoch)):
                self._publish(writer.stream_id, fresh)
            else:
                writer.fence()

    async def _beat_forever(self) -> None:
        """Make followers show a sign of life, and forget the streams that nobody has anything to do with."""
        polls = 0
        while True:
            await asyncio.sleep(_POLL_SECONDS)
            polls += 1
            beat = polls % self._polls_per_beat == 0
            for stream_id, tail in list(self._tails.items()):
                tail.idle_polls = 0 if tail.followers or tail.writers else tail.idle_polls + 1
                if tail.idle_polls > _POLLS_UNTIL_FORGOTTEN:
                    del self._tails[stream_id]
                if beat and tail.followers:
                    tail.beats += 1
                    tail.ring()

    async def _look_if_due(self) -> float:
        """Look into the database for what other processes have written to the streams that are followed here."""
        self._polls += 1
        if not (self._relay.is_live and self._polls % _POLLS_WHILE_SHOWN):
            followed = [stream_id for stream_id, tail in self._tails.items() if tail.is_watched]
            if followed:
                await self._look(followed)
        return _POLL_SECONDS

    async def _look(self, stream_ids: list[str]) -> None:
        with standing(Standing.URGENT):
            heads = await self._database.read(lambda session: store.heads(session, stream_ids))
        for stream_id in stream_ids:
            tail = self._tails.get(stream_id)
            if tail is None or not tail.is_watched:
                continue
            if (head := heads.get(stream_id)) is None:
                tail.end()
            else:
                tail.learn(head)
