"""The part of a process that works on runs: the log, the queue and the worker, started and stopped together."""

import asyncio
from collections.abc import Sequence
from typing import TextIO

import structlog

from famulus.agent.tools import Tool, Toolset
from famulus.apps import models
from famulus.apps.alone import only_process
from famulus.apps.files import FileRoom
from famulus.apps.memories import MemoryRoom
from famulus.features.conversations.jobs import RunWorker
from famulus.features.conversations.runs import RUN_JOB, RunDesk
from famulus.features.conversations.signals import Cancellations
from famulus.infra.clients import get_blobs
from famulus.infra.database import Database
from famulus.jobs.queue import JobQueue
from famulus.jobs.worker import Worker
from famulus.memory.client import MEMORY_JOB
from famulus.settings import Settings
from famulus.streams.log import EventLog

_logger = structlog.get_logger()


class Engine:
    """What brings runs to their end in this process."""

    def __init__(self, database: Database, settings: Settings, tools: Sequence[Tool], *, default_model: str) -> None:
        streams, jobs = settings.streams, settings.jobs
        self._database = database
        self._settings = settings
        self._alone: TextIO | None = None
        self._watching: asyncio.Task[None] | None = None
        self.log = EventLog(database, flush_seconds=streams.flush_seconds, heartbeat_seconds=streams.heartbeat_seconds)
        self.queue = JobQueue(lease_seconds=jobs.lease_seconds)
        self.memory = MemoryRoom(database, self.queue, settings)
        self.toolset = Toolset([*self.memory.tools, *tools])
        self.desk = RunDesk(self.log, self.queue, Cancellations(), settings.agent, default_model, self.memory.errands)
        self._runs = RunWorker(
            database,
            self.desk,
            models.finder(settings.model),
            self.toolset,
            self.memory.recall,
            max_attempts=jobs.max_attempts,
        )
        self.files = FileRoom(database, get_blobs(), self.queue, settings.files)
        self.worker = Worker(
            database,
            self.queue,
            {**self._runs.handlers, **self.memory.handlers, **self.files.handlers},
            concurrency=jobs.concurrency,
            lease_seconds=jobs.lease_seconds,
            poll_seconds=jobs.poll_seconds,
            max_attempts=jobs.max_attempts,
            # A run is ended by its own handler, visibly, once it has been started too often; what the memory has to
            # be told it is told in the end.
            never_given_up={RUN_JOB, MEMORY_JOB},
        )

    async def start(self) -> None:
        """Begin; what a dead process has left is taken up at once when nobody else can be working on it."""
        self._alone = only_process(self._database.path) if self._database.path else None
        if self._alone:
            await self._database.write(self.queue.take_from_the_dead)
        elif self._database.path:
            _logger.info("engine.not_alone")
        self.log.start()
        self._watching = asyncio.create_task(self._runs.watch_cancellations())
        self.worker.start()
        self.memory.keeper.start()
        self.files.start(alone=self._alone is not None)

    async def stop(self) -> None:
        """Let go of everybody who watches, finish or hand over the runs, and stop."""
        self.log.release_followers()
        await self.worker.stop(drain_seconds=self._settings.server.drain_seconds)
        if self._watching:
            self._watching.cancel()
        await self.files.stop()
        await self.memory.keeper.stop()
        await self.log.stop()
        if self._alone:
            self._alone.close()
