"""The index of words: for each owner and word, the memories that have it.

It is a table like others and not the database's own text search, so that both databases find and rank alike, that
what makes a word rare is counted among one's own memories alone, that nobody's search grows with what others have, and
that a row that is deleted is gone.
"""

import heapq
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from famulus.infra.database import Session
from famulus.infra.prepared import Prepared, one_of
from famulus.memory import owners
from famulus.memory.tables import memories, memory_terms
from famulus.memory.words import weights_of

# So many uses of words are read at the most; of words that have more, only what the candidates have of them.
_MOST_USES = 8_000
_AT_ONCE = 5_000
# Beyond so many memories it makes no difference to a word's worth how many there are.
_MOST_COUNTED = 20_000
_uses = memory_terms.c
_OF_ONE = _uses.owner == sa.bindparam("of"), one_of(_uses.term, "terms")
_COUNTS = Prepared(sa.select(_uses.term, sa.func.count()).where(*_OF_ONE).group_by(_uses.term))
_USES = sa.select(_uses.term, _uses.number, _uses.weight).where(*_OF_ONE)
_ALL_USES = Prepared(_USES)
_NEWEST_USES = Prepared(_USES.order_by(_uses.number.desc()).limit(sa.bindparam("most")))
_USES_AMONG = Prepared(_USES.where(one_of(_uses.number, "numbers")))
_REMEMBERED = Prepared(
    sa.select(sa.func.count()).select_from(
        sa.select(sa.literal_column("1"))
        .where(memories.c.user_id == sa.bindparam("user"))
        .limit(_MOST_COUNTED)
        .subquery()
    )
)
_NEWEST = Prepared(sa.select(sa.func.max(memories.c.number)).where(memories.c.user_id == sa.bindparam("user")))
_MOST_KNOWN = 10_000


class Counts:
    """How many memories people have, counted again only when one has come or gone."""

    def __init__(self) -> None:
        # By owner: how often something was forgotten, which memory was the newest, and how many there were then.
        self._known: dict[int, tuple[int, int | None, int]] = {}

    async def of(self, session: Session, owner: owners.Owner) -> int:
        """How many the person has, as far as that matters."""
        of_one = {"user": owner.user_id}
        [(newest,)] = await session.rows(_NEWEST, of_one)
        *then, count = self._known.get(owner.owner, (None, None, 0))
        if then != [owner.forgotten, newest]:
            [(count,)] = await session.rows(_REMEMBERED, of_one)
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[owner.owner] = owner.forgotten, newest, count
        return count


@dataclass(slots=True)
class Fits:
    """How well memories fit the words of a query: which share of what the words tell they have."""

    owner: int
    worth: dict[str, float]
    """What each word tells, all words together one."""
    frequent: list[str]
    """Words that too many memories have to begin with them."""
    of: dict[int, float] = field(default_factory=dict)
    """By number; for all that have one of the words that are not frequent."""

    def keep_only(self, numbers: Collection[int] | None) -> None:
        """Leave what is not among these; their neighbours' words do not count either then."""
        if numbers is not None:
            self.of = {number: fit for number, fit in self.of.items() if number in numbers}

    def best(self, most: int) -> list[int]:
        """The numbers of those that fit best."""
        # Pairs compare themselves; a key would be asked for each of thousands.
        return [number for _, number in heapq.nlargest(most, zip(self.of.values(), self.of, strict=True))]

    def add(self, uses: Sequence[tuple[str, int, int]]) -> None:
        """Count words (term, number, weight) that memories have."""
        worth, of = self.worth, self.of
        for term, number, weight in uses:
            of[number] = of.get(number, 0.0) + worth[term] * weight / 100


async def write(session: Session, user_id: str, texts: Sequence[tuple[int, str]]) -> None:
    """Put memories (number, text) into the index."""
    if not texts:
        return
    owner = await owners.hold(session, user_id)
    rows = [
        {"owner": owner, "term": term, "number": number, "weight": weight}
        for number, text in texts
        for term, weight in weights_of(text).items()
    ]
    if rows:
        await session.execute(sa.insert(memory_terms), rows)


async def erase(session: Session, user_id: str, texts: Sequence[tuple[int, str]], *, thoroughly: bool = False) -> None:
    """Take memories out of the index: `thoroughly` also where another edition of `words` has put them there."""
    if not texts:
        return
    owner = await owners.enter(session, user_id, forgotten=1)
    if thoroughly:
        numbers = [number for number, _ in texts]
        for start in range(0, len(numbers), _AT_ONCE):
            some = _uses.number.in_(numbers[start : start + _AT_ONCE])
            await session.execute(sa.delete(memory_terms).where(_uses.owner == owner, some))
        return
    here = sa.delete(memory_terms).where(
        _uses.owner == sa.bindparam("o"), sa.bindparam("t") == _uses.term, sa.bindparam("n") == _uses.number
    )
    rows = [{"o": owner, "t": term, "n": number} for number, text in texts for term in weights_of(text)]
    if rows:
        await session.execute(here, rows)


async def fits(session: Session, owner: owners.Owner, terms: Collection[str], counts: Counts | None = None) -> Fits:
    """What has any of the words, and how well it fits them all."""
    of = {"of": owner.owner, "terms": sorted(terms)}
    uses: dict[str, int] = dict(await session.rows(_COUNTS, of))
    remembered = await (counts or Counts()).of(session, owner)
    rarity = {term: _rarity(uses.get(term, 0), remembered) for term in terms}
    total = sum(rarity.values())
    found = Fits(owner.owner, {term: worth / total for term, worth in rarity.items()}, [])
    seldom: list[str] = []
    read = 0
    for term in sorted(uses, key=uses.__getitem__):
        if not seldom or read + uses[term] <= _MOST_USES:
            seldom.append(term)
            read += uses[term]
        else:
            found.frequent.append(term)
    if seldom:
        # The newest of a word that is all that was asked for, and that more than enough memories have.
        statement = _ALL_USES if read <= _MOST_USES else _NEWEST_USES
        found.add(await session.rows(statement, {"of": owner.owner, "terms": seldom, "most": _MOST_USES}))
    return found


async def look_up_frequent(session: Session, found: Fits, numbers: Collection[int]) -> None:
    """Count the frequent words too, of these memories."""
    if found.frequent and numbers:
        among = {"of": found.owner, "terms": found.frequent, "numbers": sorted(numbers)}
        found.add(await session.rows(_USES_AMONG, among))


async def erase_owner(session: Session, user_id: str) -> None:
    """Take all that a person has out of the index, and the person too."""
    owner = await owners.seize(session, user_id)
    if owner is not None:
        await session.execute(sa.delete(memory_terms).where(_uses.owner == owner))
        await owners.remove(session, owner)


def _rarity(uses: int, remembered: int) -> float:
    return math.log(1 + (max(remembered - uses, 0) + 0.5) / (uses + 0.5))
