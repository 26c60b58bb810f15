"""The worker: claims what is due, keeps its leases alive, and lets go in good order."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Container, Mapping
from datetime import timedelta
from functools import partial

import structlog

from famulus.infra import metrics
from famulus.infra.database import Database
from famulus.infra.standing import STANDING, Standing
from famulus.jobs.queue import Claim, JobQueue, LeaseLost
from famulus.kit.clock import Clock, utc_now
from famulus.kit.errors import FamulusError, Unavailable
from famulus.kit.ids import new_id

Handler = Callable[[Claim], Awaitable[None]]
"""Works on a claim, and finishes or parks it in the transaction that ends the work; what it raises is tried again."""

LATE_SECONDS = 60
"""How long a job may be due before somebody should ask why nobody claims it."""
_MOST_PER_CLAIM = 50
_PAUSES_UNTIL_STUCK = 3
_LONGEST_BACKOFF_SECONDS = 300
_logger = structlog.get_logger()


class Worker:
    """Works on the jobs of one queue, many at a time, in one event loop."""

    def __init__(
        self,
        database: Database,
        queue: JobQueue,
        handlers: Mapping[str, Handler],
        *,
        concurrency: int = 100,
        lease_seconds: float = 15,
        poll_seconds: float = 1,
        max_attempts: int = 5,
        never_given_up: Container[str] = (),
        now: Clock = utc_now,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._queue = queue
        self._handlers = handlers
        self._concurrency = concurrency
        self._lease_seconds = lease_seconds
        self._poll_seconds = poll_seconds
        self._max_attempts = max_attempts
        self._never_given_up = never_given_up
        self._now = now
        self._ticks = ticks
        self._running: dict[asyncio.Task[None], Claim] = {}
        self._loops: list[asyncio.Task[None]] = []
        self._draining = False
        self._hurried = asyncio.Event()
        self._looked_at = self._busy_at = ticks()
        self.name = new_id("worker")

    def start(self) -> None:
        """Begin to claim."""
        self._loops = [asyncio.create_task(self._claim_forever()), asyncio.create_task(self._beat_forever())]

    async def stop(self, *, drain_seconds: float = 0) -> None:
        """Claim nothing more, wait for what is at work, and hand over what is not done by then."""
        self.claim_no_more()
        if self._loops:
            # What it is about to claim has to be known before it can be given back.
            await asyncio.wait(self._loops[:1], timeout=self._lease_seconds)
        if self._running and drain_seconds:
            await self._drain(drain_seconds)
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running)
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        try:
            await self._database.write(lambda session: self._queue.hand_over(session, worker=self.name))
        except FamulusError as error:
            # Whoever takes it next waits for the leases to end.
            _logger.warning("jobs.not_handed_over", code=error.code, **error.for_logs)

    def claim_no_more(self) -> None:
        """Begin to drain: what is at work goes on, and nothing is added to it."""
        self._draining = True
        self._queue.bell.set()

    def hurry(self) -> None:
        """Do not wait any longer for what is at work."""
        self._hurried.set()

    async def _drain(self, seconds: float) -> None:
        """Wait for what is at work, until time is up or somebody is in a hurry."""
        ending = asyncio.ensure_future(asyncio.wait(self._running))
        hurried = asyncio.ensure_future(self._hurried.wait())
        await asyncio.wait({ending, hurried}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for waiting in (ending, hurried):
            waiting.cancel()

    def check_progress(self, *, late_seconds: float = 0) -> None:
        """Raise `Unavailable` when this worker does not look for work, keep its leases, or find what there is to do.

        `late_seconds` says for how long a job has been due that anybody might claim.
        """
        if self._draining:
            raise Unavailable("The process is about to stop.", stuck="worker")
        silent_seconds = self._ticks() - self._looked_at
        if silent_seconds > self._poll_seconds * _PAUSES_UNTIL_STUCK + self._lease_seconds:
            raise Unavailable("The worker does not look for work.", stuck="worker", seconds=round(silent_seconds))
        if any(loop.done() for loop in self._loops):
            raise Unavailable("The worker has lost one of its loops.", stuck="worker")
        # One that has its hands full, or has just taken something, gets on, however long the line is.
        if min(late_seconds, self._ticks() - self._busy_at) > LATE_SECONDS:
            raise Unavailable("Jobs are due, and nobody claims them.", stuck="queue", seconds=round(late_seconds))

    async def _claim_forever(self) -> None:
        STANDING.set(Standing.URGENT)
        while not self._draining:
            self._queue.bell.clear()
            may_be_more = False
            try:
                may_be_more = await self._claim()
                self._looked_at = self._ticks()
            except FamulusError as error:
                _logger.warning("jobs.claim_failed", code=error.code, **error.for_logs)
            except Exception:
                # Whatever it is, what is due is looked for again; that it is not found shows in `check_progress`.
                _logger.exception("jobs.claim_broken")
            if may_be_more:
                continue
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._queue.bell.wait(), self._poll_seconds)

    async def _claim(self) -> bool:
        """Take what there is room for; whether something may be left that there is still room for."""
        most = min(_MOST_PER_CLAIM, self._concurrency - len(self._running))
        if most <= 0:
            self._busy_at = self._ticks()
            return False
        claims = await self._database.write(
            lambda session: self._queue.claim(session, worker=self.name, most=most), durable=False
        )
        for claim in claims:
            task = asyncio.create_task(self._work(claim), name=claim.id)
            self._running[task] = claim
            task.add_done_callback(self._ended)
        if claims:
            self._busy_at = self._ticks()
        return len(claims) == most

    def _ended(self, task: asyncio.Task[None]) -> None:
        if len(self._running) == self._concurrency:
            # It had its hands full: there may be what it could not take.
            self._queue.bell.set()
        del self._running[task]

    async def _work(self, claim: Claim) -> None:
        STANDING.set(Standing.PATIENT)
        began, outcome = time.monotonic(), "cancelled"
        with structlog.contextvars.bound_contextvars(job_id=claim.id, attempt=claim.attempt):
            try:
                await self._handlers[claim.kind](claim)
                outcome = "lost" if claim.is_lost else "done"
            except LeaseLost:
                outcome = "lost"
            except FamulusError as error:
                outcome = "lost" if claim.is_lost else await self._failed(claim, error.code)
            except Exception as error:
                _logger.exception("jobs.failed", kind=claim.kind)
                outcome = await self._failed(claim, type(error).__name__)
            finally:
                metrics.jobs.labels(claim.kind, outcome).observe(time.monotonic() - began)

    async def _failed(self, claim: Claim, error: str) -> str:
        """Have the job tried again, or give it up; which of the two."""
        give_up = claim.attempt >= self._max_attempts and claim.kind not in self._never_given_up
        pause = timedelta(seconds=min(2.0 ** min(claim.attempt, 30), _LONGEST_BACKOFF_SECONDS))
        _logger.warning("jobs.will_retry" if not give_up else "jobs.given_up", kind=claim.kind, error=error)
        # Until it has been noted, the lease goes on: a job that was let go of in silence would look like one at work.
        while not claim.is_lost:
            noting = self._database.submit(
                lambda session: self._queue.retry(
                    session, claim, until=self._now() + pause, error=error, give_up=give_up
                )
            )
            try:
                await asyncio.shield(noting)
                break
            except asyncio.CancelledError:
                # It is noted before the job is handed over.
                await asyncio.wait({noting})
                raise
            except Exception as unheard:  # noqa: BLE001 -- whatever it is, it is tried again
                _logger.warning("jobs.failure_not_noted", error=type(unheard).__name__)
                await asyncio.sleep(self._poll_seconds)
        return "given_up" if give_up else "failed"

    async def _beat_forever(self) -> None:
        """Lengthen the leases, and learn which of them were lost."""
        STANDING.set(Standing.URGENT)
        while True:
            await asyncio.sleep(self._lease_seconds / 3)
            if not self._running:
                continue
            before = list(self._running.values())
            try:
                held = await self._database.write(
                    partial(self._queue.heartbeat, worker=self.name, job_ids=[claim.id for claim in before]),
                    durable=False,
                )
            except FamulusError as error:
                _logger.warning("jobs.heartbeat_failed", code=error.code, **error.for_logs)
                continue
            except Exception:
                _logger.exception("jobs.heartbeat_broken")
                continue
            current = set(self._running.values())
            for claim in before:
                if claim in current and held.get(claim.id) != claim.fence:
                    metrics.leases_lost.inc()
                    claim.lose()
