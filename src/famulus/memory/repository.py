"""The only SQL about memories; the owner is always a parameter."""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Literal

import sqlalchemy as sa

from famulus.infra.database import Session
from famulus.infra.full_text import overwrite_what_is_removed
from famulus.infra.prepared import Prepared, Row, one_of
from famulus.infra.schema import Moment
from famulus.memory import owners, terms, vectors
from famulus.memory.records import Glimpse, Memory
from famulus.memory.schemas import Filters
from famulus.memory.tables import memories
from famulus.memory.words import EDITION, speaker_of, term_of

_ALL = sa.select(*memories.c)
_CURRENT = memories.c.superseded_by.is_(None)
_ALIVE = sa.or_(memories.c.expires_at.is_(None), memories.c.expires_at > sa.bindparam("at"))
_STALE = memories.c.indexed != EDITION, memories.c.superseded_by.is_(None)
_MINE = memories.c.user_id == sa.bindparam("owner")
# For what is looked up by its number: SQLite would otherwise read all that the owner has, and see which those are.
_MINE_TOO = memories.c.user_id.concat("") == sa.bindparam("owner")
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
    found = sa.case((memories.c.session.is_(None), alone.scalar_subquery()), else_=in_session.scalar_subquery())
    return sa.func.coalesce(found, 0)


_SEEN = (*(memories.c[name] for name in ("number", "text", "speaker", "session")),)
_BESIDE = _beside(later=False), _beside(later=True)
_GLIMPSE = sa.select(*_SEEN, sa.null(), *_BESIDE)
# A time is made of its text for each of hundreds: only where the query names one.
_DATED_GLIMPSE = sa.select(*_SEEN, _TIME, *_BESIDE)
_Which = Literal["glimpses", "dated glimpses", "newest", "timeline", "among"]
_NUMBERED = Prepared(_ALL.where(one_of(memories.c.number, "numbers"), _MINE_TOO))
_PINNED = Prepared(
    _ALL.where(_MINE, memories.c.pinned, _CURRENT, _ALIVE)
    .order_by(memories.c.number.desc())
    .limit(sa.bindparam("most"))
)
_NEXT_SPEAKER = Prepared(
    sa.select(sa.func.min(memories.c.speaker)).where(_MINE, memories.c.speaker > sa.bindparam("last"))
)
_PASSES = {
    "kinds": one_of(memories.c.kind, "kinds"),
    "source": memories.c.source == sa.bindparam("source"),
    "session": memories.c.session == sa.bindparam("session"),
    "speaker": memories.c.speaker == sa.bindparam("speaker"),
    "since": sa.func.coalesce(memories.c.about_until, _TIME) >= sa.bindparam("since", type_=Moment),
    "until": sa.bindparam("until", type_=Moment) >= _TIME,
}


@cache
def _passing(which: _Which, filters: frozenset[str]) -> Prepared:
    """The statement for what some of the filters let through."""
    conditions = [_CURRENT, _ALIVE, *(_PASSES[name] for name in sorted(filters))]
    by_number = one_of(memories.c.number, "numbers"), _MINE_TOO
    most: sa.BindParameter[int] = sa.bindparam("most")
    if which in ("glimpses", "dated glimpses"):
        return Prepared((_GLIMPSE if which == "glimpses" else _DATED_GLIMPSE).where(*by_number, *conditions))
    if which == "among":
        return Prepared(sa.select(memories.c.number).where(*by_number, *conditions))
    if which == "timeline":
        return Prepared(_ALL.where(_MINE, *conditions).order_by(_TIME, memories.c.number).limit(most))
    return Prepared(
        sa.select(memories.c.number).where(_MINE, *conditions).order_by(memories.c.number.desc()).limit(most)
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
        query = _ALL.where(self._mine, _CURRENT, _ALIVE).order_by(memories.c.number.desc()).limit(limit)
        if kinds:
            query = query.where(memories.c.kind.in_(kinds))
        if before is not None:
            place = sa.select(memories.c.number).where(self._mine, memories.c.id == before).scalar_subquery()
            query = query.where(memories.c.number < place)
        return await self._list(query.params(at=at))

    async def pinned(self, *, limit: int, at: datetime) -> list[Memory]:
        """What holds now and is pinned, newest first."""
        return await self._read(_PINNED, at=at, most=limit)

    async def everything(self, *, after: str | None = None, limit: int | None = None) -> list[Memory]:
        """Every version of everything, oldest first; or so many of them, from behind a memory on."""
        query = _ALL.where(self._mine)
        if after is not None:
            # By its id and not its place: it may be forgotten by then, and what comes after it is not.
            query = query.where(memories.c.id > after)
        return await self._list(query.order_by(memories.c.id).limit(limit))

    async def timeline(self, filters: Filters, *, limit: int, at: datetime) -> list[Memory]:
        """What the filters let through, in the order in which it happened."""
        return [Memory(*row) for row in await self._passing("timeline", filters, at=at, most=limit)]

    async def with_words(self, wanted: Sequence[str], filters: Filters, *, limit: int, at: datetime) -> list[Memory]:
        """The best by their words."""
        owner = await owners.find(self._session, self._user_id)
        if owner is None or not wanted:
            return []
        fits = await terms.fits(self._session, owner, {term_of(word) for word in wanted})
        best = fits.best(_DEEP)
        numbers = {number for (number,) in await self._passing("among", filters, at=at, numbers=best)}
        found = {one.number: one for one in await self.numbered([one for one in best if one in numbers][:limit])}
        return [found[number] for number in best if number in found]

    async def passing(self, filters: Filters, *, limit: int, at: datetime) -> list[int]:
        """The numbers of what the filters let through, the newest."""
        return [number for (number,) in await self._passing("newest", filters, at=at, most=limit)]

    async def numbered(self, numbers: Collection[int]) -> list[Memory]:
        """These memories, whatever became of them."""
        return await self._read(_NUMBERED, numbers=numbers)

    async def glimpses(self, numbers: Collection[int], filters: Filters, *, at: datetime, dated: bool) -> list[Glimpse]:
        """What there is to weigh of those of these that the filters let through; `dated` with when it was."""
        which: _Which = "dated glimpses" if dated else "glimpses"
        return [Glimpse._make(row) for row in await self._passing(which, filters, at=at, numbers=sorted(numbers))]

    async def speakers(self, *, most: int = 12) -> list[str]:
        """The names of those who said something, found without reading all that they said."""
        names: list[str] = []
        while len(names) < most:
            last = names[-1] if names else ""
            [(name,)] = await self._session.rows(_NEXT_SPEAKER, {"owner": self._user_id, "last": last})
            if name is None:
                break
            names.append(name)
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
        await self._begin_to_forget()
        await terms.erase(self._session, self._user_id, [(memory.number, memory.text)])
        await self._without_vectors([memory.number])

    async def remove(self, doomed: Sequence[Memory]) -> None:
        """Remove these, and every trace of their words."""
        if not doomed:
            return
        await self._begin_to_forget()
        await terms.erase(self._session, self._user_id, [(one.number, one.text) for one in doomed])
        numbers = [memory.number for memory in doomed]
        for start in range(0, len(numbers), _AT_ONCE):
            some = numbers[start : start + _AT_ONCE]
            await self._without_vectors(some)
            await self._session.execute(sa.delete(memories).where(self._mine, memories.c.number.in_(some)))

    async def remove_all(self) -> None:
        """Remove everything, and every trace of it."""
        await self._begin_to_forget()
        await terms.erase_owner(self._session, self._user_id)
        await vectors.remove_all(self._session, self._user_id)
        await self._session.execute(sa.delete(memories).where(self._mine))

    async def _begin_to_forget(self) -> None:
        """Have whatever this transaction removes overwritten, and not only unlinked; while nobody indexes it."""
        await owners.alone_with(self._session, self._user_id)
        await overwrite_what_is_removed(self._session)

    async def _without_vectors(self, numbers: Sequence[int]) -> None:
        await vectors.remove(self._session, self._user_id, numbers)

    async def _passing(self, which: _Which, filters: Filters, **parameters: Any) -> list[Row]:
        wanted = filters.given()
        given = {"owner": self._user_id, **wanted, **parameters}
        return await self._session.rows(_passing(which, frozenset(wanted)), given)

    async def _read(self, statement: Prepared, **parameters: Any) -> list[Memory]:
        return [Memory(*row) for row in await self._session.rows(statement, {"owner": self._user_id, **parameters})]

    async def _list(self, query: sa.Select[*tuple[Any, ...]]) -> list[Memory]:
        return [Memory(*row) for row in await self._session.execute(query)]


async def stale(session: Session, *, beyond: int, until: int, limit: int) -> list[int]:
    """The numbers of what another edition of `words` has indexed, or none, beyond a number and until another."""
    between = memories.c.number > beyond, memories.c.number <= until
    query = sa.select(memories.c.number).where(*between, *_STALE).order_by(memories.c.number).limit(limit)
    return list((await session.execute(query)).scalars())


async def index_again(session: Session, numbers: Sequence[int]) -> None:
    """Index those of these that another edition of `words` has indexed, or none."""
    whose = sa.select(memories.c.user_id).distinct().where(memories.c.number.in_(numbers), *_STALE)
    for user_id in sorted((await session.execute(whose)).scalars()):
        await owners.alone_with(session, user_id)
        # What has been replaced or forgotten until this person's turn came is not put back.
        columns = sa.select(memories.c.number, memories.c.text, memories.c.indexed)
        query = columns.where(memories.c.user_id == user_id, memories.c.number.in_(numbers), *_STALE)
        his = (await session.execute(query)).all()
        await terms.erase(session, user_id, [(row.number, row.text) for row in his if row.indexed], thoroughly=True)
        await terms.write(session, user_id, [(row.number, row.text) for row in his])
    await session.execute(sa.update(memories).where(memories.c.number.in_(numbers)).values(indexed=EDITION))
