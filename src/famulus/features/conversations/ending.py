"""How a run ends: its open work is closed, its row is final, and its stream gets its last entries."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

import structlog

from famulus.features.conversations.records import Message, Run, Step
from famulus.features.conversations.repository import ConversationRepository
from famulus.features.conversations.run_repository import RunRepository
from famulus.features.conversations.schemas import MessageView, RunView, StepView
from famulus.features.usage.plans import Plans
from famulus.features.usage.service import Usage
from famulus.infra.database import Session
from famulus.kit.clock import iso
from famulus.kit.facts import Fact, Tell
from famulus.streams import store
from famulus.streams.store import END, Draft

_logger = structlog.get_logger()

MESSAGE_DELTA = "thread.message.delta"
STEP_DELTA = "thread.run.step.delta"

EndStatus = Literal["completed", "failed", "cancelled", "expired", "incomplete"]

_STEP_END: dict[str, Literal["failed", "cancelled", "expired"]] = {
    "cancelled": "cancelled",
    "expired": "expired",
}


def message_event(message: Message, file_ids: Sequence[str] = ()) -> Draft:
    """What happened to a message, by its status."""
    return f"thread.message.{message.status}", MessageView.of(message, file_ids).data()


def step_event(step: Step, kind: str | None = None) -> Draft:
    """What happened to a step, by its status."""
    return f"thread.run.step.{kind or step.status}", StepView.of(step).data()


def run_event(run: Run, kind: str | None = None) -> Draft:
    """What happened to a run, by its status."""
    return f"thread.run.{kind or run.status}", RunView.of(run).data()


async def end(session: Session, drafts: list[Draft], run: Run, plans: Plans, tell: Tell) -> None:
    """Make the run's row final, and add the last entries there will be; `drafts` are what comes before them."""
    values = {
        "status": run.status,
        "last_error": run.last_error,
        "incomplete_reason": run.incomplete_reason,
        "required_action": run.required_action,
        "usage": run.usage,
        "degraded": run.degraded,
        "memories": run.memories,
        "ended_at": run.ended_at,
    }
    if not await RunRepository(session, run.user_id).update(run.id, values):
        return
    await settle(session, run, plans)
    # Said outside of the run's own context, and so with its correlation id by name.
    news = {"run_id": run.id, "status": run.status, "usage": run.usage, "correlation_id": run.correlation_id}
    session.after_commit(lambda: _logger.info("run.ended", **news))
    fact = await _fact(session, run)
    session.after_commit(lambda: tell(fact))
    drafts.append(run_event(run))
    head = await store.head(session, run.id)
    drafts += last_entries(run, entries_before=len(drafts) + (head.seq if head else 0))


async def _fact(session: Session, run: Run) -> Fact:
    """How the run went, for whoever counts."""
    first_words_at = await ConversationRepository(session, run.user_id).first_words_at(run.id)
    return Fact(
        run.user_id,
        "run.ended",
        subject=run.model,
        outcome=run.status,
        took_ms=_milliseconds(run.created_at, run.ended_at),
        first_ms=_milliseconds(run.created_at, first_words_at),
    )


def _milliseconds(since: datetime, until: datetime | None) -> int | None:
    # A clock that was set back meanwhile measures nothing.
    return None if until is None else max(0, round((until - since).total_seconds() * 1_000))


async def settle(session: Session, run: Run, plans: Plans) -> None:
    """Count what the run has taken by its steps; of one that failed all but the request counts."""
    spent = await RunRepository(session, run.user_id).spent(run.id)
    await Usage(session, run.user_id, plans).settle(run.id, spent, refund=run.status in {"failed", "expired"})


def last_entries(run: Run, *, entries_before: int) -> list[Draft]:
    """The entries after the run's own last event; the very last one is always `done`, with the run's status."""
    ended_at = run.ended_at or run.created_at
    extra = 3 if run.last_error else 2
    metadata = {
        "correlation_id": run.correlation_id,
        "elapsed_time_seconds": round((ended_at - run.created_at).total_seconds(), 3),
        "event_count": entries_before + extra,
        "memories": run.memories,
        "thread_id": run.conversation_id,
        "timestamp": iso(ended_at),
    }
    entries: list[Draft] = [("metadata", metadata)]
    if run.last_error:
        error = {**run.last_error, "correlation_id": run.correlation_id}
        entries.append(("error", {"error": error, "run_id": run.id}))
    return [*entries, (END, {"status": run.status, "run_id": run.id})]


def ended(run: Run, status: EndStatus, at: datetime, **changes: Any) -> Run:
    """The run as it is once it has ended."""
    return replace(run, status=status, ended_at=at, required_action=None, **changes)


async def close_open_work(session: Session, drafts: list[Draft], run: Run, *, reason: str, at: datetime) -> None:
    """Close the message and the steps that the run leaves open: what was said so far is kept, and marked.

    The text is folded from the log, whose entries are the only record of an answer under way, and from what `drafts`
    is about to add to it.
    """
    messages = ConversationRepository(session, run.user_id)
    runs = RunRepository(session, run.user_id)
    for message in await messages.messages_of_run(run.id):
        if message.status == "in_progress":
            text = await said(session, run.id, message.id, drafts)
            changes: dict[str, Any] = {
                "status": "incomplete", "text": text, "incomplete_reason": reason, "completed_at": at,
            }  # fmt: skip
            await messages.update_message(message.id, changes)
            drafts.append(message_event(replace(message, **changes)))
    for step in await runs.steps(run.id):
        if step.status == "in_progress" and (reason != "interrupted" or step.kind == "model_call"):
            status = _STEP_END.get(reason, "failed")
            error = (
                {"code": reason, "message": f"This step was {reason} before its end."} if status == "failed" else None
            )
            changes = {"status": status, "error": error, "ended_at": at}
            await runs.update_step(step.id, changes)
            drafts.append(step_event(replace(step, **changes)))


async def said(session: Session, run_id: str, message_id: str, pending: Sequence[Draft] = ()) -> str:
    """The text of a message as its stream has it."""
    kept = await store.of_kinds(session, run_id, MESSAGE_DELTA)
    deltas = [entry.data for entry in kept] + [data for kind, data in pending if kind == MESSAGE_DELTA]
    return "".join(delta["text"] for delta in deltas if delta["id"] == message_id)
