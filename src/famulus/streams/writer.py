"""The one who may write to a stream, for as long as no later epoch has taken it."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar

from famulus.infra.database import Database, Session
from famulus.kit.errors import FamulusError
from famulus.streams.store import Draft, Fenced

T = TypeVar("T")
Step = Callable[[Session, list[Draft]], Coroutine[Any, Any, T]]
"""Does something in a transaction, and adds what is to be shown of it to the list, after what was pending."""


class _Log(Protocol):
    def flush_soon(self, writer: "Writer") -> None: ...
    def gather_soon(self, writer: "Writer") -> None: ...
    def close(self, writer: "Writer") -> None: ...
    async def append(self, session: Session, stream_id: str, *, epoch: int, drafts: list[Draft]) -> None: ...
    async def holds(self, writer: "Writer") -> bool: ...


class Writer:
    """Appends to one stream: text as it comes, and whole transactions whose events appear with their rows."""

    def __init__(self, log: _Log, database: Database, stream_id: str, epoch: int) -> None:
        self._log = log
        self._database = database
        # Kept, since asking for the running loop asks the kernel for this process's id.
        self._loop = asyncio.get_running_loop()
        self._pending: list[Draft] = []
        self._gathering: asyncio.Future[None] | None = None
        self.stream_id = stream_id
        self.epoch = epoch
        self.lock = asyncio.Lock()
        """Held while something of this writer is on its way to the database: its entries stay in order."""
        self.is_fenced = False
        """Whether the stream turned out to belong to somebody else, or to be gone."""
        self.on_fenced: Callable[[], None] = lambda: None
        """Called when that turns out."""

    def append_text(self, kind: str, subject: str, text: str) -> None:
        """Add text to what is pending: what comes within one flush becomes one entry."""
        if self._pending:
            last_kind, last = self._pending[-1]
            if last_kind == kind and last["id"] == subject:
                last["text"] += text
                return
        self._pending.append((kind, {"id": subject, "text": text}))
        self._log.flush_soon(self)

    async def gathering(self) -> None:
        """Wait until what is pending is about to be written: what has come by then can still be added to it.

        Whoever appends text waits here before it reads on. It is then woken once a flush and not once a token, and
        reads no faster than the database writes.
        """
        if not self.is_fenced:
            self._gathering = self._loop.create_future()
            self._log.gather_soon(self)
            await self._gathering

    def gather(self) -> None:
        """Let whoever waits add what has come meanwhile."""
        if self._gathering is not None and not self._gathering.done():
            self._gathering.set_result(None)

    async def transact(self, step: Step[T], *, durable: bool = True) -> T:
        """Run `step` in one transaction that also keeps what is pending and what the step adds to it.

        Whoever is cancelled here is so after the transaction has ended, one way or the other.
        """
        async with self.lock:
            pending = self._take()

            async def whole(session: Session) -> T:
                drafts = list(pending)
                result = await step(session, drafts)
                if drafts:
                    await self._log.append(session, self.stream_id, epoch=self.epoch, drafts=drafts)
                return result

            outcome = self._database.submit(whole, durable=durable)
            try:
                return await asyncio.shield(outcome)
            except asyncio.CancelledError:
                await _to_its_end(outcome)
                if outcome.exception() is not None:
                    self.put_back(pending)
                raise
            except Exception as error:
                self.put_back(pending)
                # What a later writer has put there already, this one runs into before it is refused.
                if not isinstance(error, FamulusError) and not await self._log.holds(self):
                    raise Fenced("This stream has a later writer, has ended, or is gone.") from error
                raise

    def fence(self) -> None:
        """The store has refused what this writer had pending."""
        self.is_fenced = True
        self.gather()
        self.on_fenced()

    def close(self) -> None:
        """Write no more."""
        self._log.close(self)

    async def hold(self) -> list[Draft]:
        """Take the lock and what is pending, to flush it; `release` gives the lock back."""
        await self.lock.acquire()
        return self._take()

    def release(self) -> None:
        """Give back the lock that `hold` took."""
        self.lock.release()

    def put_back(self, drafts: list[Draft]) -> None:
        """Nothing came of it: these are pending again, before whatever has come since."""
        self._pending[:0] = drafts

    def _take(self) -> list[Draft]:
        taken, self._pending = self._pending, []
        return taken


async def _to_its_end(outcome: "asyncio.Future[T]") -> None:
    """Wait, however often one is cancelled meanwhile: afterwards it is in the database, or never will be."""
    while not outcome.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait({outcome})
