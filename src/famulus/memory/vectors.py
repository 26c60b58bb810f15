"""The vectors of memories, beside them in the database."""

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from famulus.infra.database import Session
from famulus.memory.tables import memories, memory_vectors

_BYTES = 4


async def after(session: Session, user_id: str, model: str, place: int) -> Sequence[Any]:
    """Place, number and vector of what has come since."""
    columns = memory_vectors.c.place, memory_vectors.c.number, memory_vectors.c.vector
    where = memory_vectors.c.user_id == user_id, memory_vectors.c.model == model, memory_vectors.c.place > place
    return (await session.execute(sa.select(*columns).where(*where).order_by(memory_vectors.c.place))).all()


async def add(session: Session, model: str, found: Sequence[tuple[int, str, bytes]]) -> None:
    """Keep vectors of memories (number, owner, vector), unless they have been replaced or forgotten meanwhile."""
    numbers = [number for number, _, _ in found]
    current = sa.select(memories.c.number).where(memories.c.number.in_(numbers), memories.c.superseded_by.is_(None))
    known = sa.select(memory_vectors.c.number).where(
        memory_vectors.c.number.in_(numbers), memory_vectors.c.model == model
    )
    wanted = {row[0] for row in await session.execute(current)} - {row[0] for row in await session.execute(known)}
    rows = [
        {"number": number, "user_id": user_id, "model": model, "dimension": len(vector) // _BYTES, "vector": vector}
        for number, user_id, vector in found
        if number in wanted
    ]
    if rows:
        await session.execute(sa.insert(memory_vectors), rows)


async def remove(session: Session, numbers: Collection[int]) -> None:
    """Remove the vectors of these memories, of every model."""
    await session.execute(sa.delete(memory_vectors).where(memory_vectors.c.number.in_(numbers)))


async def without(session: Session, model: str, *, beyond: int, limit: int) -> Sequence[Any]:
    """Number, owner and text of the first current memories beyond a number that have no vector of this model."""
    has = memory_vectors.c.number == memories.c.number, memory_vectors.c.model == model
    query = (
        sa.select(memories.c.number, memories.c.user_id, memories.c.text)
        .where(memories.c.number > beyond, memories.c.superseded_by.is_(None))
        .where(~sa.exists().where(*has))
        .order_by(memories.c.number)
        .limit(limit)
    )
    return (await session.execute(query)).all()
