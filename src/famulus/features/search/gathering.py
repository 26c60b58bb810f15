"""What of the index a query needs, read in one go."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from famulus.features.search.queries import Query, Wanted
from famulus.features.search.records import Owner, Use
from famulus.features.search.repository import IndexRepository
from famulus.features.search.words import SHORT, beginning_of, of_conversation, of_day, of_kind
from famulus.infra.database import Session

# So many blocks of words that only begin alike are read at the most.
_MOST_BEGUN = 6_000
_MOST_DAYS = 20_000


@dataclass(frozen=True, slots=True)
class Filter:
    """What a thing has to be, whatever words it has."""

    kinds: tuple[str, ...] = ()
    """Any of these; everything where there is none."""
    since: datetime | None = None
    until: datetime | None = None
    conversation_id: str | None = None

    def admits(self, at: datetime) -> bool:
        """Whether a time lies within."""
        return (self.since is None or at >= self.since) and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class Uses:
    """Where a word is."""

    is_literal: bool
    exactly: Sequence[Use]
    begun: Sequence[Use] = ()
    """Where others are that begin with it."""


@dataclass(slots=True)
class Gathered:
    """All that the index says about a query."""

    owner: int
    last_number: int
    things: int
    words: list[Uses] = field(default_factory=list)
    filters: list[Sequence[Use]] = field(default_factory=list)
    """Of each a thing has to be in one."""


async def gather(session: Session, user_id: str, query: Query, within: Filter, *, upto: int | None) -> Gathered | None:
    """What the index says; None when it knows nothing of the person."""
    repository = IndexRepository(session, user_id)
    owner = await repository.owner()
    if owner is None or not query.words:
        return None
    last_number = owner.last_number if upto is None else min(upto, owner.last_number)
    found = Gathered(owner.owner, last_number, owner.things)
    left = _MOST_BEGUN
    for wanted in query.words:
        uses = await _uses(repository, owner, wanted, most_begun=left)
        left = max(0, left - len(uses.begun))
        found.words.append(uses)
    found.filters = await _filters(repository, owner, within)
    return found


async def _uses(repository: IndexRepository, owner: Owner, wanted: Wanted, *, most_begun: int) -> Uses:
    term = wanted.term
    if not wanted.begins:
        return Uses(wanted.is_literal, await repository.uses(owner.owner, term))
    if len(term) <= SHORT:
        begun = await repository.uses(owner.owner, beginning_of(term))
        return Uses(wanted.is_literal, await repository.uses(owner.owner, term), begun)
    # The word itself is the first of those that begin with it.
    some = await repository.uses_between(owner.owner, term, term, most=max(most_begun, 1))
    exactly = [use for use in some if use.word == term]
    if len(exactly) == len(some) and len(some) >= most_begun:
        exactly = await repository.uses(owner.owner, term)
    return Uses(wanted.is_literal, exactly, [use for use in some if use.word != term])


async def _filters(repository: IndexRepository, owner: Owner, within: Filter) -> list[Sequence[Use]]:
    filters: list[Sequence[Use]] = []
    if within.kinds:
        filters.append([use for kind in within.kinds for use in await repository.uses(owner.owner, of_kind(kind))])
    if within.conversation_id is not None:
        filters.append(await repository.uses(owner.owner, of_conversation(within.conversation_id)))
    if within.since is not None or within.until is not None:
        first = of_day(within.since or datetime.min)  # noqa: DTZ901 -- the first day of all
        last = of_day(within.until or datetime.max)  # noqa: DTZ901 -- the last
        filters.append(await repository.uses_between(owner.owner, first, last, most=_MOST_DAYS))
    return filters
