"""The only SQL about memories; the owner is always a parameter."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from famulus.infra.database import Session
from famulus.memory import vectors, words
from famulus.memory.records import Memory
from famulus.memory.schemas import Filters
from famulus.memory.tables import memories

_ALL = sa.select(*memories.c)
_CURRENT = memories.c.superseded_by.is_(None)
_TIME = sa.func.coalesce(memories.c.about_from, memories.c.said_at)
# SQLite takes some ten thousand parameters in a statement at the least.
_AT_ONCE = 5_000


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

    async def with_words(
        self, wanted: Sequence[str], filters: Filters, *, limit: int, at: datetime
    ) -> list[tuple[Memory, float]]:
        """The best by their words, each with how well it fits."""
        if not wanted:
            return []
        if not words.has_index(self._session):
            fit, fits = words.fit_of_text(wanted)
            texts = _ALL.add_columns(fit).where(fits, *self._passing(filters, at)).order_by(fit.desc()).limit(limit)
            return [(Memory(*row[:-1]), row[-1]) for row in await self._session.execute(texts)]
        query = (
            _ALL.add_columns(-words.rank)
            .select_from(words.index.join(memories, memories.c.number == words.index.c.rowid))
            .where(words.matches, *self._passing(filters, at))
            .order_by(words.rank)
            .limit(limit)
        )
        rows = await self._session.execute(query, {"match": words.match_for(self._user_id, wanted)})
        return [(Memory(*row[:-1]), row[-1]) for row in rows]

    async def numbered(self, numbers: Collection[int], filters: Filters, *, at: datetime) -> list[Memory]:
        """Those of these that the filters let through."""
        return await self._list(_ALL.where(memories.c.number.in_(numbers), *self._passing(filters, at)))

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
        await self._session.execute(sa.insert(memories), rows)
        added = await self._session.execute(
            sa.select(memories.c.number, memories.c.session)
            .where(self._mine, memories.c.id.in_([row["id"] for row in rows]))
            .order_by(memories.c.number)
        )
        numbers: dict[int, str | None] = {row[0]: row[1] for row in added}
        # Of what is added together only the first of a session can have an older neighbour.
        firsts: dict[str, int] = {}
        for number, session in numbers.items():
            if session is not None:
                firsts.setdefault(session, number)
        beside = await words.neighbours(self._session, self._user_id, {n: name for name, n in firsts.items()})
        await words.write(self._session, self._user_id, numbers.keys() | beside)

    async def change(self, memory_id: str, changes: dict[str, Any]) -> None:
        """Set columns of one memory."""
        await self._session.execute(sa.update(memories).where(self._mine, memories.c.id == memory_id).values(**changes))

    async def reindex(self, memory: Memory) -> None:
        """Index a memory anew that has become current, or has ceased to be; its neighbours with it."""
        beside: set[int] = set()
        if memory.session is not None:
            beside = await words.neighbours(self._session, self._user_id, {memory.number: memory.session})
        await words.write(self._session, self._user_id, {memory.number} | beside)
        await vectors.remove(self._session, [memory.number])

    async def remove(self, doomed: Sequence[Memory]) -> None:
        """Remove these, every trace of their words, and what their neighbours' rows hold of them."""
        if not doomed:
            return
        await words.leave_no_trace(self._session)
        numbers = [memory.number for memory in doomed]
        sessions = {memory.number: memory.session for memory in doomed if memory.session}
        beside = await words.neighbours(self._session, self._user_id, sessions)
        for start in range(0, len(numbers), _AT_ONCE):
            some = numbers[start : start + _AT_ONCE]
            await words.erase(self._session, some)
            await vectors.remove(self._session, some)
            await self._session.execute(sa.delete(memories).where(self._mine, memories.c.number.in_(some)))
        await words.write(self._session, self._user_id, beside)
        await words.sweep(self._session)

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


def _alive(at: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(memories.c.expires_at.is_(None), memories.c.expires_at > at)
