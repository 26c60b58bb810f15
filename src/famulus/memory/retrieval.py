"""Finding memories: by their words, by their meaning where there is a model for it, and by when they happened."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from famulus.infra.database import Session
from famulus.memory import owners, terms
from famulus.memory.dates import Span, spans_of
from famulus.memory.records import Glimpse, Memory
from famulus.memory.repository import MemoryRepository
from famulus.memory.schemas import Filters, Found, Hit, MemoryView, Reason, Search
from famulus.memory.weighing import Asked, Candidate, weigh
from famulus.memory.words import named_in, term_of, terms_of

# So many candidates by words and as many by meaning; and the neighbours of so many of the best of each.
_CANDIDATES, _WITH_NEIGHBOURS = 120, 30
# Where a filter lets no more than this through, the candidates are the best of that; else they are filtered.
_MOST_LET_THROUGH, _DEEPER = 10_000, 2_000


class Meanings(Protocol):
    """How near the meaning of memories is to that of the query."""

    @property
    def nearest(self) -> Sequence[int]:
        """The numbers of the nearest, best first."""

    def cosines(self, numbers: Collection[int]) -> Mapping[int, float]:
        """Those of these memories that have a meaning, with how near it is."""


Near = Callable[[owners.Owner, int, Collection[int] | None], Awaitable[Meanings]]
"""The so many nearest memories of a person, of all of them or among some."""


@dataclass(frozen=True, slots=True)
class Clues:
    """What a query says to look for, and what has its words."""

    words: Sequence[str]
    names: set[str]
    spans: Sequence[Span]
    fits: terms.Fits
    among: Collection[int] | None
    """What the filters let through; None where that is too much to be listed, or everything."""
    most: int
    """How many candidates by each means."""
    best: Sequence[int]
    """The numbers of what fits the words best."""
    seen: Mapping[int, Glimpse]
    """What there is to weigh of that and of what stands beside it, as it was."""


async def search(session: Session, user_id: str, wanted: Search, *, at: datetime) -> Found:
    """What is remembered about the query by its words, best first; without a query, what happened when."""
    if not wanted.query.strip():
        return await timeline(session, user_id, wanted, at=at)
    owner = await owners.find(session, user_id)
    if owner is None:
        return Found(data=[], mode="lexical")
    speakers = await MemoryRepository(session, user_id).speakers()
    return await ranked(session, wanted, await clues(session, owner, wanted, speakers, at=at), owner=owner, at=at)


async def timeline(session: Session, user_id: str, wanted: Search, *, at: datetime) -> Found:
    """What happened when, as far as the filters let it through: oldest first."""
    happened = await MemoryRepository(session, user_id).timeline(wanted.filters, limit=wanted.k, at=at)
    return Found(data=[Hit.for_itself(memory) for memory in happened], mode="timeline")


async def clues(
    session: Session,
    owner: owners.Owner,
    wanted: Search,
    speakers: Sequence[str],
    *,
    at: datetime,
    counts: terms.Counts | None = None,
) -> Clues:
    """What there is to go by before the meaning of the query is known."""
    repository = MemoryRepository(session, owner.user_id)
    words, names = named_in(wanted.query, speakers)
    spans = spans_of(wanted.query)
    among = await _let_through(repository, wanted.filters, at)
    fits = await terms.fits(session, owner, {term_of(word) for word in words}, counts)
    fits.keep_only(among)
    is_filtered_later = among is None and bool(wanted.filters.given())
    most = _DEEPER if is_filtered_later else _CANDIDATES
    best = fits.best(most)
    seen: dict[int, Glimpse] = {}
    await _see(repository, seen, best, wanted.filters, at, dated=bool(spans))
    return Clues(words, names, spans, fits, among, most, best, seen)


async def ranked(
    session: Session, wanted: Search, clues: Clues, *, owner: owners.Owner, at: datetime, near: Near | None = None
) -> Found:
    """What is remembered about the query, best first: only what is there now, whenever the clues were found."""
    repository = MemoryRepository(session, owner.user_id)
    meanings = await near(owner, clues.most, clues.among) if near else None
    by_meaning = list(meanings.nearest) if meanings else []
    await terms.look_up_frequent(session, clues.fits, [*clues.best, *by_meaning])
    seen = dict(clues.seen)
    await _see(repository, seen, by_meaning, wanted.filters, at, dated=bool(clues.spans))
    cosines = None
    if meanings:
        known = {one.before for one in seen.values()}
        known.update(seen, [one.after for one in seen.values()])
        cosines = meanings.cosines(known)
    asked = Asked(clues.names, clues.spans, clues.fits.of, cosines)
    best = weigh(list(seen.values()), asked)[: wanted.k]
    memories = {one.number: one for one in await repository.numbered([one.glimpse.number for one in best])}
    # What was replaced or forgotten since the clues were found is not shown.
    there = [(memories.get(one.glimpse.number), one) for one in best]
    data = [_hit(memory, one, clues.words, cosines) for memory, one in there if memory and not memory.superseded_by]
    return Found(data=data, mode="lexical" if near is None else "fused")


async def _let_through(repository: MemoryRepository, filters: Filters, at: datetime) -> set[int] | None:
    if not filters.given():
        return None
    numbers = await repository.passing(filters, limit=_MOST_LET_THROUGH + 1, at=at)
    return set(numbers) if len(numbers) <= _MOST_LET_THROUGH else None


async def _see(
    repository: MemoryRepository,
    seen: dict[int, Glimpse],
    numbers: Sequence[int],
    filters: Filters,
    at: datetime,
    *,
    dated: bool,
) -> None:
    """Look at what may be what is looked for, and at what stands beside the best of it."""
    fresh = [number for number in numbers if number not in seen]
    if fresh:
        seen |= {one.number: one for one in await repository.glimpses(fresh, filters, at=at, dated=dated)}
    best = [seen[number] for number in numbers[:_WITH_NEIGHBOURS] if number in seen]
    # What only came together may have little to do with each other: it is not found for its neighbours alone.
    several = [one for one in best if one.session is not None]
    beside = {number for one in several for number in (one.before, one.after) if number} - seen.keys()
    if beside:
        seen |= {one.number: one for one in await repository.glimpses(beside, filters, at=at, dated=dated)}


def _hit(memory: Memory, found: Candidate, words: Sequence[str], cosines: Mapping[int, float] | None) -> Hit:
    has = terms_of(memory.text)
    # What only came together is no answer to each other.
    around = (found.glimpse.before, found.glimpse.after) if found.glimpse.session is not None else ()
    beside = [cosines[number] for number in around if number in cosines] if cosines else []
    reason = Reason(
        words=[word for word in words if term_of(word) in has],
        lexical=round(found.lexical, 4),
        dense=None if found.dense is None else round(found.dense, 4),
        beside=round(max(beside), 4) if beside else None,
    )
    return Hit(memory=MemoryView.of(memory), score=round(found.score, 6), reason=reason)
