"""The loop: the model speaks, its tool calls are made, and it speaks again, until it has answered.

The loop yields what happens and keeps nothing. Whoever pulls an event has dealt with it before the next is made, so a
step that is announced here is on record before it begins.
"""

from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, aclosing
from dataclasses import dataclass, field, replace
from typing import Any

from famulus.agent.models import Model
from famulus.agent.tools import Output, failure
from famulus.agent.window import Message, fitted, repaired
from famulus.infra import metrics, tracing
from famulus.infra.llm import (
    ChatEvent,
    ChatRequest,
    ContextTooLong,
    Finish,
    ReasoningDelta,
    Retrying,
    TextDelta,
    ToolCall,
    Usage,
)
from famulus.kit.errors import Conflict, ProviderFailed
from famulus.kit.ids import new_id

_WARN_AT = 3
_REFUSE_AT = 5


@dataclass(frozen=True, slots=True)
class Request:
    """A call that the model asks for."""

    call: ToolCall
    refusal: Output | None = None
    """What the model is told in place of an output, when the call is not to be made."""
    remark: str = ""
    """What is added to its output."""


Execute = Callable[[Sequence[Request]], Awaitable[list[Output] | None]]
"""Makes the calls of one round and gives an output for each, in order; None when a client must make them first."""


class StepLimit(Conflict):
    """The run has used all the model calls it may."""


class NoOutput(ProviderFailed):
    """The model ended its answer without having said anything."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run works with."""

    model: str
    tools: list[dict[str, Any]]
    context_tokens: int
    max_steps: int
    correlation_id: str


@dataclass(frozen=True, slots=True)
class CallStarted:
    """A model call is about to be made."""


@dataclass(slots=True)
class Answer:
    """What one model call came to."""

    parts: list[str] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)
    usage: Usage | None = None
    finish_reason: str = ""

    @property
    def text(self) -> str:
        """All that was said."""
        return "".join(self.parts)

    def message(self) -> Message:
        """The answer as the next request repeats it."""
        message: Message = {"role": "assistant", "content": self.text or None}
        if self.calls:
            message["tool_calls"] = [tool_call(call) for call in self.calls]
        return message


LoopEvent = CallStarted | TextDelta | ReasoningDelta | Retrying | Answer


def tool_call(call: ToolCall) -> dict[str, Any]:
    """A call in the chat-completions format."""
    return {
        "id": call.call_id,
        "type": "function",
        "function": {"name": call.name, "arguments": call.arguments},
    }


def tool_output(call_id: str, text: str) -> Message:
    """An output in the chat-completions format."""
    return {"role": "tool", "tool_call_id": call_id, "content": text}


async def converse(
    model: Model, plan: Plan, history: Sequence[Message], execute: Execute, *, steps_taken: int = 0
) -> AsyncGenerator[LoopEvent, None]:
    """Take turns until the model has answered; the last `Answer` has no calls, or calls that a client must make.

    `history` may end with calls that were never made, as after a crash: those are made first. Raises `StepLimit`,
    and whatever the model raises.
    """
    messages = list(history)
    repeats = Repeats(messages)
    used_ids = {call["id"] for message in messages for call in message.get("tool_calls") or ()}
    if calls := _open_calls(messages):
        outputs = await execute([Request(call) for call in calls])
        if outputs is None:
            return
        messages += [tool_output(call.call_id, output.text) for call, output in zip(calls, outputs, strict=True)]
    for _ in range(steps_taken, plan.max_steps):
        answer = Answer()
        yield CallStarted()
        async with aclosing(_answered(model, plan, messages, answer)) as events:
            async for event in events:
                yield event
        if not (answer.parts or answer.calls):
            raise NoOutput("The model ended its answer without having said anything.")
        answer.calls = _distinct(answer.calls, used_ids)
        yield answer
        if not answer.calls:
            return
        outputs = await execute(repeats.counted(answer.calls))
        if outputs is None:
            return
        messages.append(answer.message())
        messages += [tool_output(c.call_id, o.text) for c, o in zip(answer.calls, outputs, strict=True)]
    raise StepLimit(f"The run has made {plan.max_steps} model calls, which is all it may.")


async def _answered(
    model: Model, plan: Plan, messages: Sequence[Message], answer: Answer
) -> AsyncGenerator[TextDelta | ReasoningDelta | Retrying, None]:
    """Stream one model call into `answer`; a history that is too long for the model is halved, once."""
    budget = plan.context_tokens
    for attempt in (1, 2):
        window = fitted(repaired(messages), budget)
        request = ChatRequest(model=plan.model, messages=window, tools=plan.tools)
        try:
            with metrics.timed_call(), _traced(plan) as span:
                async with aclosing(model.stream(request, correlation_id=plan.correlation_id)) as events:
                    async for event in events:
                        if isinstance(event, TextDelta):
                            answer.parts.append(event.text)
                            yield event
                        elif isinstance(event, (ReasoningDelta, Retrying)):
                            yield event
                        else:
                            _note(answer, event, span)
        except ContextTooLong:
            if attempt == 2 or answer.parts:  # noqa: PLR2004 -- the second of two tries
                raise
            budget //= 2
        else:
            return


def _traced(plan: Plan) -> AbstractContextManager[tracing.Span]:
    """A span for one model call."""
    about = {"gen_ai.operation.name": "chat", "gen_ai.request.model": plan.model}
    return tracing.span(f"chat {plan.model}", about, kind="client", is_around=False)


def _note(answer: Answer, event: ChatEvent, span: tracing.Span) -> None:
    match event:
        case ToolCall():
            answer.calls.append(event)
        case Usage():
            answer.usage = event
            metrics.tokens.labels("in").inc(event.prompt_tokens)
            metrics.tokens.labels("out").inc(event.completion_tokens)
            taken = {"gen_ai.usage.input_tokens": event.prompt_tokens}
            span.note({**taken, "gen_ai.usage.output_tokens": event.completion_tokens})
        case Finish():
            answer.finish_reason = event.reason


def _open_calls(messages: Sequence[Message]) -> list[ToolCall]:
    """The calls of the last answer, when none of them has an output yet."""
    if not messages or not messages[-1].get("tool_calls"):
        return []
    return [
        ToolCall(index, call["id"], call["function"]["name"], call["function"]["arguments"])
        for index, call in enumerate(messages[-1]["tool_calls"])
    ]


def _distinct(calls: Sequence[ToolCall], used: set[str]) -> list[ToolCall]:
    """The calls under ids of their own: some providers count from zero in every answer, or give none."""
    distinct = []
    for call in calls:
        fresh = replace(call, call_id=new_id("call")) if not call.call_id or call.call_id in used else call
        used.add(fresh.call_id)
        distinct.append(fresh)
    return distinct


class Repeats:
    """Notices a model that makes the same call again and again: it is told so, and then refused."""

    def __init__(self, messages: Sequence[Message]) -> None:
        self._seen: Counter[tuple[str, str]] = Counter()
        last_question = max((i for i, m in enumerate(messages) if m["role"] == "user"), default=0)
        for message in messages[last_question:]:
            for call in message.get("tool_calls") or ():
                self._seen[call["function"]["name"], call["function"]["arguments"]] += 1

    def counted(self, calls: Sequence[ToolCall]) -> list[Request]:
        """The calls, each with the refusal or the remark that it has earned."""
        requests = []
        for call in calls:
            self._seen[call.name, call.arguments] += 1
            times = self._seen[call.name, call.arguments]
            if times >= _REFUSE_AT:
                requests.append(
                    Request(call, refusal=failure("repeated_call", f"Refused: the same call, {times} times."))
                )
            elif times >= _WARN_AT:
                requests.append(Request(call, remark=f"\n[You have made this same call {times} times now.]"))
            else:
                requests.append(Request(call))
        return requests
