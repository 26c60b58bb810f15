"""The SQL of assistants, conversations and messages, for one owner."""

from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa

from famulus.features.conversations.records import Assistant, Conversation, Message
from famulus.features.conversations.tables import assistants, conversations, messages, runs
from famulus.infra.database import Session
from famulus.infra.prepared import Prepared, Row

R = TypeVar("R", Assistant, Conversation, Message)

_owner: sa.BindParameter[str] = sa.bindparam("owner")
_FIND_ASSISTANT = Prepared(
    sa.select(assistants).where(assistants.c.id == sa.bindparam("key"), assistants.c.user_id == _owner)
)
_DEFAULT_ASSISTANT = Prepared(sa.select(assistants).where(assistants.c.user_id == _owner, assistants.c.is_default))
_FIND_CONVERSATION = Prepared(
    sa.select(conversations).where(conversations.c.id == sa.bindparam("key"), conversations.c.user_id == _owner)
)
_UPDATE_CONVERSATION = sa.update(conversations).where(
    conversations.c.id == sa.bindparam("key"), conversations.c.user_id == _owner
)
_CHANGE_CONVERSATION = Prepared(_UPDATE_CONVERSATION)
_MARK_UNREAD = Prepared(_UPDATE_CONVERSATION.values(unread=True).returning(*conversations.c))
_NEXT_POSITION = Prepared(
    (
        _UPDATE_CONVERSATION.values(
            last_position=conversations.c.last_position + 1,
            updated_at=sa.bindparam("at", type_=conversations.c.updated_at.type),
        )
    ).returning(*conversations.c)
)
_NAME_ONCE = Prepared(
    _UPDATE_CONVERSATION.where(conversations.c.title_source == "default").values(
        title=sa.bindparam("new_title"), title_source="auto"
    )
)
_ADD_MESSAGE = Prepared(sa.insert(messages))
_UPDATE_MESSAGE = Prepared(
    sa.update(messages).where(messages.c.id == sa.bindparam("key"), messages.c.user_id == _owner)
)
_FIRST_WORDS_AT = Prepared(
    sa.select(messages.c.created_at)
    .where(messages.c.run_id == sa.bindparam("run"), messages.c.user_id == _owner, messages.c.role == "assistant")
    .order_by(messages.c.position)
    .limit(1)
)
# The owner was checked where the conversation was found; the rows carry it for whoever looks at them alone.
_LATEST = """
SELECT id, run_id, position, role, status, text, incomplete_reason FROM messages
WHERE conversation_id = ? AND user_id = ? AND position < ? AND superseded_by IS NULL ORDER BY position DESC LIMIT ?
"""


class ConversationRepository:
    """Assistants, conversations and messages of one person."""

    def __init__(self, session: Session, user_id: str) -> None:
        self._session = session
        self._user_id = user_id

    async def find_assistant(self, assistant_id: str) -> Assistant | None:
        row = await self._session.row(_FIND_ASSISTANT, {"key": assistant_id, "owner": self._user_id})
        return _one(Assistant, row)

    async def default_assistant(self) -> Assistant | None:
        return _one(Assistant, await self._session.row(_DEFAULT_ASSISTANT, {"owner": self._user_id}))

    async def assistants(self, *, after: str, limit: int) -> list[Assistant]:
        """In the order in which they were made."""
        rows = await self._session.execute(
            sa.select(assistants)
            .where(assistants.c.user_id == self._user_id, assistants.c.id > after)
            .order_by(assistants.c.id)
            .limit(limit)
        )
        return [Assistant(*row) for row in rows]

    async def add_assistant(self, values: dict[str, Any]) -> None:
        await self._session.execute(sa.insert(assistants), values | {"user_id": self._user_id})

    async def update_assistant(self, assistant_id: str, values: dict[str, Any]) -> None:
        await self._session.execute(
            sa.update(assistants)
            .where(assistants.c.id == assistant_id, assistants.c.user_id == self._user_id)
            .values(values)
        )

    async def delete_assistant(self, assistant_id: str) -> None:
        await self._session.execute(
            sa.delete(assistants).where(assistants.c.id == assistant_id, assistants.c.user_id == self._user_id)
        )

    async def find(self, conversation_id: str) -> Conversation | None:
        row = await self._session.row(_FIND_CONVERSATION, {"key": conversation_id, "owner": self._user_id})
        return _one(Conversation, row)

    async def of_session(self, session_id: str) -> Conversation | None:
        found = await self._session.execute(
            sa.select(conversations).where(
                conversations.c.session_id == session_id, conversations.c.user_id == self._user_id
            )
        )
        return _one(Conversation, found.one_or_none())

    async def conversations(
        self, *, before: tuple[datetime, str] | None, limit: int
    ) -> list[tuple[Conversation, str | None]]:
        """The latest active first, each with its active run."""
        active = (
            sa.select(sa.func.min(runs.c.id))
            .where(runs.c.user_id == self._user_id, runs.c.conversation_id == conversations.c.id)
            .where(runs.c.ended_at.is_(None))
            .scalar_subquery()
        )
        statement = sa.select(*conversations.c, active).where(conversations.c.user_id == self._user_id)
        if before:
            statement = statement.where(sa.tuple_(conversations.c.updated_at, conversations.c.id) < before)
        latest_first = conversations.c.updated_at.desc(), conversations.c.id.desc()
        rows = await self._session.execute(statement.order_by(*latest_first).limit(limit))
        return [(Conversation(*row[:-1]), row[-1]) for row in rows]

    async def add(self, values: dict[str, Any]) -> None:
        await self._session.execute(sa.insert(conversations), values | {"user_id": self._user_id})

    async def update(self, conversation_id: str, values: dict[str, Any]) -> None:
        await self._session.change(_CHANGE_CONVERSATION, {"key": conversation_id, "owner": self._user_id} | values)

    async def mark_unread(self, conversation_id: str) -> Conversation | None:
        """Something new was said in it; the conversation as it is then, held until the commit."""
        return _one(
            Conversation, await self._session.row(_MARK_UNREAD, {"key": conversation_id, "owner": self._user_id})
        )

    async def name_once(self, conversation_id: str, title: str) -> None:
        """Give a title to a conversation that has none of its own."""
        await self._session.change(_NAME_ONCE, {"key": conversation_id, "owner": self._user_id, "new_title": title})

    async def delete(self, conversation_id: str) -> None:
        await self._session.execute(
            sa.delete(conversations).where(
                conversations.c.id == conversation_id, conversations.c.user_id == self._user_id
            )
        )

    async def take_position(self, conversation_id: str, at: datetime) -> Conversation | None:
        """Make room for a message at the end; the conversation as it is then, held until the commit."""
        row = await self._session.row(_NEXT_POSITION, {"key": conversation_id, "owner": self._user_id, "at": at})
        return _one(Conversation, row)

    async def add_message(self, message: Message) -> None:
        await self._session.change(
            _ADD_MESSAGE, {name: getattr(message, name) for name in Message.__dataclass_fields__}
        )

    async def update_message(self, message_id: str, values: dict[str, Any]) -> None:
        await self._session.change(_UPDATE_MESSAGE, {"key": message_id, "owner": self._user_id} | values)

    async def supersede(self, conversation_id: str, *, since: int, before: int, run_id: str) -> None:
        """Take what was said from position `since` on out of the conversation, in favour of a run."""
        mine = messages.c.user_id == self._user_id, messages.c.conversation_id == conversation_id
        span = messages.c.position >= since, messages.c.position < before, messages.c.superseded_by.is_(None)
        await self._session.execute(sa.update(messages).where(*mine, *span).values(superseded_by=run_id))

    async def find_message(self, conversation_id: str, message_id: str) -> Message | None:
        mine = messages.c.user_id == self._user_id, messages.c.conversation_id == conversation_id
        found = await self._session.execute(sa.select(messages).where(messages.c.id == message_id, *mine))
        return _one(Message, found.one_or_none())

    async def messages(self, conversation_id: str, *, before: int | None, limit: int) -> list[Message]:
        """The latest first, without what was superseded."""
        mine = messages.c.user_id == self._user_id, messages.c.conversation_id == conversation_id
        statement = (
            sa.select(messages)
            .where(*mine, messages.c.superseded_by.is_(None))
            .order_by(messages.c.position.desc())
            .limit(limit)
        )
        if before is not None:
            statement = statement.where(messages.c.position < before)
        return [Message(*row) for row in await self._session.execute(statement)]

    async def first_words_at(self, run_id: str) -> datetime | None:
        """When the run had something to show, if it has: its first message is made of its first words."""
        row = await self._session.row(_FIRST_WORDS_AT, {"run": run_id, "owner": self._user_id})
        return row[0] if row else None

    async def messages_of_run(self, run_id: str) -> list[Message]:
        """In the order in which they were said."""
        statement = (
            sa.select(messages)
            .where(messages.c.run_id == run_id, messages.c.user_id == self._user_id)
            .order_by(messages.c.position)
        )
        return [Message(*row) for row in await self._session.execute(statement)]

    async def latest(self, conversation_id: str, *, before: int, limit: int) -> list[tuple[Any, ...]]:
        """What the context window is made of: id, run, position, role, status, text, reason; the latest first."""
        return await self._session.driver_sql(_LATEST, (conversation_id, self._user_id, before, limit))


def _one(record: type[R], row: Row | sa.Row[*tuple[Any, ...]] | None) -> R | None:
    return record(*row) if row is not None else None
