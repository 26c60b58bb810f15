"""The tool calls of one run: a row before each, its effect and its output together, never the same effect twice."""

import asyncio
import time
from collections.abc import Container, Sequence
from dataclasses import replace
from typing import Any

from famulus.agent import tools
from famulus.agent.loop import Request
from famulus.agent.tools import Arguments, Output, Tool, ToolContext, Toolset
from famulus.features.conversations.ending import step_event
from famulus.features.conversations.records import Run, Step
from famulus.features.conversations.run_repository import RunRepository
from famulus.features.conversations.runs import RunDesk
from famulus.features.conversations.steps import new_step
from famulus.features.conversations.taint import brings_others_text
from famulus.infra import metrics, tracing
from famulus.infra.database import Session
from famulus.infra.llm import ToolCall
from famulus.kit.errors import StorageFull, Unavailable
from famulus.kit.facts import Fact
from famulus.kit.killpoints import killpoint
from famulus.streams.store import Draft, Fenced
from famulus.streams.writer import Writer


class CallRoom:
    """Where calls are made and their outputs are known."""

    def __init__(
        self, run: Run, writer: Writer, desk: RunDesk, toolset: Toolset, steps: Sequence[Step], *, tainted: bool
    ) -> None:
        self._run = run
        self._tainted = tainted
        self._writer = writer
        self._desk = desk
        self._toolset = toolset
        self._steps = {step.call_id: step for step in steps if step.call_id}
        self._at_once = asyncio.Semaphore(desk.limits.max_parallel_tools)

    async def open(
        self, session: Session, drafts: list[Draft], calls: Sequence[ToolCall], *, first_position: int
    ) -> None:
        """Put the calls of one answer on record, before any of them is made."""
        opened = [self._step_for(call, first_position + index) for index, call in enumerate(calls)]
        await RunRepository(session, self._run.user_id).add_steps(opened)
        for step in opened:
            drafts += [step_event(step, "created"), step_event(step)]
            self._steps[str(step.call_id)] = step

    async def make(self, requests: Sequence[Request]) -> None:
        """Make the calls, several at a time; one that has an output already is not made again."""
        self._tainted = self.tainted_but_for({request.call.call_id for request in requests})
        async with asyncio.TaskGroup() as group:
            for request in requests:
                if self.output_of(request.call.call_id) is None:
                    group.create_task(self._make(request))

    def tainted_but_for(self, call_ids: Container[str] = ()) -> bool:
        """Whether the model has read somebody else's text; what a round's own calls bring it has not read yet."""
        others = (step for call_id, step in self._steps.items() if step.output is not None and call_id not in call_ids)
        return self._tainted or any(
            brings_others_text(self._toolset, str(step.name), str(step.output)) for step in others
        )

    @property
    def steps(self) -> list[Step]:
        """Every call of the run, as it stands."""
        return list(self._steps.values())

    def output_of(self, call_id: str) -> Output | None:
        """What a call came to, if it has come to something."""
        step = self._steps[call_id]
        return None if step.output is None else Output(step.output, (step.error or {}).get("code"))

    async def _make(self, request: Request) -> None:
        step = self._steps[request.call.call_id]
        async with self._at_once:
            made = request.refusal or await self._measured(step)
            if made is not None:
                output = Output(made.text + request.remark, made.error_code)
                await self._writer.transact(lambda session, drafts: self._close(session, drafts, step, output))
        killpoint("after_tool_result")

    async def _measured(self, step: Step) -> Output | None:
        began = time.monotonic()
        # A name that the model made up is none of ours.
        name = step.name if step.name and self._toolset.get(step.name) else "unknown"
        about = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name}
        with tracing.span(f"execute_tool {name}", about) as span:
            made = await self._attempted(step)
            outcome = made.error_code if made is not None and made.error_code else "ok"
            span.note({"famulus.outcome": outcome})
            if outcome != "ok":
                span.fail(outcome)
        seconds = time.monotonic() - began
        metrics.tool_calls.labels(name, outcome).observe(seconds)
        took_ms = round(seconds * 1_000)
        self._desk.tell(Fact(self._run.user_id, "tool.called", subject=name, outcome=outcome, took_ms=took_ms))
        return made

    async def _attempted(self, step: Step) -> Output | None:
        """Make one call; None when its output went on record with its effect."""
        tool = self._toolset.get(step.name or "")
        if tool is None:
            return tools.unknown(step.name or "")
        arguments = tools.parsed(tool, step.arguments or "")
        if isinstance(arguments, Output):
            return arguments
        killpoint("before_tool")
        if tool.transactional:
            return await self._in_transaction(step, tool, arguments)
        if not tool.idempotent:
            await self._record_beginning(step)
        limits = self._desk.limits
        output = await tools.call(
            tool,
            self._context(step),
            arguments,
            timeout_seconds=limits.tool_timeout_seconds,
            limit=limits.max_tool_output_characters,
        )
        killpoint("after_tool")
        return output

    async def _in_transaction(self, step: Step, tool: Tool, arguments: Arguments) -> Output | None:
        """Effect and output are committed together, or neither is."""

        async def work(session: Session, drafts: list[Draft]) -> None:
            text = await tool.function(self._context(step, session), arguments)  # type: ignore[misc]
            output = tools.bounded(text, self._desk.limits.max_tool_output_characters)
            await self._close(session, drafts, step, output)
            killpoint("in_tool_transaction")

        try:
            await self._writer.transact(work)
        except (StorageFull, Unavailable, Fenced):
            raise
        except Exception as error:  # noqa: BLE001 -- a tool's bug is the model's to read about
            return tools.excused(tool, self._context(step), error)
        return None

    async def _record_beginning(self, step: Step) -> None:
        """From here on nobody can know, after a crash, whether the call took effect."""
        began_at = self._desk.now()

        async def record(session: Session, _drafts: list[Draft]) -> None:
            await RunRepository(session, self._run.user_id).update_step(step.id, {"began_at": began_at})

        await self._writer.transact(record)

    async def _close(self, session: Session, drafts: list[Draft], step: Step, output: Output) -> None:
        error = {"code": output.error_code, "message": "The call failed."} if output.error_code else None
        changes: dict[str, Any] = {
            "status": "failed" if error else "completed", "output": output.text, "error": error,
            "ended_at": self._desk.now(),
        }  # fmt: skip
        await RunRepository(session, self._run.user_id).update_step(step.id, changes)
        closed = replace(step, **changes)
        drafts.append(step_event(closed))
        session.after_commit(lambda: self._steps.__setitem__(str(step.call_id), closed))

    def _context(self, step: Step, session: Session | None = None) -> ToolContext:
        return ToolContext(
            user_id=self._run.user_id,
            run_id=self._run.id,
            conversation_id=self._run.conversation_id,
            idempotency_key=f"{self._run.id}/{step.id}",
            correlation_id=self._run.correlation_id,
            zone=self._run.zone,
            now=self._desk.now(),
            tainted=self._tainted,
            session=session,
        )

    def _step_for(self, call: ToolCall, position: int) -> Step:
        tool = self._toolset.get(call.name)
        return new_step(
            self._run, position, self._desk.now(), kind="tool_call", call_id=call.call_id, name=call.name,
            arguments=call.arguments, show_input=tool.show_input if tool else True,
        )  # fmt: skip
