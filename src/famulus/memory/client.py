"""The memory of others: where a feature remembers something for a person, and asks what is remembered."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from famulus.infra.database import Session
from famulus.kit.ids import new_id
from famulus.memory.tables import memories

_MOST_RECALLED = 10


@dataclass(frozen=True, slots=True)
class Memory:
    """Something remembered, and since when."""

    text: str
    since: datetime


async def remember(session: Session, user_id: str, text: str, *, key: str, at: datetime) -> None:
    """Keep `text` for the person; the same `key` keeps it once."""
    known = await session.execute(sa.select(memories.c.id).where(memories.c.user_id == user_id, memories.c.key == key))
    if known.first() is None:
        row = {"id": new_id("mem"), "user_id": user_id, "text": text, "key": key, "created_at": at}
        await session.execute(sa.insert(memories), row)


async def recall(session: Session, user_id: str, about: str) -> list[Memory]:
    """The latest that the person wanted to be remembered, those that share a word with `about` first."""
    rows = await session.execute(
        sa.select(memories.c.text, memories.c.created_at)
        .where(memories.c.user_id == user_id)
        .order_by(memories.c.id.desc())
        .limit(200)
    )
    words = set(about.lower().split())
    found = [Memory(*row) for row in rows]
    found.sort(key=lambda memory: -len(words & set(memory.text.lower().split())))
    return found[:_MOST_RECALLED]


async def forget_all(session: Session, user_id: str) -> None:
    """Remove everything that is remembered of the person."""
    await session.execute(sa.delete(memories).where(memories.c.user_id == user_id))
