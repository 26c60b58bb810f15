"""The nouns, as rows have them; the fields of each stand in the order of its table's columns."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

RunStatus = Literal[
    "queued", "in_progress", "requires_action", "cancelling",
    "completed", "failed", "cancelled", "expired", "incomplete",
]  # fmt: skip
StepStatus = Literal["in_progress", "completed", "failed", "cancelled", "expired"]
StepKind = Literal["model_call", "tool_call"]
MessageStatus = Literal["in_progress", "completed", "incomplete"]
Role = Literal["user", "assistant"]
TitleSource = Literal["default", "auto", "person"]

DEFAULT_TITLE = "New conversation"


@dataclass(frozen=True, slots=True)
class Assistant:
    """Who answers: instructions, a model, and tools."""

    id: str
    user_id: str
    name: str
    instructions: str
    initial_message: str
    model: str | None
    tools: list[str] | None
    is_default: bool
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Conversation:
    """What was said between a person and an assistant; a *thread* on the wire."""

    id: str
    user_id: str
    assistant_id: str
    session_id: str | None
    title: str
    title_source: TitleSource
    starred: bool
    pinned: bool
    unread: bool
    last_position: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """Something said."""

    id: str
    user_id: str
    conversation_id: str
    run_id: str | None
    position: int
    role: Role
    status: MessageStatus
    text: str
    incomplete_reason: str | None
    created_at: datetime
    completed_at: datetime | None
    superseded_by: str | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """An assistant's work on an answer."""

    id: str
    user_id: str
    conversation_id: str
    assistant_id: str
    job_id: str
    status: RunStatus
    model: str
    instructions: str
    tools: list[str] | None
    client_tools: list[dict[str, Any]]
    zone: str
    correlation_id: str
    idempotency_key: str | None
    fingerprint: str
    required_action: dict[str, Any] | None
    last_error: dict[str, str] | None
    incomplete_reason: str | None
    usage: dict[str, int] | None
    degraded: list[str]
    memories: list[dict[str, Any]]
    created_at: datetime
    started_at: datetime | None
    expires_at: datetime | None
    cancel_requested_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Step:
    """One thing done in a run: a model call, or a tool call."""

    id: str
    user_id: str
    conversation_id: str
    run_id: str
    position: int
    kind: StepKind
    status: StepStatus
    message_id: str | None
    calls: list[dict[str, Any]] | None
    call_id: str | None
    name: str | None
    arguments: str | None
    output: str | None
    show_input: bool
    error: dict[str, str] | None
    usage: dict[str, int] | None
    created_at: datetime
    began_at: datetime | None
    ended_at: datetime | None
