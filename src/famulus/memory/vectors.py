"""The vectors of memories, beside them in the database; and who is to be told when some are removed."""

from collections.abc import Collection, Sequence
from functools import partial
from typing import Any, Protocol
from weakref import WeakSet

import sqlalchemy as sa

from famulus.infra.database import Session
from famulus.infra.full_text import overwrite_what_is_removed
from famulus.infra.prepared import Prepared
from famulus.memory import owners
from famulus.memory.tables import memories, memory_vectors

_BYTES = 4
_OF_ONE = memory_vectors.c.user_id == sa.bindparam("user"), memory_vectors.c.model == sa.bindparam("of")
_AFTER = Prepared(
    sa.select(memory_vectors.c.place, memory_vectors.c.number, memory_vectors.c.vector)
    .where(*_OF_ONE, memory_vectors.c.place > sa.bindparam("beyond"))
    .order_by(memory_vectors.c.place)
)


class Shelf(Protocol):
    """Where vectors are kept in this process's memory."""

    def drop(self, user_id: str) -> None:
        """Let go of a person's vectors."""


shelves: WeakSet[Shelf] = WeakSet()
"""The shelves of this process: what is forgotten is let go there as soon as it is."""


async def after(session: Session, user_id: str, model: str, place: int) -> Sequence[Any]:
    """Place, number and vector of what has come since."""
    return await session.rows(_AFTER, {"user": user_id, "of": model, "beyond": place})


async def add(session: Session, model: str, found: Sequence[tuple[int, str, bytes]]) -> None:
    """Keep vectors of memories (number, owner, vector), unless they have been replaced or forgotten meanwhile."""
    # One after the other: whoever has read up to a place has then read what was before it.
    for user_id in sorted({user_id for _, user_id, _ in found}):
        await owners.alone_with(session, user_id)
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


async def places(session: Session, user_id: str, model: str) -> Sequence[int]:
    """The places of all that there is, without reading the vectors."""
    where = memory_vectors.c.user_id == user_id, memory_vectors.c.model == model
    return (await session.execute(sa.select(memory_vectors.c.place).where(*where))).scalars().all()


async def remove(session: Session, user_id: str, numbers: Collection[int]) -> None:
    """Remove the vectors of these memories, of every model."""
    await session.execute(sa.delete(memory_vectors).where(memory_vectors.c.number.in_(numbers)))
    session.after_commit(partial(_let_go, user_id))


async def remove_all(session: Session, user_id: str) -> None:
    """Remove all vectors of a person."""
    await session.execute(sa.delete(memory_vectors).where(memory_vectors.c.user_id == user_id))
    session.after_commit(partial(_let_go, user_id))


async def remove_places(session: Session, places: Collection[int]) -> None:
    """Remove the vectors at these places; nothing is left of them either."""
    await overwrite_what_is_removed(session)
    await session.execute(sa.delete(memory_vectors).where(memory_vectors.c.place.in_(places)))


async def highest(session: Session) -> int:
    """The highest number that a memory has."""
    number: int | None = (await session.execute(sa.select(sa.func.max(memories.c.number)))).scalar_one()
    return number or 0


async def last_place(session: Session) -> int:
    """The place behind which every later vector is put."""
    place: int | None = (await session.execute(sa.select(sa.func.max(memory_vectors.c.place)))).scalar_one()
    return place or 0


async def models_in_use(session: Session, *, beyond: int, since: int) -> set[str]:
    """The models that have made vectors of memories beyond a number, since a place was the last."""
    newest = memory_vectors.c.number > beyond, memory_vectors.c.place > since
    return set((await session.execute(sa.select(memory_vectors.c.model).distinct().where(*newest))).scalars())


async def places_of_others(session: Session, models: Collection[str], *, beyond: int, until: int) -> Sequence[int]:
    """Where vectors of other models than these are, beyond a place and until another."""
    between = memory_vectors.c.place > beyond, memory_vectors.c.place <= until
    query = sa.select(memory_vectors.c.place).where(*between, memory_vectors.c.model.not_in(models))
    return (await session.execute(query)).scalars().all()


async def may_lack(session: Session, model: str, *, beyond: int, until: int) -> bool:
    """Whether some current memories beyond a number and until another may have no vector of this model.

    Counting both is a tenth of the work of looking for each.
    """
    current = memories.c.number > beyond, memories.c.number <= until, memories.c.superseded_by.is_(None)
    there = memory_vectors.c.number > beyond, memory_vectors.c.number <= until, memory_vectors.c.model == model
    counts = [
        sa.select(sa.func.count()).select_from(memories).where(*current).scalar_subquery(),
        sa.select(sa.func.count()).select_from(memory_vectors).where(*there).scalar_subquery(),
    ]
    wanted, found = (await session.execute(sa.select(*counts))).one()
    return bool(wanted != found)


async def without(session: Session, model: str, *, beyond: int, until: int | None = None, limit: int) -> Sequence[Any]:
    """Number, owner, text and speaker of current memories beyond a number that have no vector of this model."""
    has = memory_vectors.c.number == memories.c.number, memory_vectors.c.model == model
    query = (
        sa.select(memories.c.number, memories.c.user_id, memories.c.text, memories.c.speaker)
        .where(memories.c.number > beyond, memories.c.superseded_by.is_(None))
        .where(~sa.exists().where(*has))
        .order_by(memories.c.number)
        .limit(limit)
    )
    if until is not None:
        query = query.where(memories.c.number <= until)
    return (await session.execute(query)).all()


def _let_go(user_id: str) -> None:
    for shelf in shelves:
        shelf.drop(user_id)
