"""What was told so long ago that nobody needs it any more."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

import structlog

from famulus.features.notifications import inbox
from famulus.features.notifications.repository import NotificationRepository, told_before
from famulus.infra.database import Database, Session
from famulus.jobs.queue import JobQueue

_logger = structlog.get_logger()
_AT_ONCE = 200


async def sweep_old(database: Database, queue: JobQueue, *, before: datetime) -> int:
    """Remove what was told before then, with its deliveries and every entry that names it; how many that were."""
    swept = 0
    while old := await database.read(lambda session: told_before(session, before, limit=_AT_ONCE)):
        await database.write(_Removal(queue, old))
        swept += len(old)
    if swept:
        _logger.info("notifications.swept", count=swept)
    return swept


class _Removal:
    """A unit of work that removes some of what is old."""

    def __init__(self, queue: JobQueue, old: Sequence[tuple[str, str]]) -> None:
        self._queue = queue
        self._old = sorted(old)

    async def __call__(self, session: Session) -> None:
        for user_id, theirs in groupby(self._old, key=lambda one: one[0]):
            ids = [notification_id for _, notification_id in theirs]
            repository = NotificationRepository(session, user_id)
            await self._queue.remove(session, await repository.jobs_of(ids))
            await repository.delete(ids)
            await inbox.forget(session, user_id, ids)
