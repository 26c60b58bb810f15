"""Notifications in this process: where they are told, by what ways they go out, and who follows them."""

import asyncio
from datetime import timedelta

from famulus.apps.carriers import make_carriers, make_push_identity
from famulus.features.notifications.counter import NotificationCounter
from famulus.features.notifications.desk import NotificationDesk
from famulus.features.notifications.jobs import Deliverer
from famulus.features.notifications.sweeping import sweep_old
from famulus.features.notifications.telling import DELIVERY_JOB
from famulus.infra.clients import get_outbound
from famulus.infra.database import Database
from famulus.jobs.queue import JobQueue
from famulus.jobs.worker import Handler
from famulus.kit.limits import SlidingLimit
from famulus.kit.loops import forever
from famulus.settings import Settings
from famulus.streams.log import EventLog
from famulus.streams.seats import Seats

_SWEEP_SECONDS = 24 * 3_600.0


class NotificationRoom:
    """Tells people what happens, in this process."""

    def __init__(self, database: Database, log: EventLog, queue: JobQueue, settings: Settings) -> None:
        self._database = database
        self._log = log
        self._settings = settings
        self._push = make_push_identity(settings)
        carriers = make_carriers(settings, get_outbound(), self._push)
        self.desk = NotificationDesk(queue, log, carriers, settings.notifications)
        self.handlers: dict[str, Handler] = {DELIVERY_JOB: Deliverer(database, self.desk).deliver}
        self._sweeping: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to remove what is old, once a day."""
        sweeping = forever("notifications", self._sweep, after_failure_seconds=_SWEEP_SECONDS)
        self._sweeping = asyncio.create_task(sweeping)

    async def stop(self) -> None:
        """Stop, in good order."""
        if self._sweeping is not None:
            self._sweeping.cancel()
            await asyncio.wait({self._sweeping})

    def counter(self, seats: Seats) -> NotificationCounter:
        """Where requests about notifications are dealt with."""
        tests = SlidingLimit(self._settings.notifications.tests_per_minute)
        return NotificationCounter(
            self._database, self.desk, self._log, seats, self._settings.streams, tests, self._push
        )

    async def _sweep(self) -> float:
        keep = timedelta(days=self._settings.notifications.keep_days)
        await sweep_old(self._database, self.desk.queue, before=self.desk.now() - keep)
        return _SWEEP_SECONDS
