"""What the clock asks of files: remove bytes that nobody names."""

from dataclasses import dataclass

from famulus.infra.blobs import Blobs
from famulus.infra.database import Database
from famulus.jobs.queue import Claim, JobQueue


@dataclass(frozen=True, slots=True)
class FileWorker:
    """Works on what requests have left to be done."""

    database: Database
    blobs: Blobs
    queue: JobQueue

    async def remove(self, claim: Claim) -> None:
        """Remove bytes whose last name is gone."""
        await self.blobs.remove(claim.payload["keys"])
        await self.database.write(lambda session: self.queue.finish(session, claim))
