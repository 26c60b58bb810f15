"""The SQL of the index: of one person's at a time."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa

from famulus.features.search import postings
from famulus.features.search.records import Change, Entry, Owner, Thing, Use
from famulus.features.search.tables import search_owners, search_things, search_words
from famulus.features.search.words import read, written
from famulus.infra.database import Session
from famulus.infra.findable import changes
from famulus.infra.prepared import Prepared

_AT_ONCE = 400
# Behind everything that begins with the same letters.
_LAST_SIGN = "\U0010ffff"

_owner: sa.BindParameter[int] = sa.bindparam("of_owner")
_word: sa.BindParameter[str] = sa.bindparam("of_word")
_block: sa.BindParameter[int] = sa.bindparam("of_block")
_things, _uses = search_things.c, search_words.c
_FIND_OWNER = Prepared(
    sa.select(search_owners.c.owner, search_owners.c.last_number, search_owners.c.things).where(
        search_owners.c.user_id == sa.bindparam("of_user")
    )
)
_USES = sa.select(_uses.word, _uses.block, _uses.uses).where(_uses.owner == _owner)
_EXACTLY = Prepared(_USES.where(_uses.word == _word).order_by(_uses.block))
_BETWEEN = Prepared(
    _USES.where(_uses.word >= _word, _uses.word <= sa.bindparam("until"))
    .order_by(_uses.word, _uses.block)
    .limit(sa.bindparam("most"))
)
_here = (_uses.owner == _owner, _uses.word == _word, _uses.block == _block)
_ADD = Prepared(sa.insert(search_words))
_REPLACE = Prepared(sa.update(search_words).where(*_here))
_REMOVE = Prepared(sa.delete(search_words).where(*_here))
_ADD_THING = Prepared(sa.insert(search_things))
_CHANGE_THING = Prepared(
    sa.update(search_things).where(_things.owner == _owner, _things.number == sa.bindparam("of_number"))
)
_THINGS = sa.select(_things.number, _things.kind, _things.object_id).where(
    _things.owner == _owner, _things.number.in_(sa.bindparam("of_numbers", expanding=True))
)
_PENDING = Prepared(
    sa.select(changes.c.number, changes.c.kind, changes.c.object_id)
    .where(changes.c.user_id == sa.bindparam("of_user"))
    .order_by(changes.c.number)
    .limit(sa.bindparam("most"))
)


class IndexRepository:
    """The index of one person."""

    def __init__(self, session: Session, user_id: str) -> None:
        self._session = session
        self._user_id = user_id

    async def owner(self) -> Owner | None:
        """The person as the index knows them, if they have anything that can be found."""
        row = await self._session.row(_FIND_OWNER, {"of_user": self._user_id})
        return Owner(*row) if row else None

    async def enter(self) -> Owner:
        """Make the person known; somebody who writes for them at the same time is waited for."""
        values = {"user_id": self._user_id, "last_number": 0, "things": 0}
        added = sa.insert(search_owners).values(values).returning(search_owners.c.owner)
        return Owner((await self._session.execute(added)).scalar_one(), 0, 0)

    async def count(self, owner: Owner) -> None:
        """Note how many things there are, and which has the last number."""
        values = {"last_number": owner.last_number, "things": owner.things}
        mine = search_owners.c.owner == owner.owner
        await self._session.execute(sa.update(search_owners).where(mine).values(values))

    async def pending(self, most: int) -> list[Change]:
        """What the index does not know of yet, the oldest first."""
        rows = await self._session.rows(_PENDING, {"of_user": self._user_id, "most": most})
        return [Change(*row) for row in rows]

    async def settle(self, numbers: Sequence[int]) -> bool:
        """Take these notes away; whether all of them were still there."""
        mine = changes.c.user_id == self._user_id, changes.c.number.in_(numbers)
        return (await self._session.execute(sa.delete(changes).where(*mine))).rowcount == len(numbers)

    async def uses(self, owner: int, word: str) -> list[Use]:
        """Where a word is."""
        return [Use(*row) for row in await self._session.rows(_EXACTLY, {"of_owner": owner, "of_word": word})]

    async def uses_between(self, owner: int, first: str, last: str, *, most: int) -> list[Use]:
        """Where the words from one to another are, with all that begin with the last."""
        parameters = {"of_owner": owner, "of_word": first, "until": last + _LAST_SIGN, "most": most}
        return [Use(*row) for row in await self._session.rows(_BETWEEN, parameters)]

    async def things(self, owner: int, numbers: Sequence[int]) -> list[Thing]:
        """The things of these numbers."""
        wanted = {"of_owner": owner, "of_numbers": numbers}
        return [Thing(*row) for row in await self._session.execute(_THINGS, wanted)]

    async def known(self, owner: int, entries: Iterable[Entry]) -> dict[tuple[str, str], tuple[int, dict[str, int]]]:
        """Number and words of those of these things that the index has."""
        columns = sa.select(_things.kind, _things.object_id, _things.number, _things.words)
        ids = [entry.object_id for entry in entries]
        rows = await self._session.execute(columns.where(_things.owner == owner, _things.object_id.in_(ids)))
        return {(row[0], row[1]): (row[2], read(row[3])) for row in rows}

    async def put(self, owner: int, new: Mapping[int, Entry], known: Mapping[int, Entry]) -> None:
        """Keep what the index has of things, by their numbers."""
        added = [
            {"owner": owner, "number": number, "kind": entry.kind, "object_id": entry.object_id,
             "words": written(entry.weights)}
            for number, entry in new.items()
        ]  # fmt: skip
        if added:
            await self._session.change_many(_ADD_THING, added)
        changed = [
            {"of_owner": owner, "of_number": number, "words": written(entry.weights)} for number, entry in known.items()
        ]
        if changed:
            await self._session.change_many(_CHANGE_THING, changed)

    async def remove(self, owner: int, numbers: Sequence[int]) -> None:
        """Remove things; their words are `reweigh`ed to nothing."""
        await self._session.execute(sa.delete(search_things).where(_things.owner == owner, _things.number.in_(numbers)))

    async def reweigh(self, owner: int, weights: Mapping[int, Mapping[str, int]]) -> None:
        """Change how much of each thing, by its number, some words are; nothing at all for zero."""
        blocks: dict[int, dict[str, dict[int, int]]] = defaultdict(lambda: defaultdict(dict))
        for number, by_word in weights.items():
            block, place = divmod(number, postings.BLOCK)
            for word, weight in by_word.items():
                blocks[block][word][place] = weight
        for block, words in blocks.items():
            await self._rewrite(owner, block, words)

    async def leave_no_trace(self) -> None:
        """Have what this transaction removes overwritten, and not only unlinked."""
        if self._session.speaks == "sqlite":
            await self._session.driver_sql("PRAGMA secure_delete=ON")

    async def erase(self) -> None:
        """Remove everything."""
        await self.leave_no_trace()
        owner = sa.select(search_owners.c.owner).where(search_owners.c.user_id == self._user_id).scalar_subquery()
        for table in (search_words, search_things):
            await self._session.execute(sa.delete(table).where(table.c.owner == owner))
        for mine in (search_owners, changes):
            await self._session.execute(sa.delete(mine).where(mine.c.user_id == self._user_id))

    async def _rewrite(self, owner: int, block: int, words: Mapping[str, Mapping[int, int]]) -> None:
        """Change the uses of these words in one block."""
        kept = await self._kept(owner, block, list(words))
        values = {word: postings.changed(kept.get(word, b""), weights) for word, weights in words.items()}
        added = [word for word, uses in values.items() if uses and word not in kept]
        replaced = [word for word, uses in values.items() if uses and word in kept]
        gone = [word for word, uses in values.items() if not uses and word in kept]
        row = partial(_place, owner, block)
        if added:
            rows = [{"owner": owner, "word": word, "block": block, "uses": values[word]} for word in added]
            await self._session.change_many(_ADD, rows)
        if replaced:
            await self._session.change_many(_REPLACE, [row(word) | {"uses": values[word]} for word in replaced])
        if gone:
            await self._session.change_many(_REMOVE, [row(word) for word in gone])

    async def _kept(self, owner: int, block: int, words: Sequence[str]) -> dict[str, bytes]:
        kept: dict[str, bytes] = {}
        for start in range(0, len(words), _AT_ONCE):
            some = _uses.word.in_(words[start : start + _AT_ONCE])
            query = sa.select(_uses.word, _uses.uses).where(_uses.owner == owner, _uses.block == block, some)
            kept.update({row[0]: row[1] for row in await self._session.execute(query)})
        return kept


def _place(owner: int, block: int, word: str) -> dict[str, Any]:
    return {"of_owner": owner, "of_block": block, "of_word": word}


async def next_waiting(session: Session, after: str) -> str | None:
    """The next person, in the order of their ids, who has something that their index does not know of yet."""
    waiting = sa.select(sa.func.min(changes.c.user_id)).where(changes.c.user_id > after)
    found: str | None = (await session.execute(waiting)).scalar()
    return found


async def erase_search(session: Session, user_id: str) -> None:
    """Remove a person's index, within the transaction that removes the account."""
    await IndexRepository(session, user_id).erase()
