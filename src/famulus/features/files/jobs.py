"""What the clock asks of files: read their text, and remove bytes that nobody names."""

import asyncio
import contextlib
from dataclasses import dataclass, field

import structlog

from famulus.features.files.reading.pieces import Unreadable
from famulus.features.files.reading.reader import Bounds, Reading
from famulus.features.files.records import Passage
from famulus.features.files.texts import Texts, TextUnwanted
from famulus.infra.blobs import BlobNotFound, Blobs
from famulus.infra.database import Database, Session
from famulus.jobs.queue import Claim, JobQueue, LeaseLost

_logger = structlog.get_logger()
_AT_ONCE = 100
# More processes would only take the time from each other, and from everybody else.
_READERS = 2


@dataclass(frozen=True, slots=True)
class FileWorker:
    """Works on what requests have left to be done."""

    database: Database
    blobs: Blobs
    queue: JobQueue
    bounds: Bounds
    max_attempts: int = 3
    _readers: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_READERS))

    async def index(self, claim: Claim) -> None:
        """Read the text of a content into passages; what cannot be read is said of that content alone."""
        user_id, content_id = claim.payload["user_id"], claim.payload["content_id"]
        reason, is_cut, kept = None, False, 0
        try:
            self._check(claim)
            kind = await self.database.write(lambda session: Texts(session, user_id).begin(content_id))
            async with self._readers, self.blobs.opened(content_id) as file:
                reading = Reading(file, kind, self.bounds)
                kept = await self._keep(user_id, content_id, reading, claim)
                is_cut = reading.is_cut
        except TextUnwanted:
            await self._leave(claim)
            return
        except (Unreadable, BlobNotFound) as error:
            reason = error.reason if isinstance(error, Unreadable) else "missing"
            _logger.info("files.unreadable", reason=reason)

        async def end(session: Session) -> None:
            with contextlib.suppress(TextUnwanted):
                await Texts(session, user_id).end(content_id, passages=kept, is_cut=is_cut, reason=reason)
            await self.queue.finish(session, claim)

        with contextlib.suppress(LeaseLost):
            await self.database.write(end)

    async def remove(self, claim: Claim) -> None:
        """Remove bytes whose last name is gone."""
        await self.blobs.remove(claim.payload["keys"])
        await self.database.write(lambda session: self.queue.finish(session, claim))

    async def _keep(self, user_id: str, content_id: str, reading: Reading, claim: Claim) -> int:
        """Write down passages as they come, a few at a time, and say how many there were."""
        some: list[Passage] = []
        kept = 0

        async def flush() -> None:
            nonlocal some, kept
            if claim.is_lost:
                raise TextUnwanted
            passages, some = some, []
            add = lambda session: Texts(session, user_id).add(content_id, passages, position=kept)  # noqa: E731
            await self.database.write(add, durable=False)
            kept += len(passages)

        async with contextlib.aclosing(reading.passages()) as passages:
            async for passage in passages:
                some.append(passage)
                if len(some) == _AT_ONCE:
                    await flush()
        await flush()
        return kept

    def _check(self, claim: Claim) -> None:
        """A file that has taken its server with it several times is not tried again."""
        if claim.attempt > self.max_attempts:
            raise Unreadable("interrupted")

    async def _leave(self, claim: Claim) -> None:
        """The file was deleted meanwhile, or somebody else reads it."""
        with contextlib.suppress(LeaseLost):
            await self.database.write(lambda session: self.queue.finish(session, claim))
