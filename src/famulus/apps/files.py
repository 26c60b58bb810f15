"""What works on files in this process: wired once, started and stopped with the rest."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta

from famulus.features.files.desk import FileDesk
from famulus.features.files.jobs import FileWorker
from famulus.features.files.portraits import MOST_PICTURE_BYTES
from famulus.features.files.reading.reader import Bounds
from famulus.features.files.service import INDEX_JOB, REMOVE_JOB, Files, erase_files
from famulus.features.files.sweeping import GRACE, sweep_orphans
from famulus.infra.blobs import Blobs
from famulus.infra.database import Database, Session
from famulus.jobs.queue import JobQueue
from famulus.jobs.worker import Handler
from famulus.kit.clock import utc_now
from famulus.kit.loops import forever
from famulus.settings import FileSettings, Settings

_SWEEP_SECONDS = 24 * 3_600.0
# A file's time is that of the last tick of the system's clock.
_A_MOMENT = timedelta(milliseconds=50)
# What stands around the files of a form.
_FORM_BYTES = 1_048_576


class FileRoom:
    """Where files are kept: the desk for requests, the handlers of jobs, and the broom."""

    def __init__(self, database: Database, blobs: Blobs, queue: JobQueue, settings: FileSettings) -> None:
        bounds = Bounds(settings.reading_seconds, settings.text_characters)
        worker = FileWorker(database, blobs, queue, bounds)
        self.desk = FileDesk(database, blobs, queue, settings)
        self.handlers: dict[str, Handler] = {INDEX_JOB: worker.index, REMOVE_JOB: worker.remove}
        self._sweeping: asyncio.Task[None] | None = None
        self._before: datetime | None = None

    def start(self, *, alone: bool) -> None:
        """Begin to sweep: where nobody else can be uploading, what is not finished by now never will be."""
        self._before = utc_now() - (_A_MOMENT if alone else GRACE)
        self._sweeping = asyncio.create_task(forever("files", self._sweep, after_failure_seconds=_SWEEP_SECONDS))

    async def stop(self) -> None:
        """Stop, in good order."""
        if self._sweeping is not None:
            self._sweeping.cancel()
            await asyncio.wait({self._sweeping})

    async def erase(self, session: Session, user_id: str) -> None:
        """Remove every file of a person, within the transaction that removes the account."""
        await erase_files(session, user_id, queue=self.desk.queue)

    async def storage(self, session: Session, user_id: str) -> tuple[int, int]:
        """How many bytes a person keeps, and how many they may."""
        storage = await Files(session, user_id).storage(quota_bytes=self.desk.settings.quota_bytes)
        return storage.used, storage.limit

    async def _sweep(self) -> float:
        before, self._before = self._before, None
        await sweep_orphans(self.desk.database, self.desk.blobs, before=before or utc_now() - GRACE)
        return _SWEEP_SECONDS


def uploads(settings: Settings) -> Mapping[str, int]:
    """The routes that read their bodies by themselves, and how many bytes each may be sent."""
    files = settings.files
    return {
        "POST /api/v1/files": files.max_bytes * files.max_per_request + _FORM_BYTES,
        "POST /api/v1/users/me/import": files.archive_bytes,
        "PUT /api/v1/users/me/picture": MOST_PICTURE_BYTES,
    }
