"""The recorder: takes facts down in memory, and writes them in batches behind everybody's back.

Nobody waits for it and nothing fails because of it. What it has not written is lost with its process.
"""

import asyncio
from collections import deque
from itertools import islice

import structlog

from famulus.features.analytics.records import Event
from famulus.features.analytics.repository import EventRepository
from famulus.infra.database import Database, Session
from famulus.infra.standing import STANDING, Standing
from famulus.jobs.queue import JobDraft, JobQueue
from famulus.kit.clock import Clock, utc_now
from famulus.kit.errors import FamulusError
from famulus.kit.facts import Fact
from famulus.kit.ids import new_id
from famulus.kit.loops import forever
from famulus.settings.counting import AnalyticsSettings

FORWARD_JOB = "analytics.forward"
_MOST_WRITTEN = 500
_FORWARDED_TOGETHER = 100
_PATIENCE_SECONDS = 2.0
_logger = structlog.get_logger()


class Recorder:
    """What has happened in this process and is not written yet."""

    def __init__(
        self, database: Database, queue: JobQueue, settings: AnalyticsSettings, *, now: Clock = utc_now
    ) -> None:
        self._database = database
        self._queue = queue
        self._settings = settings
        self._now = now
        self._waiting: deque[Event] = deque()
        self._left_out = 0
        self._writing = asyncio.Lock()
        self._flushing: asyncio.Task[None] | None = None

    def tell(self, fact: Fact) -> None:
        """Take a fact down; see `famulus.kit.facts.Tell`."""
        if not self._settings.enabled:
            return
        if len(self._waiting) >= self._settings.buffer:
            self._left_out += 1
            return
        self._waiting.append(
            Event(
                new_id("fact"), fact.user_id, fact.name, self._now(), fact.subject, fact.outcome, fact.took_ms,
                fact.first_ms, dict(fact.properties),
            )
        )  # fmt: skip

    def start(self) -> None:
        """Begin to write."""
        self._flushing = asyncio.create_task(
            forever("analytics", self._step, after_failure_seconds=self._settings.flush_seconds)
        )

    async def stop(self) -> None:
        """Write what is left, if that can be done soon."""
        if self._flushing is not None:
            self._flushing.cancel()
            await asyncio.wait({self._flushing})
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self.flush()
        except (FamulusError, TimeoutError):
            _logger.warning("analytics.lost", many=len(self._waiting))

    async def flush(self) -> None:
        """Write what waits; what cannot be written now goes on waiting."""
        async with self._writing:
            while self._waiting:
                batch = list(islice(self._waiting, _MOST_WRITTEN))
                try:
                    await self._database.write(lambda session: self._write(session, batch), durable=False)  # noqa: B023
                except FamulusError:
                    raise
                except Exception:
                    # Tried again, it would fail again, and hold up all that comes after it.
                    _logger.exception("analytics.left_out", many=len(batch))
                for _ in batch:
                    self._waiting.popleft()

    async def _step(self) -> float:
        # Nobody is kept waiting for this, and so it waits for everybody.
        STANDING.set(Standing.PATIENT)
        if self._left_out:
            many, self._left_out = self._left_out, 0
            _logger.warning("analytics.left_out", many=many)
        await self.flush()
        return self._settings.flush_seconds

    async def _write(self, session: Session, batch: list[Event]) -> None:
        added = await EventRepository(session).add(batch)
        if self._settings.forward_url and added:
            await self._queue.add_many(session, _errands([event.id for event in added]))


def _errands(event_ids: list[str]) -> list[JobDraft]:
    """Jobs that send these events on, one after the other: while nobody takes one, nobody is asked to take more."""
    batches = (event_ids[at : at + _FORWARDED_TOGETHER] for at in range(0, len(event_ids), _FORWARDED_TOGETHER))
    return [JobDraft(FORWARD_JOB, {"events": batch}, serial_key=FORWARD_JOB) for batch in batches]
