"""What may be done with conversations and assistants."""

from datetime import datetime
from typing import Any

from famulus.features.conversations import errors
from famulus.features.conversations.records import DEFAULT_TITLE, Assistant, Conversation, Message
from famulus.features.conversations.repository import ConversationRepository
from famulus.features.conversations.schemas import (
    AssistantDraft,
    AssistantPatch,
    ConversationDraft,
    ConversationPatch,
)
from famulus.infra.database import Session
from famulus.kit.clock import Clock, utc_now
from famulus.kit.ids import new_id

_DEFAULT_ASSISTANT = {
    "name": "Famulus",
    "instructions": "You are Famulus, a helpful personal assistant. Be accurate, friendly and brief.",
    "initial_message": "Hello! What can I do for you?",
}


class Conversations:
    """The conversations and assistants of one person, within one transaction."""

    def __init__(self, session: Session, user_id: str, *, now: Clock = utc_now) -> None:
        self._user_id = user_id
        self._repository = ConversationRepository(session, user_id)
        self._now = now

    async def start(self, draft: ConversationDraft, *, session_id: str | None = None) -> Conversation:
        """Begin a conversation."""
        assistant = await self.assistant_for(draft.assistant_id, explicit=draft.assistant_id is not None)
        now = self._now()
        conversation = Conversation(
            id=new_id("thread"), user_id=self._user_id, assistant_id=assistant.id, session_id=session_id,
            title=draft.title or DEFAULT_TITLE, title_source="person" if draft.title else "default",
            starred=False, pinned=False, unread=False, last_position=0, created_at=now, updated_at=now,
        )  # fmt: skip
        await self._repository.add(_fields(conversation))
        return conversation

    async def find(self, conversation_id: str) -> Conversation:
        conversation = await self._repository.find(conversation_id)
        if conversation is None:
            raise errors.ConversationNotFound("There is no such conversation.")
        return conversation

    async def of_session(self, session_id: str) -> Conversation | None:
        """The conversation that another program knows by this name."""
        return await self._repository.of_session(session_id)

    async def page(self, *, after: str | None, limit: int) -> list[tuple[Conversation, str | None]]:
        """Latest activity first, each with its active run, from behind conversation `after` on."""
        before: tuple[datetime, str] | None = None
        if after is not None:
            last = await self.find(after)
            before = last.updated_at, last.id
        return await self._repository.conversations(before=before, limit=limit)

    async def change(self, conversation_id: str, patch: ConversationPatch) -> Conversation:
        """Apply what the patch names; a title given here is the person's own."""
        await self.find(conversation_id)
        values: dict[str, Any] = patch.model_dump(exclude_none=True)
        if patch.title is not None:
            values["title_source"] = "person"
        if values:
            await self._repository.update(conversation_id, values)
        return await self.find(conversation_id)

    async def delete(self, conversation_id: str) -> None:
        """Remove a conversation with all its rows; its runs are stopped by whoever calls this."""
        await self.find(conversation_id)
        await self._repository.delete(conversation_id)

    async def messages(self, conversation_id: str, *, after: str | None, limit: int) -> list[Message]:
        """The latest first, from behind message `after` on."""
        await self.find(conversation_id)
        before = None
        if after is not None:
            last = await self._repository.find_message(conversation_id, after)
            if last is None:
                raise errors.InvalidCursor("There is no such message to go on from.")
            before = last.position
        return await self._repository.messages(conversation_id, before=before, limit=limit)

    async def assistant_for(self, assistant_id: str | None, *, explicit: bool) -> Assistant:
        """The assistant of this id, or the default one where none was asked for by name."""
        if assistant_id is not None and (found := await self._repository.find_assistant(assistant_id)):
            return found
        if explicit:
            raise errors.AssistantNotFound("There is no such assistant.")
        return await self._repository.default_assistant() or await self._add_default()

    async def _add_default(self) -> Assistant:
        now = self._now()
        values: dict[str, Any] = {
            **_DEFAULT_ASSISTANT, "id": new_id("asst"), "model": None, "tools": None, "is_default": True,
            "created_at": now, "updated_at": now,
        }  # fmt: skip
        await self._repository.add_assistant(values)
        return Assistant(user_id=self._user_id, **values)


class Assistants:
    """The assistants of one person, within one transaction."""

    def __init__(self, session: Session, user_id: str, *, tool_names: frozenset[str], now: Clock = utc_now) -> None:
        self._user_id = user_id
        self._conversations = Conversations(session, user_id, now=now)
        self._repository = ConversationRepository(session, user_id)
        self._tool_names = tool_names
        self._now = now

    async def page(self, *, after: str | None, limit: int) -> list[Assistant]:
        """In the order in which they were made; the default one is always there."""
        await self._conversations.assistant_for(None, explicit=False)
        return await self._repository.assistants(after=after or "", limit=limit)

    async def find(self, assistant_id: str) -> Assistant:
        return await self._conversations.assistant_for(assistant_id, explicit=True)

    async def create(self, draft: AssistantDraft) -> Assistant:
        self._check_tools(draft.tools)
        now = self._now()
        values = {
            **draft.model_dump(), "id": new_id("asst"), "is_default": False, "created_at": now, "updated_at": now,
        }  # fmt: skip
        await self._repository.add_assistant(values)
        return Assistant(user_id=self._user_id, **values)

    async def change(self, assistant_id: str, patch: AssistantPatch) -> Assistant:
        """Apply what the patch names; runs that are already queued keep what they were queued with."""
        await self.find(assistant_id)
        self._check_tools(patch.tools)
        values = patch.model_dump(exclude_unset=True)
        # What must be there cannot be taken away; a model or a list of tools can.
        values = {name: value for name, value in values.items() if value is not None or name in ("model", "tools")}
        await self._repository.update_assistant(assistant_id, values | {"updated_at": self._now()})
        return await self.find(assistant_id)

    async def delete(self, assistant_id: str) -> None:
        """Conversations with it go on with the default assistant."""
        if (await self.find(assistant_id)).is_default:
            raise errors.DefaultAssistant("The default assistant cannot be deleted.")
        await self._repository.delete_assistant(assistant_id)

    def _check_tools(self, names: list[str] | None) -> None:
        unknown = sorted(set(names or ()) - self._tool_names)
        if unknown:
            raise errors.UnknownTool("There is no such tool.", tools=unknown, known=sorted(self._tool_names))


def _fields(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__dataclass_fields__}
