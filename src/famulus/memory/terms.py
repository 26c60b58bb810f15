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
from famulus.memory.tables import memories, memory_owners, memory_terms
from famulus.memory.words import weights_of

# So many uses of words are read at the most; of words that have more, only what the candidates have of them.
_MOST_USES = 8_000
_AT_ONCE = 5_000
# Beyond so many memories it makes no difference to a word's worth how many there are.
_MOST_COUNTED = 20_000
# Two who write for a new person at once make one owner.
_ENTER = sa.text(
    "INSERT INTO memory_owners (user_id, forgotten) VALUES (:user_id, :forgotten) "
    "ON CONFLICT (user_id) DO UPDATE SET forgotten = memory_owners.forgotten + :forgotten RETURNING owner"
)
_uses = memory_terms.c


@dataclass(frozen=True, slots=True)
class Owner:
    """Somebody who has memories, as the indexes know them."""

    user_id: str
    owner: int
    forgotten: int
    """How often something of theirs was."""


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
        return heapq.nlargest(most, self.of, key=lambda number: (self.of[number], number))

    def add(self, term: str, number: int, weight: int) -> None:
        """Count a word that a memory has."""
        self.of[number] = self.of.get(number, 0.0) + self.worth[term] * weight / 100


async def owner_of(session: Session, user_id: str) -> Owner | None:
    """The person as the indexes know them, if they have had memories."""
    columns = memory_owners.c.user_id, memory_owners.c.owner, memory_owners.c.forgotten
    row = (await session.execute(sa.select(*columns).where(memory_owners.c.user_id == user_id))).first()
    return Owner(*row) if row else None


async def write(session: Session, user_id: str, texts: Sequence[tuple[int, str]]) -> None:
    """Put memories (number, text) into the index."""
    if not texts:
        return
    known = await owner_of(session, user_id)
    # Only who comes first writes the owner's row: it would hold up everybody who remembers something for them.
    owner = known.owner if known else await _entered(session, user_id, forgotten=0)
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
    owner = await _entered(session, user_id, forgotten=1)
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


async def fits(session: Session, owner: Owner, terms: Collection[str]) -> Fits:
    """What has any of the words, and how well it fits them all."""
    mine = _uses.owner == owner.owner, _uses.term.in_(terms)
    counts = sa.select(_uses.term, sa.func.count()).where(*mine).group_by(_uses.term)
    uses: dict[str, int] = {row[0]: row[1] for row in await session.execute(counts)}
    remembered = await _remembered(session, owner.user_id)
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
        columns = sa.select(_uses.term, _uses.number, _uses.weight)
        columns = columns.where(_uses.owner == owner.owner, _uses.term.in_(seldom))
        query = columns if read <= _MOST_USES else columns.order_by(_uses.number.desc()).limit(_MOST_USES)
        for row in await session.execute(query):
            found.add(*row)
    return found


async def look_up_frequent(session: Session, found: Fits, numbers: Collection[int]) -> None:
    """Count the frequent words too, of these memories."""
    if not found.frequent or not numbers:
        return
    columns = sa.select(_uses.term, _uses.number, _uses.weight)
    where = _uses.owner == found.owner, _uses.term.in_(found.frequent), _uses.number.in_(numbers)
    for row in await session.execute(columns.where(*where)):
        found.add(*row)


async def erase_owner(session: Session, user_id: str) -> None:
    """Take all that a person has out of the index, and the person too."""
    owner = sa.select(memory_owners.c.owner).where(memory_owners.c.user_id == user_id).scalar_subquery()
    await session.execute(sa.delete(memory_terms).where(_uses.owner == owner))
    await session.execute(sa.delete(memory_owners).where(memory_owners.c.user_id == user_id))


async def _entered(session: Session, user_id: str, *, forgotten: int) -> int:
    """The person's number, with so much more forgotten."""
    number: int = (await session.execute(_ENTER, {"user_id": user_id, "forgotten": forgotten})).scalar_one()
    return number


async def _remembered(session: Session, user_id: str) -> int:
    some = sa.select(sa.literal(1)).where(memories.c.user_id == user_id).limit(_MOST_COUNTED).subquery()
    found: int = (await session.execute(sa.select(sa.func.count()).select_from(some))).scalar_one()
    return found


def _rarity(uses: int, remembered: int) -> float:
    return math.log(1 + (max(remembered - uses, 0) + 0.5) / (uses + 0.5))
