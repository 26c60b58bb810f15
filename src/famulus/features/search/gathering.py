"""What of the index a query needs, read in one go."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import NamedTuple

from famulus.features.search.newest import Newest
from famulus.features.search.queries import Query, Wanted
from famulus.features.search.records import Owner, Span, Use
from famulus.features.search.repository import IndexRepository
from famulus.features.search.words import EDITION, SHORT, beginning_of, of_conversation, of_day, of_kind, of_stem
from famulus.infra.database import Session

# So many blocks of words that only begin alike are read at the most.
_MOST_BEGUN = 6_000
_MOST_DAYS = 20_000
_EVERY = 1_000_000
# A word is worth less where another form of it stands, and still less where it only begins another.
_FORM_SHARE, _BEGINNING_SHARE = 0.8, 0.6
_LAST_SIGN = "\U0010ffff"


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


class Part(NamedTuple):
    """Some uses, and how much they are worth."""

    share: float
    uses: Sequence[Use]


@dataclass(frozen=True, slots=True)
class Uses:
    """Where a word is."""

    is_literal: bool
    parts: Sequence[Part]


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
    if owner is None or owner.edition != EDITION or not query.words:
        return None
    last_number = owner.last_number if upto is None else min(upto, owner.last_number)
    most = _MOST_BEGUN // (sum(wanted.begins for wanted in query.words) or 1)
    words = [_spans_of(wanted, most) for wanted in query.words]
    filters = _filters(within)
    uses = iter(await _uses(repository, owner, [span for _, span in chain(*words)] + list(chain(*filters))))
    return Gathered(
        owner.owner,
        last_number,
        owner.things,
        [
            Uses(wanted.is_literal, [Part(share, next(uses)) for share, _ in spans])
            for wanted, spans in zip(query.words, words, strict=True)
        ],
        [list(chain.from_iterable(next(uses) for _ in spans)) for spans in filters],
    )


async def _uses(repository: IndexRepository, owner: Owner, spans: Sequence[Span]) -> list[list[Use]]:
    """What there is of each span, packed or not."""
    packed = await repository.uses(owner.owner, spans)
    newest = Newest(await repository.loose(owner))
    return [[*some, *newest.uses(span)] for some, span in zip(packed, spans, strict=True)]


def _spans_of(wanted: Wanted, most: int) -> list[tuple[float, Span]]:
    """Where a word may stand in the index, and how much it is worth there."""
    term = wanted.term
    found = [(1.0, _exactly(term))]
    if wanted.begins and len(term) <= SHORT:
        found.append((_BEGINNING_SHARE, _exactly(beginning_of(term))))
    elif wanted.begins:
        # Behind the word itself, and before everything that does not begin with it.
        found.append((_BEGINNING_SHARE, Span(f"{term} ", f"{term}{_LAST_SIGN}", most)))
    if wanted.stem is not None:
        found += [(_FORM_SHARE, _exactly(word)) for word in {wanted.stem, of_stem(wanted.stem)} - {term}]
    return found


def _exactly(term: str) -> Span:
    return Span(term, term, _EVERY)


def _filters(within: Filter) -> list[list[Span]]:
    """Spans that say what passes: of each of these lists, one of them."""
    filters: list[list[Span]] = []
    if within.kinds:
        filters.append([_exactly(of_kind(kind)) for kind in within.kinds])
    if within.conversation_id is not None:
        filters.append([_exactly(of_conversation(within.conversation_id))])
    if within.since is not None or within.until is not None:
        first = of_day(within.since or datetime.min)  # noqa: DTZ901 -- the first day of all
        last = of_day(within.until or datetime.max)  # noqa: DTZ901 -- the last
        filters.append([Span(first, last, _MOST_DAYS)])
    return filters
