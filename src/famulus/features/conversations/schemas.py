"""What clients send and see."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StrictBool

from famulus.features.conversations.records import (
    Assistant,
    Conversation,
    Message,
    MessageStatus,
    Role,
    Run,
    RunStatus,
    Step,
    StepStatus,
    TitleSource,
)
from famulus.kit.schemas import Draft, Text, Time, View

Title = Annotated[Text, Field(min_length=1, max_length=200)]
Policy = Literal["enqueue", "reject", "interrupt"]

_HIDDEN = "{}"


class AssistantDraft(Draft):
    """A new assistant."""

    name: Annotated[Text, Field(min_length=1, max_length=100)]
    instructions: Annotated[Text, Field(max_length=32_000)] = ""
    initial_message: Annotated[Text, Field(max_length=4_000)] = ""
    model: Annotated[Text, Field(max_length=200)] | None = None
    tools: list[str] | None = Field(default=None, max_length=128)


class AssistantPatch(Draft):
    """Changes to an assistant; what is left out stays."""

    name: Annotated[Text, Field(min_length=1, max_length=100)] | None = None
    instructions: Annotated[Text, Field(max_length=32_000)] | None = None
    initial_message: Annotated[Text, Field(max_length=4_000)] | None = None
    model: Annotated[Text, Field(max_length=200)] | None = None
    tools: list[str] | None = Field(default=None, max_length=128)


class ConversationDraft(Draft):
    """A new conversation."""

    assistant_id: str | None = None
    title: Title | None = None


class ConversationPatch(Draft):
    """Changes to a conversation; what is left out stays."""

    title: Title | None = None
    starred: StrictBool | None = None
    pinned: StrictBool | None = None
    unread: StrictBool | None = None


FileIds = Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=20)]


class ClientFunction(Draft):
    """A function that the client executes itself."""

    name: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    description: Annotated[Text, Field(max_length=4_000)] = ""
    parameters: dict[str, Any] = Field(default_factory=lambda: {"type": "object", "properties": {}})
    strict: StrictBool | None = None


class ClientTool(Draft):
    """A tool as OpenAI-compatible endpoints know it."""

    type: Literal["function"] = "function"
    function: ClientFunction


class Edit(Draft):
    """What is said in the place of something that was said."""

    message: Text
    assistant_id: str | None = None
    client_message_id: str | None = Field(default=None, min_length=1, max_length=200)
    tools: list[ClientTool] = Field(default_factory=list, max_length=64)
    file_ids: FileIds = Field(default_factory=list)
    """Files to attach: the model is told of them, and can read them."""


class RunDraft(Edit):
    """Something said, and how it is to be answered."""

    policy: Policy = "enqueue"


class ToolOutput(Draft):
    """What a client's tool came to."""

    tool_call_id: str = Field(max_length=200)
    output: Annotated[Text, Field(max_length=262_144)]


class ToolOutputs(Draft):
    """The outputs of every call that a run waits for."""

    tool_outputs: list[ToolOutput] = Field(min_length=1, max_length=128)


class AssistantView(View):
    """An assistant."""

    id: str
    object: Literal["assistant"] = "assistant"
    name: str
    instructions: str
    initial_message: str
    model: str | None
    tools: list[str] | None
    is_default: bool
    created_at: Time
    updated_at: Time

    @classmethod
    def of(cls, assistant: Assistant) -> Self:
        return cls.model_validate(assistant, from_attributes=True)


class ConversationView(View):
    """A conversation."""

    id: str
    object: Literal["thread"] = "thread"
    assistant_id: str
    session_id: str | None
    title: str
    title_source: TitleSource
    starred: bool
    pinned: bool
    unread: bool
    active_run_id: str | None
    """The run that is queued or at work, if there is one: its events can be followed."""
    created_at: Time
    updated_at: Time

    @classmethod
    def of(cls, conversation: Conversation, active_run_id: str | None = None) -> Self:
        fields = {name: getattr(conversation, name) for name in cls.model_fields if hasattr(conversation, name)}
        return cls(**fields, active_run_id=active_run_id)


class TextValue(View):
    """Text, and what it cites."""

    value: str
    annotations: list[dict[str, Any]] = Field(default_factory=list)


class TextPart(View):
    """A part of a message that is text."""

    type: Literal["text"] = "text"
    text: TextValue


class IncompleteDetails(View):
    """Why something is not whole."""

    reason: str


class AttachmentView(View):
    """A file that is attached to a message; one that was deleted since is known by its id alone."""

    file_id: str


class MessageView(View):
    """A message."""

    id: str
    object: Literal["thread.message"] = "thread.message"
    thread_id: str
    run_id: str | None
    role: Role
    status: MessageStatus
    content: list[TextPart]
    attachments: list[AttachmentView]
    incomplete_details: IncompleteDetails | None
    created_at: Time
    completed_at: Time | None

    @classmethod
    def of(cls, message: Message, file_ids: Sequence[str] = ()) -> Self:
        reason = message.incomplete_reason
        return cls(
            id=message.id,
            thread_id=message.conversation_id,
            run_id=message.run_id,
            role=message.role,
            status=message.status,
            content=[TextPart(text=TextValue(value=message.text))] if message.text else [],
            attachments=[AttachmentView(file_id=file_id) for file_id in file_ids],
            incomplete_details=IncompleteDetails(reason=reason) if reason else None,
            created_at=message.created_at,
            completed_at=message.completed_at,
        )


class ErrorView(View):
    """Why something failed."""

    code: str
    message: str


class UsedMemory(View):
    """A memory that a run was shown; what it says is asked of the memory itself, which may have forgotten it."""

    id: str
    because: Literal["pinned", "words", "meaning", "words and meaning"]
    score: float


class RunView(View):
    """A run."""

    id: str
    object: Literal["thread.run"] = "thread.run"
    thread_id: str
    assistant_id: str
    status: RunStatus
    model: str
    required_action: dict[str, Any] | None
    last_error: ErrorView | None
    incomplete_details: IncompleteDetails | None
    usage: dict[str, int] | None
    degraded: list[str]
    """What could not be had while the run was at work, such as `memory`."""
    memories: list[UsedMemory]
    """Which memories the run was shown when it began."""
    correlation_id: str
    created_at: Time
    started_at: Time | None
    expires_at: Time | None
    ended_at: Time | None

    @classmethod
    def of(cls, run: Run) -> Self:
        reason = run.incomplete_reason
        cancelling = run.cancel_requested_at is not None and run.ended_at is None
        return cls(
            id=run.id,
            thread_id=run.conversation_id,
            assistant_id=run.assistant_id,
            status="cancelling" if cancelling else run.status,
            model=run.model,
            required_action=run.required_action,
            last_error=ErrorView(**run.last_error) if run.last_error else None,
            incomplete_details=IncompleteDetails(reason=reason) if reason else None,
            usage=run.usage,
            degraded=run.degraded,
            memories=[UsedMemory(**used) for used in run.memories],
            correlation_id=run.correlation_id,
            created_at=run.created_at,
            started_at=run.started_at,
            expires_at=run.expires_at,
            ended_at=run.ended_at,
        )


class StepView(View):
    """A step of a run: `step_details` has the shape of its type, as the Assistants API had it."""

    id: str
    object: Literal["thread.run.step"] = "thread.run.step"
    run_id: str
    thread_id: str
    type: Literal["message_creation", "tool_calls"]
    status: StepStatus
    step_details: dict[str, Any]
    show_input: bool
    last_error: ErrorView | None
    usage: dict[str, int] | None
    created_at: Time
    ended_at: Time | None

    @classmethod
    def of(cls, step: Step) -> Self:
        is_model_call = step.kind == "model_call"
        return cls(
            id=step.id,
            run_id=step.run_id,
            thread_id=step.conversation_id,
            type="message_creation" if is_model_call else "tool_calls",
            status=step.status,
            step_details=_model_call(step) if is_model_call else _tool_call(step),
            show_input=step.show_input,
            last_error=ErrorView(**step.error) if step.error else None,
            usage=step.usage,
            created_at=step.created_at,
            ended_at=step.ended_at,
        )


def _model_call(step: Step) -> dict[str, Any]:
    return {"type": "message_creation", "message_creation": {"message_id": step.message_id}}


def _tool_call(step: Step) -> dict[str, Any]:
    arguments = step.arguments if step.show_input else _HIDDEN
    function = {"name": step.name, "arguments": arguments, "output": step.output}
    return {
        "type": "tool_calls",
        "tool_calls": [{"id": step.call_id, "type": "function", "function": function}],
    }
