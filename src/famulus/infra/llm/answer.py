"""Makes chat events of the JSON chunks of one answer, streamed or whole."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from famulus.infra.llm.errors import ProviderBroken, ProviderFault
from famulus.infra.llm.events import ChatEvent, Finish, ReasoningDelta, TextDelta, Usage
from famulus.infra.llm.faults import from_inband
from famulus.infra.llm.tool_calls import ToolCalls
from famulus.kit.text import storable


def decoded(payload: bytes) -> Any:
    """The value of some JSON; `ValueError` if it is none."""
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError:
        # orjson refuses escapes of lone surrogates, which providers do send.
        if b"\\ud" not in payload and b"\\uD" not in payload:
            raise
    try:
        return json.loads(payload)
    except RecursionError as error:
        raise ValueError("The JSON is nested too deeply.") from error


class Answer:
    """What the model has said so far, and whether it has ended.

    A failure is kept, not raised, so that what came before it in the same read is not lost.
    """

    __slots__ = ("_tools", "_usage", "done", "failure", "reason")

    def __init__(self) -> None:
        self._tools = ToolCalls()
        self._usage: Usage | None = None
        self.reason: str | None = None
        self.done = False
        self.failure: ProviderFault | None = None

    def take(self, payloads: Iterable[bytes]) -> list[ChatEvent]:
        """The events in these chunks; neighbouring texts become one."""
        events: list[ChatEvent] = []
        for payload in payloads:
            if self.done or self.failure:
                break
            if payload == b"[DONE]":
                self.done = True
                break
            try:
                self._read(payload, events)
            # A chunk of another shape is as broken as one that is not JSON.
            except (ValueError, TypeError, AttributeError, LookupError) as error:
                self.failure = ProviderBroken(said=f"A chunk of {len(payload)} bytes makes no sense.")
                self.failure.__cause__ = error
        return events

    def end(self) -> list[ChatEvent]:
        """What is only known when the stream is over; without a finish reason it has broken off."""
        if self.failure:
            return []
        if self.reason is None:
            self.failure = ProviderBroken(said="The stream ended without a finish_reason.", transient=True)
            return []
        events: list[ChatEvent] = list(self._tools.whole())
        if self._usage:
            events.append(self._usage)
        events.append(Finish(self.reason))
        return events

    def _read(self, payload: bytes, events: list[ChatEvent]) -> None:
        chunk = decoded(payload)
        choices = chunk.get("choices")
        if choices and self.reason is None:
            choice = choices[0]
            delta = choice.get("delta") or choice.get("message")
            if delta:
                # Only an escape can bring in what must not be stored.
                _add_texts(delta, events, clean=b"\\u" not in payload)
                if "tool_calls" in delta:
                    self._tools.add(delta["tool_calls"] or ())
            reason = choice.get("finish_reason")
            if reason:
                self.reason = storable(reason)
        usage = chunk.get("usage")
        if usage:
            self._usage = _usage_of(usage)
        if chunk.get("error") or chunk.get("object") == "error":
            self.failure = from_inband(chunk)


def _add_texts(delta: Mapping[str, Any], events: list[ChatEvent], *, clean: bool) -> None:
    """Put what is thought and said behind the events there are."""
    thought = delta.get("reasoning_content") or delta.get("reasoning")
    if isinstance(thought, str) and thought:
        _add_text(ReasoningDelta, thought if clean else storable(thought), events)
    text = delta.get("content") or delta.get("refusal")
    if text:
        if not isinstance(text, str):
            text = "".join(part["text"] for part in text if part["type"] == "text")
        _add_text(TextDelta, text if clean else storable(text), events)


def _add_text(kind: type[TextDelta | ReasoningDelta], text: str, events: list[ChatEvent]) -> None:
    if events:
        last = events[-1]
        if isinstance(last, kind):
            events[-1] = kind(last.text + text)
            return
    events.append(kind(text))


def _usage_of(usage: Mapping[str, Any]) -> Usage:
    prompt = int(usage.get("prompt_tokens") or 0)
    completion = int(usage.get("completion_tokens") or 0)
    return Usage(prompt, completion, int(usage.get("total_tokens") or prompt + completion))
