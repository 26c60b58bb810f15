"""What a process needs to show runs and to work on them: log, queue and worker, and word from other processes."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import TextIO

import structlog

from famulus.agent.tools import Tool, Toolset
from famulus.apps import models
from famulus.apps.addresses import ADDRESS_JOB, NOTICE_JOB, AddressMail
from famulus.apps.alone import only_process
from famulus.apps.analytics import AnalyticsRoom
from famulus.apps.calendars import CalendarRoom
from famulus.apps.files import FileRoom
from famulus.apps.memories import MemoryRoom
from famulus.apps.notifications import NotificationRoom
from famulus.apps.quotas import QuotaNotices
from famulus.apps.reminders import ReminderRoom
from famulus.apps.resets import RESET_JOB, ResetMail
from famulus.apps.search import SearchRoom
from famulus.features.analytics.recording import FORWARD_JOB
from famulus.features.conversations.jobs import RunWorker
from famulus.features.conversations.learner import Learner
from famulus.features.conversations.runs import RUN_JOB, RunDesk
from famulus.features.conversations.signals import Cancellations
from famulus.features.usage.plans import Plans
from famulus.infra.clients import get_blobs
from famulus.infra.database import Database
from famulus.infra.redis.relay import make_relay
from famulus.jobs.census import census
from famulus.jobs.queue import JobQueue
from famulus.jobs.worker import LATE_SECONDS, Worker
from famulus.kit.clock import utc_now
from famulus.kit.errors import Unavailable
from famulus.memory.client import MEMORY_JOB
from famulus.settings import JobSettings, Settings
from famulus.streams.log import EventLog

_logger = structlog.get_logger()


class Engine:
    """What brings runs to their end in this process."""

    def __init__(
        self, database: Database, settings: Settings, tools: Sequence[Tool], *, default_model: str, works: bool = True
    ) -> None:
        streams, jobs = settings.streams, settings.jobs
        self._database = database
        self._settings = settings
        self.works = works
        self._alone: TextIO | None = None
        self._watching: asyncio.Task[None] | None = None
        self.relay = make_relay(_address(settings))
        self.log = EventLog(
            database,
            relay=self.relay,
            flush_seconds=streams.flush_seconds,
            heartbeat_seconds=streams.heartbeat_seconds,
        )
        self.queue = JobQueue(relay=self.relay, lease_seconds=jobs.lease_seconds)
        self.memory = MemoryRoom(database, self.queue, settings)
        self.search = SearchRoom(database, self.memory.keeper)
        self.toolset = Toolset([*self.memory.tools, *self.search.tools, *tools])
        self.resets = ResetMail(database, self.queue, settings)
        self.addresses = AddressMail(database, self.queue, settings)
        self.notifications = NotificationRoom(database, self.log, self.queue, settings)
        self.analytics = AnalyticsRoom(database, self.queue, settings)
        self.desk = self._make_desk(default_model)
        self._runs = RunWorker(
            database,
            self.desk,
            models.finder(settings.model),
            self.toolset,
            self.memory.recall,
            max_attempts=jobs.max_attempts,
        )
        self.files = FileRoom(database, get_blobs(), self.queue, settings.files)
        self.calendars = CalendarRoom(database, self.queue, settings)
        self.reminders = ReminderRoom(database, self.notifications.desk, self.desk, settings.reminders)
        self.worker = self._make_worker(settings.jobs)

    def _make_desk(self, default_model: str) -> RunDesk:
        return RunDesk(
            self.log,
            self.queue,
            Cancellations(self.relay),
            self._settings.agent,
            default_model,
            self.memory.errands,
            plans=Plans(self._settings.usage, QuotaNotices(self.notifications).tell),
            tell=self.analytics.tell,
        )

    def _make_worker(self, limits: JobSettings) -> Worker:
        learner = Learner(
            self._database,
            self.desk,
            models.finder(self._settings.model),
            self.memory.keeper,
            max_attempts=limits.max_attempts,
        )
        known = (self._runs, learner, self.memory, self.files, self.notifications, self.calendars, self.reminders)
        rooms = (*known, self.addresses, self.resets, self.analytics)
        return Worker(
            self._database,
            self.queue,
            {kind: handler for room in rooms for kind, handler in room.handlers.items()},
            concurrency=limits.concurrency,
            lease_seconds=limits.lease_seconds,
            poll_seconds=limits.poll_seconds,
            max_attempts=limits.max_attempts,
            # A run is ended by its own handler, visibly, once it has been started too often; what the memory has to
            # be told it is told in the end; mail with a link in it is sent until nobody waits for it; events
            # are sent on until they are swept.
            never_given_up={RUN_JOB, MEMORY_JOB, RESET_JOB, ADDRESS_JOB, NOTICE_JOB, FORWARD_JOB},
        )

    async def start(self) -> None:
        """Begin; what a dead process has left is taken up at once when nobody else can be working on it."""
        self._alone = only_process(self._database.path) if self._database.path else None
        if self._alone:
            await self._database.write(self.queue.take_from_the_dead)
        elif self._database.path:
            _logger.info("engine.not_alone")
        self.relay.start()
        self.log.start()
        self.analytics.start(works=self.works)
        self._loop = asyncio.get_running_loop()
        if self.works:
            self._watching = asyncio.create_task(self._runs.watch_cancellations())
            self.worker.start()
            self.reminders.clock.start()
            self.search.start()
            self.notifications.start()
        self.memory.keeper.start()
        self.files.start(alone=self._alone is not None)

    def let_go(self) -> None:
        """Begin to stop: claim nothing more, and let everybody go who follows; they go on from there elsewhere."""
        self.log.release_followers()
        self.worker.claim_no_more()

    def hurry(self) -> None:
        """Wait for nothing more that is at work; for a signal's handler."""
        self._loop.call_soon_threadsafe(self.worker.hurry)

    async def check_progress(self) -> list[str]:
        """What is down and done without; raise `Unavailable` when what this process is there for does not get on."""
        self.log.check_progress()
        if self._watching is not None and self._watching.done():
            raise Unavailable("Nobody looks for runs that are to be stopped.", stuck="worker")
        degraded = ["redis"] if self._settings.redis.url and not self.relay.is_live else []
        queue = await self._database.read(partial(census, at=utc_now()))
        if self.works:
            self.worker.check_progress(late_seconds=queue.oldest_due_seconds)
        elif queue.oldest_due_seconds > LATE_SECONDS:
            # What is accepted here is kept, and done once there is a worker again: no reason to turn anybody away.
            degraded.append("workers")
        return degraded

    async def stop(self) -> None:
        """Let go of everybody who watches, finish or hand over the runs, and stop."""
        self.let_go()
        await self.reminders.clock.stop()
        await self.worker.stop(drain_seconds=self._settings.server.drain_seconds)
        if self._watching:
            self._watching.cancel()
        await self.files.stop()
        await self.search.stop()
        await self.notifications.stop()
        await self.analytics.stop()
        await self.memory.keeper.stop()
        await self.log.stop()
        await self.relay.stop()
        if self._alone:
            self._alone.close()


async def check_connections(settings: Settings) -> None:
    """Raise `Unavailable` when a server that the settings name cannot be reached."""
    relay = make_relay(_address(settings))
    try:
        await relay.ping()
    finally:
        await relay.stop()


def _address(settings: Settings) -> str | None:
    return settings.redis.url.get_secret_value() if settings.redis.url else None
