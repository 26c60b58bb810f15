"""How a worker begins with a run that it has claimed: for the first time, again after a crash, or after a pause."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from famulus.agent.tools import Toolset, failure
from famulus.agent.window import Message
from famulus.features.conversations.ending import close_open_work, end, ended, run_event, step_event
from famulus.features.conversations.history import history
from famulus.features.conversations.records import Run, Step
from famulus.features.conversations.run_repository import RunRepository
from famulus.features.conversations.runs import RunDesk
from famulus.features.conversations.steps import new_step
from famulus.infra.database import Session
from famulus.jobs.queue import Claim
from famulus.kit.ids import new_id
from famulus.streams import store
from famulus.streams.store import Draft

_INTERRUPTED = "interrupted"
_UNKNOWN = failure(
    "outcome_unknown",
    "The server stopped while this call was being made. Whether it took effect is not known; it was not made again.",
)


@dataclass(frozen=True, slots=True)
class Opening:
    """A run that is to be worked on, and where it stands."""

    run: Run
    history: list[Message]
    steps: list[Step]
    """All that were taken so far, in order."""
    first_call: Step | None
    """The model call that comes next, already on record; none where calls have to be made first."""


async def open_run(
    session: Session, claim: Claim, desk: RunDesk, toolset: Toolset, *, max_attempts: int
) -> Opening | None:
    """Take the run's stream and put in order what an earlier attempt has left; None when there is nothing to do."""
    runs = RunRepository(session, claim.payload["user_id"])
    await session.alone(claim.payload["run_id"])
    run = await runs.find(claim.payload["run_id"])
    if run is None or run.ended_at is not None:
        await desk.queue.finish(session, claim)
        return None
    await store.take(session, run.id, claim.fence)
    now = desk.now()
    drafts: list[Draft] = []
    if final := _verdict(run, now, claim, max_attempts):
        await close_open_work(session, drafts, run, reason=final.status, at=now)
        await end(session, drafts, final, desk.plans, desk.tell)
        await desk.queue.finish(session, claim)
        await desk.log.append(session, run.id, epoch=claim.fence, drafts=drafts)
        return None
    if run.status == "in_progress":
        await close_open_work(session, drafts, run, reason=_INTERRUPTED, at=now)
        await _settle_unknown(session, drafts, run, toolset, now)
    else:
        run = await _started(runs, run, now, desk)
        drafts.append(run_event(run))
    shown = await history(session, run, budget_tokens=desk.limits.context_tokens)
    # Nobody has worked on it before the first claim.
    steps = await runs.steps(run.id) if claim.fence > 1 else []
    first_call = None
    if not shown[-1].get("tool_calls") and model_calls(steps) < desk.limits.max_steps:
        # Recorded here, it costs no transaction of its own.
        first_call = new_step(run, len(steps), now, kind="model_call", message_id=new_id("msg"))
        await runs.add_steps([first_call])
        drafts += [step_event(first_call, "created"), step_event(first_call)]
    if drafts:
        await desk.log.append(session, run.id, epoch=claim.fence, drafts=drafts)
    return Opening(run, shown, steps, first_call)


def model_calls(steps: list[Step]) -> int:
    """How many of a run's model calls are used up: one that was interrupted is made again."""
    return sum(step.kind == "model_call" and (step.error or {}).get("code") != _INTERRUPTED for step in steps)


def _verdict(run: Run, now: datetime, claim: Claim, max_attempts: int) -> Run | None:
    """The run as it has to end before any work, if it has to."""
    if run.cancel_requested_at is not None:
        return ended(run, "cancelled", now)
    if run.expires_at is not None and run.expires_at <= now:
        return ended(run, "expired", now)
    if claim.attempt > max_attempts:
        error = {
            "code": "too_many_attempts",
            "message": f"The run was started {max_attempts} times and never ended.",
        }
        return ended(run, "failed", now, last_error=error)
    return None


async def _started(runs: RunRepository, run: Run, now: datetime, desk: RunDesk) -> Run:
    changes: dict[str, Any] = {
        "status": "in_progress",
        "started_at": run.started_at or now,
        "expires_at": now + timedelta(seconds=desk.limits.run_timeout_seconds),
    }
    await runs.update(run.id, changes)
    return replace(run, **changes)


async def _settle_unknown(session: Session, drafts: list[Draft], run: Run, toolset: Toolset, now: datetime) -> None:
    """Tell the model of calls that had begun, and that nobody may make again."""
    runs = RunRepository(session, run.user_id)
    for step in await runs.steps(run.id):
        tool = toolset.get(step.name or "")
        if step.status != "in_progress" or step.began_at is None or (tool is not None and tool.idempotent):
            continue
        error = {"code": "outcome_unknown", "message": "Whether this call took effect is not known."}
        changes: dict[str, Any] = {
            "status": "failed",
            "output": _UNKNOWN.text,
            "error": error,
            "ended_at": now,
        }
        await runs.update_step(step.id, changes)
        drafts.append(step_event(replace(step, **changes)))
