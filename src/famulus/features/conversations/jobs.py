"""What the clock asks for: bring a claimed run to its end, and give a conversation a title."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog
from structlog.contextvars import bound_contextvars

from famulus.agent.loop import NoOutput, StepLimit
from famulus.agent.models import Model
from famulus.agent.tools import Toolset
from famulus.features.conversations.ending import close_open_work, end, ended, run_event
from famulus.features.conversations.memories import with_memories
from famulus.features.conversations.opening import Opening, open_run
from famulus.features.conversations.records import Run
from famulus.features.conversations.repository import ConversationRepository
from famulus.features.conversations.run_repository import RunRepository, cancelled_among
from famulus.features.conversations.runs import RUN_JOB, RunDesk
from famulus.features.conversations.titles import title_for
from famulus.features.conversations.turn import TITLE_JOB, Turn
from famulus.features.usage.records import Spent
from famulus.features.usage.service import Usage
from famulus.infra import tracing
from famulus.infra.database import Database, Session
from famulus.infra.llm import ProviderFault
from famulus.jobs.queue import Claim, LeaseLost
from famulus.jobs.worker import Handler
from famulus.kit.errors import FamulusError, StorageFull, Unavailable
from famulus.kit.loops import forever
from famulus.memory.client import Recall
from famulus.streams.store import Draft, Fenced
from famulus.streams.writer import Writer

_LOOK_SECONDS = 1.0
_logger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class RunWorker:
    """Works on runs, one claim at a time."""

    database: Database
    desk: RunDesk
    model_named: Callable[[str], Model]
    toolset: Toolset
    recall: Recall
    max_attempts: int = 5

    @property
    def handlers(self) -> dict[str, Handler]:
        """What it does about which jobs."""
        return {RUN_JOB: self.run, TITLE_JOB: self.title}

    async def run(self, claim: Claim) -> None:
        """Bring the run to its end, to a pause, or to where another attempt goes on."""
        try:
            opening = await self.database.write(
                lambda session: open_run(session, claim, self.desk, self.toolset, max_attempts=self.max_attempts),
                durable=False,
            )
        except (Fenced, LeaseLost):
            return
        if opening is None:
            return
        writer, status = self.desk.log.open(opening.run.id, claim.fence), "lost"
        bound = bound_contextvars(correlation_id=opening.run.correlation_id, run_id=opening.run.id)
        try:
            with suppress(Fenced, LeaseLost), bound, _traced(opening.run, claim) as span:
                opening = await with_memories(opening, self.recall, most_characters=self.desk.limits.context_tokens)
                status = await self._attend(opening, claim, writer)
                span.note({"famulus.run.status": status})
                if status == "failed":
                    span.fail("run_failed")
        finally:
            self.desk.cancellations.forget(opening.run.id)
            writer.close()
        if status == "lost":
            claim.is_lost = True
            _logger.warning("run.taken_over", run_id=opening.run.id)

    async def _attend(self, opening: Opening, claim: Claim, writer: Writer) -> str:
        """Play the turn in a task of its own, so that it can be stopped from outside and then be ended in peace.

        How it came out: the run's status, or that somebody else has it.
        """
        run = opening.run
        toolset = self.toolset.only(run.tools)
        turn = Turn(opening, claim, writer, self.desk, model=self.model_named(run.model), toolset=toolset)
        playing = asyncio.create_task(turn.play(), name=run.id)
        stopped = _Stop(playing)
        self.desk.cancellations.listen(run.id, stopped.because_cancelled)
        claim.on_lost = writer.on_fenced = stopped.because_lost
        deadline = (run.expires_at - self.desk.now()).total_seconds() if run.expires_at else None
        try:
            done, _ = await asyncio.wait({playing}, timeout=deadline)
        except asyncio.CancelledError:
            await _cancelled(playing)
            raise
        if not done:
            stopped.because_expired()
            await _cancelled(playing)
        if stopped.reason == "lost":
            return "lost"
        if final := _final(run, playing, stopped, self.desk):
            await writer.transact(lambda session, drafts: self._end(session, drafts, final, claim))
        return final.status if final else turn.status

    async def _end(self, session: Session, drafts: list[Draft], final: Run, claim: Claim) -> None:
        """End a run that did not end by itself; unless it has, in the moment when it was to be stopped."""
        await session.alone(final.id)
        current = await RunRepository(session, final.user_id).find(final.id)
        if current is None or current.ended_at is not None:
            return
        # A run that has come to wait for its client has no time limit of its own here, but can be cancelled.
        if current.status == "requires_action" and final.status != "cancelled":
            return
        if final.status == "cancelled":
            drafts.append(run_event(current, "cancelling"))
        reason = {"failed": "failed", "cancelled": "cancelled", "expired": "expired"}[final.status]
        await close_open_work(session, drafts, current, reason=reason, at=self.desk.now())
        await end(session, drafts, final, self.desk.plans, self.desk.tell)
        await self.desk.queue.finish(session, claim)

    async def watch_cancellations(self) -> None:
        """Stop what was cancelled through another process, or in the moment before it was listened for."""
        await forever("cancellations", self._stop_what_was_cancelled, after_failure_seconds=_LOOK_SECONDS)

    async def _stop_what_was_cancelled(self) -> float:
        if run_ids := self.desk.cancellations.run_ids:
            for run_id in await self.database.read(partial(cancelled_among, run_ids=run_ids)):
                self.desk.cancellations.stop_here(run_id)
        return _LOOK_SECONDS

    async def title(self, claim: Claim) -> None:
        """Give the conversation a title; never over a person's own."""
        user_id, conversation_id = claim.payload["user_id"], claim.payload["conversation_id"]

        async def look(session: Session) -> tuple[Run | None, list[Any]]:
            run = await RunRepository(session, user_id).find(claim.payload["run_id"])
            said = await ConversationRepository(session, user_id).messages_of_run(claim.payload["run_id"])
            return run, said

        run, said = await self.database.read(look)
        title, taken = await title_for(self.model_named(run.model), run, said) if run and said else (None, None)

        async def record(session: Session) -> None:
            if title:
                await ConversationRepository(session, user_id).name_once(conversation_id, title)
            if run and taken:
                spent = Spent(taken.prompt_tokens, taken.completion_tokens)
                usage = Usage(session, user_id, self.desk.plans, now=self.desk.now)
                await usage.record("title", key=claim.id, model=run.model, spent=spent)
            await self.desk.queue.finish(session, claim)

        await self.database.write(record)


def _traced(run: Run, claim: Claim) -> AbstractContextManager[tracing.Span]:
    """A span for the run, in the trace of whoever began it, and from then on; for one that goes on, from now on."""
    return tracing.span(
        "run",
        {"famulus.run.id": run.id, "famulus.run.attempt": claim.attempt},
        kind="consumer",
        parent=claim.payload.get(tracing.HEADER),
        began=run.created_at if claim.fence == 1 else None,
    )


class _Stop:
    """Stops a playing turn, and remembers why."""

    def __init__(self, playing: "asyncio.Task[None]") -> None:
        self._playing = playing
        self.reason = ""

    def _stop(self, reason: str) -> None:
        # Once: a turn that is told again while it cleans up would leave that undone.
        if not self.reason:
            self.reason = reason
            self._playing.cancel()

    def because_cancelled(self) -> None:
        self._stop("cancelled")

    def because_expired(self) -> None:
        self._stop("expired")

    def because_lost(self) -> None:
        self._stop("lost")


async def _cancelled(task: "asyncio.Task[None]") -> None:
    """Cancel a task, and wait until it has let go of everything."""
    task.cancel()
    await asyncio.wait({task})


def _final(run: Run, playing: "asyncio.Task[None]", stopped: _Stop, desk: RunDesk) -> Run | None:
    """The run as it has to end, when the turn did not end it."""
    now = desk.now()
    if playing.cancelled():
        return ended(run, "expired" if stopped.reason == "expired" else "cancelled", now)
    error = _first(playing.exception())
    match error:
        case None:
            return None
        case StorageFull() | Unavailable() | Fenced() | LeaseLost() if not isinstance(error, ProviderFault):
            raise error
        case _:
            return ended(run, "failed", now, last_error=_described(error))


def _first(error: BaseException | None) -> BaseException | None:
    """The first of what went wrong in calls that were made together."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _described(error: BaseException) -> dict[str, str]:
    """What clients learn of a failure."""
    if isinstance(error, (ProviderFault, NoOutput, StepLimit)):
        _logger.warning("run.failed", code=error.code, said=getattr(error, "said", None))
    if isinstance(error, FamulusError):
        return {"code": error.code, "message": error.message}
    _logger.error("run.broken", exc_info=error)
    return {"code": "internal_error", "message": "Something went wrong on the server."}
