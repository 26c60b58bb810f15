"""Forgetting a person: everything this feature keeps of somebody whose account is removed."""

import sqlalchemy as sa

from famulus.features.conversations.tables import assistants, conversations, messages, runs, steps
from famulus.infra.database import Session
from famulus.infra.idempotency import idempotent_answers
from famulus.jobs.tables import jobs
from famulus.memory.tables import memories
from famulus.streams import store


async def erase_conversations(session: Session, user_id: str) -> None:
    """Remove every row of the person, within the transaction that removes the account."""
    mine = await session.execute(sa.select(runs.c.id).where(runs.c.user_id == user_id))
    await store.delete(session, [row[0] for row in mine])
    for table in (jobs, steps, runs, messages, conversations, assistants, idempotent_answers, memories):
        await session.execute(sa.delete(table).where(table.c.user_id == user_id))
