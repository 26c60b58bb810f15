"""The only SQL about memories; the owner is always a parameter."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from famulus.infra.database import Session
from famulus.memory import terms, vectors
from famulus.memory.records import Glimpse, Memory
from famulus.memory.schemas import Filters
from famulus.memory.tables import memories
from famulus.memory.words import EDITION, speaker_of, term_of

_ALL = sa.select(*memories.c)
_CURRENT = memories.c.superseded_by.is_(None)
_TIME = sa.func.coalesce(memories.c.about_from, memories.c.said_at)
# SQLite takes some ten thousand parameters in a statement at the least.
_AT_ONCE = 5_000
# So many of the best by words are looked through by filters.
_DEEP = 1_000


def _beside(*, later: bool) -> sa.ColumnElement[int]:
    """The number of what stands before or after a memory in its session; without one, of what came with it."""
    number = memories.c.number
    there = memories.alias("later" if later else "earlier")
    mine = there.c.user_id == memories.c.user_id, there.c.superseded_by.is_(None)
    in_session = (
        sa.select(there.c.number)
        .where(*mine, there.c.session == memories.c.session)
        .where(there.c.number > number if later else there.c.number < number)
        .order_by(there.c.number if later else there.c.number.desc())
        .limit(1)
    )
    alone = sa.select(there.c.number).where(
        *mine,
        there.c.session.is_(None),
        there.c.kind == memories.c.kind,
        there.c.number == number + (1 if later else -1),
    )
    return sa.case((memories.c.session.is_(None), alone.scalar_subquery()), else_=in_session.scalar_subquery())


_GLIMPSE = sa.select(
    *(memories.c[name] for name in ("number", "text", "speaker", "session")),
    _TIME,
    _beside(later=False),
    _beside(later=True),
)


class MemoryRepository:
    """The memories of one person."""

    def __init__(self, session: Session, user_id: str) -> None:
        self._session = session
        self._user_id = user_id
        self._mine = memories.c.user_id == user_id

    async def exists(self) -> bool:
        """Whether anything is remembered, or was."""
        return (await self._session.execute(sa.select(sa.literal(1)).where(self._mine).limit(1))).first() is not None

    async def find(self, memory_id: str) -> Memory | None:
        """The memory with this id, whatever became of it."""
        row = (await self._session.execute(_ALL.where(self._mine, memories.c.id == memory_id))).first()
        return Memory(*row) if row else None

    async def by_keys(self, keys: Sequence[str]) -> dict[str, Memory]:
        """The memories that were made under these keys."""
        rows = await self._session.execute(_ALL.where(self._mine, memories.c.key.in_(keys)))
        return {memory.key: memory for memory in (Memory(*row) for row in rows)}

    async def chain(self, chain: str) -> list[Memory]:
        """Every version, newest first."""
        where = self._mine, memories.c.chain == chain
        return await self._list(_ALL.where(*where).order_by(memories.c.number.desc()))

    async def page(
        self, *, kinds: Collection[str] | None, before: str | None, limit: int, at: datetime
    ) -> list[Memory]:
        """What holds now, newest first."""
        query = _ALL.where(self._mine, _CURRENT, _alive(at)).order_by(memories.c.number.desc()).limit(limit)
        if kinds:
            query = query.where(memories.c.kind.in_(kinds))
        if before is not None:
            place = sa.select(memories.c.number).where(self._mine, memories.c.id == before).scalar_subquery()
            query = query.where(memories.c.number < place)
        return await self._list(query)

    async def pinned(self, *, limit: int, at: datetime) -> list[Memory]:
        """What holds now and is pinned, newest first."""
        query = _ALL.where(self._mine, memories.c.pinned, _CURRENT, _alive(at))
        return await self._list(query.order_by(memories.c.number.desc()).limit(limit))

    async def everything(self) -> list[Memory]:
        """Every version of everything, oldest first."""
        return await self._list(_ALL.where(self._mine).order_by(memories.c.number))

    async def timeline(self, filters: Filters, *, limit: int, at: datetime) -> list[Memory]:
        """What the filters let through, in the order in which it happened."""
        query = _ALL.where(*self._passing(filters, at)).order_by(_TIME, memories.c.number).limit(limit)
        return await self._list(query)

    async def with_words(self, wanted: Sequence[str], filters: Filters, *, limit: int, at: datetime) -> list[Memory]:
        """The best by their words."""
        owner = await terms.owner_of(self._session, self._user_id)
        if owner is None or not wanted:
            return []
        fits = await terms.fits(self._session, owner, {term_of(word) for word in wanted})
        best = fits.best(_DEEP)
        passing = sa.select(memories.c.number).where(memories.c.number.in_(best), *self._passing(filters, at))
        numbers = set((await self._session.execute(passing)).scalars())
        found = {one.number: one for one in await self.numbered([one for one in best if one in numbers][:limit])}
        return [found[number] for number in best if number in found]

    async def passing(self, filters: Filters, *, limit: int, at: datetime) -> list[int]:
        """The numbers of what the filters let through, the newest."""
        query = sa.select(memories.c.number).where(*self._passing(filters, at))
        return list((await self._session.execute(query.order_by(memories.c.number.desc()).limit(limit))).scalars())

    async def numbered(self, numbers: Collection[int]) -> list[Memory]:
        """These memories, whatever became of them."""
        return await self._list(_ALL.where(memories.c.number.in_(numbers), self._mine))

    async def glimpses(self, numbers: Collection[int], filters: Filters, *, at: datetime) -> list[Glimpse]:
        """What there is to weigh of those of these that the filters let through."""
        where = memories.c.number.in_(numbers), *self._passing(filters, at)
        return [Glimpse(*row) for row in await self._session.execute(_GLIMPSE.where(*where))]

    async def speakers(self, *, most: int = 12) -> list[str]:
        """The names of those who said something, found without reading all that they said."""
        names: list[str] = []
        last = ""
        while len(names) < most:
            query = sa.select(sa.func.min(memories.c.speaker)).where(self._mine, memories.c.speaker > last)
            name = (await self._session.execute(query)).scalar_one()
            if name is None:
                break
            names.append(name)
            last = name
        return names

    async def add(self, rows: list[dict[str, Any]]) -> None:
        """Add memories, and index their words."""
        for row in rows:
            row["indexed"] = EDITION
            row["speaker"] = row["speaker"] or speaker_of(row["text"])
        await self._session.execute(sa.insert(memories), rows)
        ids = [row["id"] for row in rows]
        query = sa.select(memories.c.number, memories.c.text).where(self._mine, memories.c.id.in_(ids))
        added = await self._session.execute(query.order_by(memories.c.number))
        await terms.write(self._session, self._user_id, [(number, text) for number, text in added])

    async def change(self, memory_id: str, changes: dict[str, Any]) -> None:
        """Set columns of one memory."""
        await self._session.execute(sa.update(memories).where(self._mine, memories.c.id == memory_id).values(**changes))

    async def retire(self, memory: Memory) -> None:
        """Take a memory that has ceased to be current out of the indexes, so that forgetting it later is enough."""
        await leave_no_trace(self._session)
        await terms.erase(self._session, self._user_id, [(memory.number, memory.text)])
        await self._without_vectors([memory.number])

    async def remove(self, doomed: Sequence[Memory]) -> None:
        """Remove these, and every trace of their words."""
        if not doomed:
            return
        await leave_no_trace(self._session)
        await terms.erase(self._session, self._user_id, [(one.number, one.text) for one in doomed])
        numbers = [memory.number for memory in doomed]
        for start in range(0, len(numbers), _AT_ONCE):
            some = numbers[start : start + _AT_ONCE]
            await self._without_vectors(some)
            await self._session.execute(sa.delete(memories).where(self._mine, memories.c.number.in_(some)))

    async def remove_all(self) -> None:
        """Remove everything, and every trace of it."""
        await leave_no_trace(self._session)
        await terms.erase_owner(self._session, self._user_id)
        await vectors.remove_all(self._session, self._user_id)
        await self._session.execute(sa.delete(memories).where(self._mine))

    async def _without_vectors(self, numbers: Sequence[int]) -> None:
        await vectors.remove(self._session, self._user_id, numbers)

    def _passing(self, filters: Filters, at: datetime) -> list[sa.ColumnElement[bool]]:
        clauses: list[sa.ColumnElement[bool]] = [self._mine, _CURRENT, _alive(at)]
        if filters.kinds:
            clauses.append(memories.c.kind.in_(filters.kinds))
        exact = {name: getattr(filters, name) for name in ("source", "session", "speaker")}
        clauses += [memories.c[name] == value for name, value in exact.items() if value is not None]
        if filters.since is not None:
            clauses.append(sa.func.coalesce(memories.c.about_until, _TIME) >= filters.since)
        if filters.until is not None:
            clauses.append(filters.until >= _TIME)
        return clauses

    async def _list(self, query: sa.Select[*tuple[Any, ...]]) -> list[Memory]:
        return [Memory(*row) for row in await self._session.execute(query)]


async def index_again(session: Session, *, beyond: int, limit: int) -> int | None:
    """Index what another edition of `words` has indexed, or none: the last number that was looked at, if any."""
    query = sa.select(memories.c.number, memories.c.user_id, memories.c.text, memories.c.indexed)
    where = memories.c.number > beyond, memories.c.indexed != EDITION, memories.c.superseded_by.is_(None)
    found = await session.execute(query.where(*where).order_by(memories.c.number).limit(limit).with_for_update())
    rows = found.all()
    for user_id in {row.user_id for row in rows}:
        his = [row for row in rows if row.user_id == user_id]
        stale = [(row.number, row.text) for row in his if row.indexed]
        await terms.erase(session, user_id, stale, thoroughly=True)
        await terms.write(session, user_id, [(row.number, row.text) for row in his])
    numbers = [row.number for row in rows]
    await session.execute(sa.update(memories).where(memories.c.number.in_(numbers)).values(indexed=EDITION))
    return numbers[-1] if numbers else None


async def leave_no_trace(session: Session) -> None:
    """Have whatever this transaction removes overwritten, and not only unlinked."""
    if session.speaks == "sqlite":
        await session.driver_sql("PRAGMA secure_delete=ON")


def _alive(at: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(memories.c.expires_at.is_(None), memories.c.expires_at > at)
