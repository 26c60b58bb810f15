"""Finding memories: by their words, by their meaning where there is a model for it, and by when they happened."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from famulus.infra.database import Session
from famulus.memory.dates import Span, spans_of
from famulus.memory.records import Memory
from famulus.memory.repository import MemoryRepository
from famulus.memory.schemas import Found, Hit, MemoryView, Reason, Search
from famulus.memory.words import words_of

_CANDIDATES = 200
# Who asks wants an answer and not a question that was asked before; who is named is more likely to have said it.
_QUESTION, _SPEAKER, _ON_THAT_DAY = 0.9, 1.1, 1.3
LEXICAL_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class Meanings:
    """How near the meaning of each memory is to that of the query, by number."""

    cosine: Callable[[int], float | None]
    nearest: Sequence[int]
    """The numbers of the nearest, best first."""


@dataclass(slots=True)
class _Candidate:
    memory: Memory
    lexical: float | None = None
    dense: float | None = None
    score: float = 0.0


async def search(
    session: Session, user_id: str, wanted: Search, *, at: datetime, meanings: Meanings | None = None
) -> Found:
    """What is remembered about the query, best first; without a query, what happened when."""
    repository = MemoryRepository(session, user_id)
    if not wanted.query.strip():
        happened = await repository.timeline(wanted.filters, limit=wanted.k, at=at)
        return _found([_Candidate(memory) for memory in happened], [], "timeline")
    query = words_of(wanted.query)
    lexical = await repository.with_words(query, wanted.filters, limit=_CANDIDATES, at=at)
    candidates = {memory.number: _Candidate(memory, lexical=score) for memory, score in lexical}
    if meanings is not None:
        missing = set(meanings.nearest) - candidates.keys()
        for memory in await repository.numbered(missing, wanted.filters, at=at) if missing else ():
            candidates[memory.number] = _Candidate(memory)
        for number, candidate in candidates.items():
            candidate.dense = meanings.cosine(number)
    _weigh(candidates.values(), query, spans_of(wanted.query), fused=meanings is not None)
    best = sorted(candidates.values(), key=lambda one: (-one.score, -one.memory.number))[: wanted.k]
    return _found(best, query, "lexical" if meanings is None else "fused")


def _weigh(candidates: Iterable[_Candidate], query: Sequence[str], spans: Sequence[Span], *, fused: bool) -> None:
    """Give every candidate its score: both sides from 0 to 1 among what was found, and added by their shares."""
    many = list(candidates)
    lexical = _spread([one.lexical for one in many])
    dense = _spread([one.dense for one in many])
    share = LEXICAL_SHARE if fused else 1.0
    for one, by_words, by_meaning in zip(many, lexical, dense, strict=True):
        one.lexical = by_words
        score = share * (by_words or 0.0) + (1 - share) * (by_meaning or 0.0)
        if one.memory.text.rstrip().endswith("?"):
            score *= _QUESTION
        if one.memory.speaker and one.memory.speaker.lower() in query:
            score *= _SPEAKER
        when = one.memory.about_from or one.memory.said_at
        if any(begins <= when < ends for begins, ends in spans):
            score *= _ON_THAT_DAY
        one.score = round(score, 6)


def _spread(values: Sequence[float | None]) -> list[float | None]:
    """The values between 0 for the least and 1 for the greatest of them."""
    known = [value for value in values if value is not None]
    if not known:
        return list(values)
    least, span = min(known), max(known) - min(known)
    return [None if value is None else (value - least) / span if span else 1.0 for value in values]


def _found(
    candidates: Sequence[_Candidate], query: Sequence[str], mode: Literal["lexical", "fused", "timeline"]
) -> Found:
    return Found(
        data=[
            Hit(
                memory=MemoryView.of(one.memory),
                score=one.score,
                reason=Reason(
                    words=[word for word in query if word in one.memory.text.lower()],
                    lexical=one.lexical,
                    dense=one.dense,
                ),
            )
            for one in candidates
        ],
        mode=mode,
    )
