"""What is asked of a model, and what comes back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One model call."""

    model: str
    messages: list[dict[str, Any]]
    tools: list[dict[str, Any]] = field(default_factory=list)
    temperature: float | None = None
    max_tokens: int | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Fields merged into the body as they are; one that is `None` is left out."""

    def body(self, *, stream: bool) -> dict[str, Any]:
        """The request as the endpoint expects it."""
        fields: dict[str, Any] = {
            "model": self.model,
            "messages": self.messages,
            "tools": self.tools or None,
            "temperature": self.temperature,
            "max_tokens": self.max_tokens,
        }
        if stream:
            fields |= {"stream": True, "stream_options": {"include_usage": True}}
        fields |= self.extra
        return {name: value for name, value in fields.items() if value is not None}


@dataclass(frozen=True, slots=True)
class TextDelta:
    """Some of the answer's text: one token, or as many as arrived together."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """Some of what the model thinks before it answers."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A whole tool call; the arguments are what the model wrote, which may not be JSON."""

    index: int
    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What the call has cost."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


@dataclass(frozen=True, slots=True)
class Finish:
    """The answer is whole; always the last event."""

    reason: str


@dataclass(frozen=True, slots=True)
class Retrying:
    """A try has failed before its first token; try number `attempt` follows after a pause."""

    attempt: int
    delay_seconds: float
    reason: str


ChatEvent = TextDelta | ReasoningDelta | ToolCall | Usage | Finish | Retrying


@dataclass(frozen=True, slots=True)
class Completion:
    """A whole answer."""

    text: str
    tool_calls: list[ToolCall]
    usage: Usage | None
    finish_reason: str
