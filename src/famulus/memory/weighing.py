"""What a memory that was found is worth: by its words, its meaning, who said it, when, and what stands beside it."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from famulus.memory.dates import Span
from famulus.memory.records import Glimpse

# Of the score; the rest is the meaning's.
LEXICAL_SHARE = 0.3
# What the words, and the meaning, of the one before and the one after are worth to a memory.
BESIDE_WORDS, BESIDE_MEANING = 0.33, 0.25
# Who asks wants an answer and not a question that was asked before; who is named is more likely to have said it.
QUESTION, SPEAKER, ON_THAT_DAY = 0.85, 1.25, 1.5
REPEATED = 0.7
# What stands in a session where more was found is more likely to be meant.
SAME_SESSION, BEST_OF_SESSION = 0.1, 3

Measure = Mapping[int, float]
"""How well memories fit, by their numbers; what is not known is not in it."""


@dataclass(slots=True)
class Candidate:
    """A memory that may be what is looked for."""

    glimpse: Glimpse
    lexical: float = 0.0
    """Which share of what the query's words tell it has, some of its neighbours' words counted in."""
    dense: float | None = None
    """How near its meaning is, as a cosine."""
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class Asked:
    """What a query asks for beside words and meaning."""

    names: set[str]
    """Words of it that are names of those who talk."""
    spans: Sequence[Span]
    lexical: Measure
    dense: Measure | None
    """None where meaning cannot be had."""


def weigh(glimpses: Sequence[Glimpse], asked: Asked) -> list[Candidate]:
    """The candidates with their scores, best first."""
    candidates = [Candidate(glimpse, _by_words(glimpse, asked.lexical)) for glimpse in glimpses]
    # A share of what the words tell stays what it is: the best of them may have but the least of the words.
    most = max([1.0, *(one.lexical for one in candidates)])
    nearness = _spread(asked.dense, candidates) if asked.dense is not None else {}
    share = 1.0 if asked.dense is None else LEXICAL_SHARE
    likelihood = _likelihood(asked)
    for one in candidates:
        by_meaning = (1 - share) * _by_meaning(one.glimpse, nearness) if nearness else 0.0
        one.score = (share * one.lexical / most + by_meaning) * likelihood(one.glimpse)
    _favour_sessions(candidates)
    candidates.sort(key=_place)
    if _put_off_repetitions(candidates):
        candidates.sort(key=_place)
    return candidates


def _place(one: Candidate) -> tuple[float, int]:
    return -one.score, -one.glimpse.number


def _put_off_repetitions(candidates: Sequence[Candidate]) -> bool:
    """What was said several times in the same words tells something once; whether any was."""
    said: set[str] = set()
    for one in candidates:
        words = " ".join(one.glimpse.text.lower().split())
        if words in said:
            one.score *= REPEATED
        said.add(words)
    return len(said) < len(candidates)


def _by_words(glimpse: Glimpse, lexical: Measure) -> float:
    fit = lexical.get
    return fit(glimpse.number, 0.0) + BESIDE_WORDS * (fit(glimpse.before, 0.0) + fit(glimpse.after, 0.0))


def _by_meaning(glimpse: Glimpse, nearness: Measure) -> float:
    near = nearness.get
    before, after = near(glimpse.before, 0.0), near(glimpse.after, 0.0)
    return near(glimpse.number, 0.0) + BESIDE_MEANING * max(before, after)


def _spread(dense: Measure, candidates: Sequence[Candidate]) -> Measure:
    """How near each is, from 0 for the least near of the candidates to 1 for the nearest."""
    for one in candidates:
        one.dense = dense.get(one.glimpse.number)
    known = [one.dense for one in candidates if one.dense is not None]
    least, most = min(known, default=0.0), max(known, default=0.0)
    if most <= least:
        return dict.fromkeys(dense, 1.0)
    width = most - least
    return {
        number: 1.0 if cosine >= most else (cosine - least) / width if cosine > least else 0.0
        for number, cosine in dense.items()
    }


def _likelihood(asked: Asked) -> Callable[[Glimpse], float]:
    @cache
    def is_named(speaker: str) -> bool:
        return not asked.names.isdisjoint(speaker.lower().split())

    def likelihood(glimpse: Glimpse) -> float:
        found = QUESTION if glimpse.text.endswith("?") else 1.0
        if asked.names and glimpse.speaker and is_named(glimpse.speaker):
            found *= SPEAKER
        if asked.spans and glimpse.when and any(begins <= glimpse.when < ends for begins, ends in asked.spans):
            found *= ON_THAT_DAY
        return found

    return likelihood


def _favour_sessions(candidates: Sequence[Candidate]) -> None:
    scores: dict[str, list[float]] = defaultdict(list)
    for one in candidates:
        if one.glimpse.session is not None:
            scores[one.glimpse.session].append(one.score)
    worth = {name: sum(sorted(some)[-BEST_OF_SESSION:]) / BEST_OF_SESSION for name, some in scores.items()}
    best = max(worth.values(), default=0.0)
    if not best:
        return
    for one in candidates:
        if one.glimpse.session is not None:
            one.score *= 1 + SAME_SESSION * worth[one.glimpse.session] / best
