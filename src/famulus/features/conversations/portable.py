"""What an archive has of conversations: what was said and done. What was under way comes back as cancelled."""

from datetime import datetime
from typing import get_args

import sqlalchemy as sa

from famulus.features.conversations.records import (
    Assistant,
    Conversation,
    Message,
    MessageStatus,
    Role,
    Run,
    RunStatus,
    Step,
    StepKind,
    StepStatus,
    TitleSource,
)
from famulus.features.conversations.schemas import (
    AssistantView,
    ConversationView,
    MessageView,
    RunView,
    StepView,
)
from famulus.features.conversations.tables import assistants, conversations, message_files, messages, runs, steps
from famulus.infra.archives import Portion, Row, Rows
from famulus.infra.database import Database, Session

_LIVE = ("queued", "in_progress", "requires_action", "cancelling")


def _assistant(row: Row, _at: datetime) -> Row:
    AssistantView.of(Assistant(**row))
    return row


def _conversation(row: Row, _at: datetime) -> Row:
    ConversationView.of(Conversation(**row))
    return row | {"last_position": max(row["last_position"], 0)}


def _message(row: Row, at: datetime) -> Row:
    MessageView.of(Message(**row))
    if row["status"] == "in_progress":
        return row | {"status": "incomplete", "incomplete_reason": "interrupted", "completed_at": at}
    return row


def _run(row: Row, at: datetime) -> Row:
    if row["status"] in _LIVE or row["ended_at"] is None:
        row = row | {"status": "cancelled", "ended_at": row["ended_at"] or at}
    RunView.of(Run(**row))
    return row


def _step(row: Row, at: datetime) -> Row:
    if row["status"] == "in_progress":
        row = row | {"status": "cancelled", "ended_at": at}
    StepView.of(Step(**row))
    return row


PORTIONS = (
    Portion(assistants, only_one="is_default", adapt=_assistant),
    Portion(
        conversations,
        mentions=("assistant_id",),
        words={"title_source": get_args(TitleSource)},
        not_twice="session_id",
        adapt=_conversation,
    ),
    Portion(
        runs,
        parents={"conversation_id": conversations},
        mentions=("assistant_id",),
        words={"status": get_args(RunStatus)},
        # What a run was given to work with is of no use once it is over.
        instead={
            "job_id": "", "client_tools": [], "required_action": None, "idempotency_key": None, "fingerprint": "",
            "expires_at": None, "cancel_requested_at": None,
        },
        adapt=_run,
    ),
    Portion(
        messages,
        parents={"conversation_id": conversations},
        mentions=("run_id", "superseded_by"),
        words={"role": get_args(Role), "status": get_args(MessageStatus)},
        adapt=_message,
    ),
    Portion(
        steps,
        parents={"run_id": runs, "conversation_id": conversations},
        mentions=("message_id",),
        words={"kind": get_args(StepKind), "status": get_args(StepStatus)},
        adapt=_step,
    ),
    Portion(
        message_files,
        parents={"message_id": messages, "conversation_id": conversations},
        mentions=("file_id",),
    ),
)  # fmt: skip


def conversations_part(database: Database) -> Rows:
    """Assistants, and conversations with what was said and done in them."""
    return Rows(database, PORTIONS, settle=_count_positions)


async def _count_positions(session: Session, user_id: str) -> None:
    """The next message of a conversation comes behind all that it has."""
    last = (
        sa.select(sa.func.coalesce(sa.func.max(messages.c.position), 0))
        .where(messages.c.conversation_id == conversations.c.id)
        .scalar_subquery()
    )
    behind = conversations.c.user_id == user_id, conversations.c.last_position < last
    await session.execute(sa.update(conversations).where(*behind).values(last_position=last))
