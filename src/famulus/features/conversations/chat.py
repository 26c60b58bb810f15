"""The bodies of the native chat API."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from famulus.features.conversations.schemas import FileIds, Policy
from famulus.kit.schemas import Draft, Text

SessionId = Annotated[str, Field(min_length=1, max_length=200)]


class Started(BaseModel):
    """A conversation that has just begun."""

    thread_id: str
    initial_message: str
    correlation_id: str


class StartDraft(Draft):
    """With whom to begin."""

    assistant_id: str | None = None


class ThreadMessage(Draft):
    """Something said in a conversation."""

    thread_id: str
    message: Text
    assistant_id: str | None = None
    client_message_id: str | None = Field(default=None, min_length=1, max_length=200)
    policy: Policy = "enqueue"
    file_ids: FileIds = Field(default_factory=list)


class TextMetadata(BaseModel):
    """What a service says of its message: `session_id` names the conversation; anything else is let pass."""

    model_config = ConfigDict(extra="allow")

    timestamp: datetime | str | None = None
    session_id: SessionId | None = None


class UserText(Draft):
    """Something that a service says for one of its users."""

    user_id: str
    text: Text
    metadata: TextMetadata | None = None
    tags: list[str] | None = Field(default=None, max_length=100)


class Responses(BaseModel):
    """What the assistant has said in a run."""

    responses: list[str]
    required_action: dict[str, Any] | None = None
    """Calls that the client has to make before the run goes on, if there are any."""
    run_id: str
    status: str


class ReplyMetadata(BaseModel):
    """To what a reply belongs."""

    timestamp: str
    session_id: str


class Reply(BaseModel):
    """What the assistant has said to a service's user."""

    user_id: str
    reply: str
    metadata: ReplyMetadata
