"""The SQL of the index: of one person's at a time."""

from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import Any

import sqlalchemy as sa

from famulus.features.search import postings
from famulus.features.search.records import Change, Kept, Loose, Owner, Span, Thing, Use
from famulus.features.search.tables import search_owners, search_things, search_words
from famulus.features.search.words import EDITION
from famulus.infra.database import Session
from famulus.infra.findable import changes
from famulus.infra.prepared import Prepared, one_of


def _some_of(table: sa.Table, *key: "sa.Column[Any]") -> Prepared:
    """Removes some rows of an owner."""
    some = sa.select(*key).where(table.c.owner == sa.bindparam("of_owner")).limit(sa.bindparam("most"))
    return Prepared(sa.delete(table).where(sa.tuple_(*key).in_(some)))


_owner: sa.BindParameter[int] = sa.bindparam("of_owner")
_user: sa.BindParameter[str] = sa.bindparam("of_user")
_block: sa.BindParameter[int] = sa.bindparam("of_block")
_things, _uses = search_things.c, search_words.c
_FIND_OWNER = Prepared(
    sa.select(
        search_owners.c.owner, search_owners.c.last_number, search_owners.c.things, search_owners.c.packed,
        search_owners.c.loose, search_owners.c.edition,
    ).where(search_owners.c.user_id == _user)
)  # fmt: skip
_COUNT = Prepared(sa.update(search_owners).where(search_owners.c.owner == _owner))
_here = (_uses.owner == _owner, _uses.word == sa.bindparam("of_word"), _uses.block == _block)
_KEPT = Prepared(
    sa.select(_uses.word, _uses.uses).where(_uses.owner == _owner, _uses.block == _block, one_of(_uses.word, "words"))
)
_ADD = Prepared(sa.insert(search_words))
_REPLACE = Prepared(sa.update(search_words).where(*_here))
_REMOVE = Prepared(sa.delete(search_words).where(*_here))
_ADD_THING = Prepared(sa.insert(search_things))
_CHANGE_THING = Prepared(
    sa.update(search_things).where(_things.owner == _owner, _things.number == sa.bindparam("of_number"))
)
_some_numbers = one_of(_things.number, "numbers")
_REMOVE_THINGS = Prepared(sa.delete(search_things).where(_things.owner == _owner, _some_numbers))
_THINGS = Prepared(
    sa.select(_things.number, _things.kind, _things.object_id).where(_things.owner == _owner, _some_numbers)
)
_KNOWN = Prepared(
    sa.select(_things.kind, _things.object_id, _things.number, _things.words).where(
        _things.owner == _owner, one_of(_things.object_id, "ids")
    )
)
_LOOSE = Prepared(
    sa.select(_things.number, _things.words).where(_things.owner == _owner, _things.number > sa.bindparam("packed"))
)
_PENDING = Prepared(
    sa.select(changes.c.number, changes.c.kind, changes.c.object_id)
    .where(changes.c.user_id == _user)
    .order_by(changes.c.number)
    .limit(sa.bindparam("most"))
)
_SETTLE = Prepared(sa.delete(changes).where(changes.c.user_id == _user, one_of(changes.c.number, "numbers")))
_SOME_WORDS = _some_of(search_words, _uses.owner, _uses.word, _uses.block)
_SOME_THINGS = _some_of(search_things, _things.owner, _things.number)
_NEXT_WAITING = Prepared(sa.select(sa.func.min(changes.c.user_id)).where(changes.c.user_id > sa.bindparam("after")))


@cache
def _spans(many: int) -> Prepared:
    """The rows of so many spans, each with the place of its span: one statement, for it is one way to a server."""
    found = []
    for place in range(many):
        first: sa.BindParameter[str] = sa.bindparam(f"first_{place}")
        last: sa.BindParameter[str] = sa.bindparam(f"last_{place}")
        most: sa.BindParameter[int] = sa.bindparam(f"most_{place}")
        span = (
            sa.select(sa.literal_column(str(place)).label("place"), _uses.word, _uses.block, _uses.uses)
            .where(_uses.owner == _owner, _uses.word >= first, _uses.word <= last)
            .order_by(_uses.word, _uses.block)
            .limit(most)
        )
        found.append(sa.select(span.subquery()))
    return Prepared(sa.union_all(*found))


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
        counted = {"last_number": 0, "things": 0, "packed": 0, "loose": 0, "edition": EDITION}
        added = sa.insert(search_owners).values(user_id=self._user_id, **counted).returning(search_owners.c.owner)
        return Owner((await self._session.execute(added)).scalar_one(), **counted)

    async def count(self, owner: Owner) -> None:
        """Note how many things there are, which has the last number, and what is packed of them."""
        values = {"last_number": owner.last_number, "things": owner.things, "packed": owner.packed}
        values |= {"loose": owner.loose, "of_owner": owner.owner}
        await self._session.change(_COUNT, values)

    async def pending(self, most: int) -> list[Change]:
        """What the index does not know of yet, the oldest first."""
        rows = await self._session.rows(_PENDING, {"of_user": self._user_id, "most": most})
        return [Change(*row) for row in rows]

    async def settle(self, numbers: Sequence[int]) -> bool:
        """Take these notes away; whether all of them were still there."""
        settled = await self._session.change(_SETTLE, {"of_user": self._user_id, "numbers": numbers})
        return settled == len(numbers)

    async def uses(self, owner: int, spans: Sequence[Span]) -> list[list[Use]]:
        """What is packed of each of these spans."""
        found: list[list[Use]] = [[] for _ in spans]
        asked: dict[str, Any] = {"of_owner": owner}
        for place, span in enumerate(spans):
            asked |= {f"first_{place}": span.first, f"last_{place}": span.last, f"most_{place}": span.most}
        for place, *use in await self._session.rows(_spans(len(spans)), asked):
            found[place].append(Use(*use))
        return found

    async def loose(self, owner: Owner) -> list[Loose]:
        """What is not packed yet."""
        if owner.packed == owner.last_number:
            return []
        rows = await self._session.rows(_LOOSE, {"of_owner": owner.owner, "packed": owner.packed})
        return [Loose(*row) for row in rows]

    async def things(self, owner: int, numbers: Sequence[int]) -> list[Thing]:
        """The things of these numbers."""
        return [Thing(*row) for row in await self._session.rows(_THINGS, {"of_owner": owner, "numbers": numbers})]

    async def known(self, owner: int, ids: Sequence[str]) -> dict[tuple[str, str], tuple[int, bytes]]:
        """Number and words of those of these things that the index has."""
        rows = await self._session.rows(_KNOWN, {"of_owner": owner, "ids": ids})
        return {(kind, object_id): (number, words) for kind, object_id, number, words in rows}

    async def put(self, owner: int, new: Sequence[Kept], changed: Sequence[Kept]) -> None:
        """Keep what the index has of things."""
        if new:
            await self._session.change_many(_ADD_THING, [{"owner": owner} | thing._asdict() for thing in new])
        if changed:
            rows = [{"of_owner": owner, "of_number": thing.number, "words": thing.words} for thing in changed]
            await self._session.change_many(_CHANGE_THING, rows)

    async def remove(self, owner: int, numbers: Sequence[int]) -> None:
        """Remove things; their words are `reweigh`ed to nothing."""
        await self._session.change(_REMOVE_THINGS, {"of_owner": owner, "numbers": numbers})

    async def add(self, owner: int, uses: Sequence[Use]) -> None:
        """Keep uses in blocks where their words have none."""
        if uses:
            await self._session.change_many(_ADD, [{"owner": owner} | use._asdict() for use in uses])

    async def reweigh(self, owner: int, blocks: postings.Blocks) -> None:
        """Change how much of some things some words are; nothing at all for zero."""
        for block, words in blocks.items():
            await self._rewrite(owner, block, words)

    async def remove_some(self, owner: int, most: int) -> int:
        """Remove some rows of the index; how many there were."""
        some = {"of_owner": owner, "most": most}
        return await self._session.change(_SOME_WORDS, some) or await self._session.change(_SOME_THINGS, some)

    async def retire(self, owner: int) -> None:
        """Have the index be of no edition, so that nobody asks it."""
        await self._session.change(_COUNT, {"of_owner": owner, "edition": 0})

    async def leave(self, owner: int) -> None:
        """Have the person be unknown again."""
        await self._session.execute(sa.delete(search_owners).where(search_owners.c.owner == owner))

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
        added = [Use(word, block, uses) for word, uses in values.items() if uses and word not in kept]
        replaced = [word for word, uses in values.items() if uses and word in kept]
        gone = [word for word, uses in values.items() if not uses and word in kept]
        row = partial(_place, owner, block)
        await self.add(owner, added)
        if replaced:
            await self._session.change_many(_REPLACE, [row(word) | {"uses": values[word]} for word in replaced])
        if gone:
            await self._session.change_many(_REMOVE, [row(word) for word in gone])

    async def _kept(self, owner: int, block: int, words: Sequence[str]) -> dict[str, bytes]:
        kept = await self._session.rows(_KEPT, {"of_owner": owner, "of_block": block, "words": words})
        return dict(kept)


def _place(owner: int, block: int, word: str) -> dict[str, Any]:
    return {"of_owner": owner, "of_block": block, "of_word": word}


async def next_waiting(session: Session, after: str) -> str | None:
    """The next person, in the order of their ids, who has something that their index does not know of yet."""
    rows = await session.rows(_NEXT_WAITING, {"after": after})
    found: str | None = rows[0][0]
    return found


async def next_owner(session: Session, after: str, *, is_outdated: bool) -> str | None:
    """The next person, in the order of their ids, whom the index knows; or whose index is of another edition."""
    known = sa.select(sa.func.min(search_owners.c.user_id)).where(search_owners.c.user_id > after)
    if is_outdated:
        known = known.where(search_owners.c.edition != EDITION)
    found: str | None = (await session.execute(known)).scalar()
    return found


async def erase_search(session: Session, user_id: str) -> None:
    """Remove a person's index, within the transaction that removes the account."""
    await IndexRepository(session, user_id).erase()
