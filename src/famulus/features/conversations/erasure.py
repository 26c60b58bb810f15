"""Forgetting: everything this feature keeps of a person whose account is removed, and what outlives a conversation."""

import sqlalchemy as sa

from famulus.features.conversations.lessons import learning_in
from famulus.features.conversations.tables import assistants, conversations, messages, runs, steps
from famulus.infra.database import Session
from famulus.infra.idempotency import idempotent_answers
from famulus.jobs.tables import jobs
from famulus.memory.client import Errands
from famulus.streams import store


async def erase_conversations(session: Session, user_id: str) -> None:
    """Remove every row of the person, within the transaction that removes the account."""
    mine = await session.execute(sa.select(runs.c.id).where(runs.c.user_id == user_id))
    await store.delete(session, [row[0] for row in mine])
    for table in (jobs, steps, runs, messages, conversations, assistants, idempotent_answers):
        await session.execute(sa.delete(table).where(table.c.user_id == user_id))


async def forget_answers(session: Session, errands: Errands, user_id: str, conversation_id: str) -> None:
    """Remove what is kept of answers about a conversation and of what was done in it, while it is being deleted.

    Answers are there for a request that is sent again, and show the conversation's title, or what its runs called for.
    """
    answer = idempotent_answers.c.answer
    about = answer["id"].as_string() == conversation_id, answer["thread_id"].as_string() == conversation_id
    await session.execute(sa.delete(idempotent_answers).where(idempotent_answers.c.user_id == user_id, sa.or_(*about)))
    await session.execute(sa.delete(jobs).where(jobs.c.serial_key == learning_in(conversation_id)))
    await errands.forget_session(session, user_id, conversation_id)
