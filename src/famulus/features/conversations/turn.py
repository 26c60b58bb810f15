"""A worker's turn at a run: what the loop yields becomes rows and log entries, each with what it belongs to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Literal

from famulus.agent.loop import Answer, CallStarted, LoopEvent, Plan, Request, converse, tool_call
from famulus.agent.models import Model
from famulus.agent.tools import Output, Toolset
from famulus.features.conversations.calls import CallRoom
from famulus.features.conversations.ending import (
    MESSAGE_DELTA,
    STEP_DELTA,
    end,
    ended,
    message_event,
    run_event,
    step_event,
)
from famulus.features.conversations.learner import learn_later
from famulus.features.conversations.memories import note_what_was_done
from famulus.features.conversations.opening import Opening, model_calls
from famulus.features.conversations.records import Message, RunStatus, Step
from famulus.features.conversations.repository import ConversationRepository
from famulus.features.conversations.run_repository import RunRepository
from famulus.features.conversations.runs import RunDesk
from famulus.features.conversations.steps import new_step
from famulus.features.conversations.taint import is_tainted
from famulus.infra.database import Session
from famulus.infra.llm import ReasoningDelta, Retrying, TextDelta, Usage
from famulus.jobs.queue import Claim
from famulus.kit.ids import new_id
from famulus.kit.killpoints import killpoint
from famulus.streams.store import Draft
from famulus.streams.writer import Writer

TITLE_JOB = "title"
_CUT_OFF = {"length": "max_tokens", "content_filter": "content_filter"}


@dataclass(slots=True)
class _Open:
    """The model call under way."""

    step: Step
    message: Message | None = None


class Turn:
    """One attempt to bring a run to its end."""

    def __init__(
        self, opening: Opening, claim: Claim, writer: Writer, desk: RunDesk, *, model: Model, toolset: Toolset
    ) -> None:
        self._run = opening.run
        self._history = opening.history
        self._steps_taken = model_calls(opening.steps)
        self._first_call = opening.first_call
        self._position = len(opening.steps) + (opening.first_call is not None)
        self._usage = opening.run.usage or {}
        self._claim = claim
        self._writer = writer
        self._desk = desk
        self._model = model
        self._toolset = toolset
        tainted = is_tainted(opening.history, toolset)
        self._calls = CallRoom(opening.run, writer, desk, toolset, opening.steps, tainted=tainted)
        self._open: _Open | None = None
        self.status: RunStatus = opening.run.status
        """How the run stands, as far as this turn has brought it."""

    async def play(self) -> None:
        """Let model and tools take turns until the run has ended or waits for its client."""
        client_tools = self._run.client_tools
        plan = Plan(
            model=self._run.model,
            tools=[*self._toolset.definitions(), *client_tools],
            context_tokens=self._desk.limits.context_tokens,
            max_steps=self._desk.limits.max_steps,
            correlation_id=self._run.correlation_id,
        )
        events = converse(self._model, plan, self._history, self._execute, steps_taken=self._steps_taken)
        try:
            async for event in events:
                if isinstance(event, TextDelta) and self._open and self._open.message:
                    self._writer.append_text(MESSAGE_DELTA, self._open.message.id, event.text)
                    await self._writer.gathering()
                else:
                    await self._take(event)
        finally:
            await events.aclose()

    async def _take(self, event: LoopEvent) -> None:
        match event:
            case TextDelta():
                await self._first_words(event.text)
            case ReasoningDelta():
                self._writer.append_text(STEP_DELTA, self._under_way.step.id, event.text)
                await self._writer.gathering()
            case Retrying():
                await self._retrying(event)
            case CallStarted():
                await self._call_started()
            case Answer():
                await self._answered(event)

    @property
    def _under_way(self) -> _Open:
        if self._open is None:
            raise RuntimeError("No model call is under way.")
        return self._open

    async def _call_started(self) -> None:
        if self._first_call is not None:
            self._open, self._first_call = _Open(self._first_call), None
            return
        step = self._new_step(kind="model_call", message_id=new_id("msg"))

        async def record(session: Session, drafts: list[Draft]) -> None:
            await RunRepository(session, self._run.user_id).add_steps([step])
            drafts += [step_event(step, "created"), step_event(step)]

        await self._writer.transact(record, durable=False)
        self._open = _Open(step)

    async def _first_words(self, text: str) -> None:
        """Open the message and show its first words at once, in one transaction."""
        under_way = self._under_way
        run = self._run

        async def record(session: Session, drafts: list[Draft]) -> Message:
            now = self._desk.now()
            repository = ConversationRepository(session, run.user_id)
            conversation = await repository.take_position(run.conversation_id, now)
            message = Message(
                id=str(under_way.step.message_id), user_id=run.user_id, conversation_id=run.conversation_id,
                run_id=run.id, position=conversation.last_position if conversation else 0, role="assistant",
                status="in_progress", text="", incomplete_reason=None, created_at=now, completed_at=None,
            )  # fmt: skip
            await repository.add_message(message)
            drafts += [
                ("thread.message.created", message_event(message)[1]),
                message_event(message),
                (MESSAGE_DELTA, {"id": message.id, "text": text}),
            ]
            return message

        killpoint("before_first_token")
        under_way.message = await self._writer.transact(record, durable=False)
        killpoint("after_first_token")

    async def _retrying(self, event: Retrying) -> None:
        """Let whoever watches know why nothing comes."""
        step = self._under_way.step
        news = {
            "attempt": event.attempt,
            "delay_seconds": round(event.delay_seconds, 3),
            "reason": event.reason,
        }

        async def record(_session: Session, drafts: list[Draft]) -> None:
            drafts.append((STEP_DELTA, {"id": step.id, "text": "", "retrying": news}))

        await self._writer.transact(record)

    async def _answered(self, answer: Answer) -> None:
        """Close the model call; the run with it, unless there are calls to make."""
        under_way, self._open = self._under_way, None
        self._count(answer.usage)

        async def record(session: Session, drafts: list[Draft]) -> None:
            await self._close_call(session, drafts, under_way, answer)
            if answer.calls:
                await self._calls.open(session, drafts, answer.calls, first_position=self._position)
            else:
                await self._finish(session, drafts, answer)

        killpoint("before_end" if not answer.calls else "before_calls")
        await self._writer.transact(record)
        killpoint("after_end" if not answer.calls else "after_calls")
        if not answer.calls:
            self.status = _status_after(answer)
        self._position += len(answer.calls)

    async def _close_call(self, session: Session, drafts: list[Draft], under_way: _Open, answer: Answer) -> None:
        now = self._desk.now()
        cut_off = _CUT_OFF.get(answer.finish_reason)
        if under_way.message:
            changes: dict[str, Any] = {
                "status": "incomplete" if cut_off else "completed", "text": answer.text,
                "incomplete_reason": cut_off, "completed_at": now,
            }  # fmt: skip
            await ConversationRepository(session, self._run.user_id).update_message(under_way.message.id, changes)
            drafts.append(message_event(replace(under_way.message, **changes)))
        usage = _usage(answer.usage)
        closed: dict[str, Any] = {
            "status": "completed", "calls": [tool_call(call) for call in answer.calls] or None,
            "usage": usage, "ended_at": now,
        }  # fmt: skip
        await RunRepository(session, self._run.user_id).update_step(under_way.step.id, closed)
        drafts.append(step_event(replace(under_way.step, **closed)))

    async def _finish(self, session: Session, drafts: list[Draft], answer: Answer) -> None:
        run = ended(
            self._run, _status_after(answer), self._desk.now(), usage=self._usage or None,
            incomplete_reason=_CUT_OFF.get(answer.finish_reason),
        )  # fmt: skip
        conversations = ConversationRepository(session, run.user_id)
        # Before what was spent is counted, as whoever sends does: in another order the two would wait for each other.
        conversation = await conversations.mark_unread(run.conversation_id)
        await end(session, drafts, run, self._desk.plans, self._desk.tell)
        await note_what_was_done(session, self._desk.errands, run, self._calls.steps, self._history)
        if run.status == "completed":
            await learn_later(session, self._desk, run, tainted=self._calls.tainted_but_for())
        if conversation and conversation.title_source == "default":
            payload = {"user_id": run.user_id, "conversation_id": run.conversation_id, "run_id": run.id}
            await self._desk.queue.add(session, TITLE_JOB, payload, user_id=run.user_id)
        await self._desk.queue.finish(session, self._claim)

    async def _execute(self, requests: Sequence[Request]) -> list[Output] | None:
        """Make the calls that are ours; None when the run has to wait for its client to make the others."""
        await self._calls.make([request for request in requests if not self._is_clients(request)])
        outputs = [self._calls.output_of(request.call.call_id) for request in requests]
        waiting = [request for request, output in zip(requests, outputs, strict=True) if output is None]
        if waiting:
            await self._wait_for_client(waiting)
            return None
        return [output for output in outputs if output is not None]

    def _is_clients(self, request: Request) -> bool:
        return any(tool["function"]["name"] == request.call.name for tool in self._run.client_tools)

    async def _wait_for_client(self, waiting: Sequence[Request]) -> None:
        action = {
            "type": "submit_tool_outputs",
            "submit_tool_outputs": {"tool_calls": [tool_call(request.call) for request in waiting]},
        }
        until = self._desk.now() + timedelta(seconds=self._desk.limits.action_timeout_seconds)
        changes: dict[str, Any] = {
            "status": "requires_action", "required_action": action, "expires_at": until, "usage": self._usage or None,
            "memories": self._run.memories,
        }  # fmt: skip

        async def record(session: Session, drafts: list[Draft]) -> None:
            await session.alone(self._run.id)
            await RunRepository(session, self._run.user_id).update(self._run.id, changes)
            await self._desk.queue.park(session, self._claim, until=until)
            drafts.append(run_event(replace(self._run, **changes)))

        await self._writer.transact(record)
        self.status = "requires_action"

    def _new_step(self, **values: Any) -> Step:
        step = new_step(self._run, self._position, self._desk.now(), **values)
        self._position += 1
        return step

    def _count(self, usage: Usage | None) -> None:
        for name, amount in (_usage(usage) or {}).items():
            self._usage = {**self._usage, name: self._usage.get(name, 0) + amount}


def _status_after(answer: Answer) -> Literal["completed", "incomplete"]:
    return "incomplete" if answer.finish_reason in _CUT_OFF else "completed"


def _usage(usage: Usage | None) -> dict[str, int] | None:
    if usage is None:
        return None
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total_tokens,
    }
