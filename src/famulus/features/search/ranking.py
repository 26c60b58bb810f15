"""What fits best: how much of what the words tell each thing has, counted among one's own things alone.

Only `finding` imports this, and only when somebody searches: numpy costs time and memory at the start.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from famulus.features.search.gathering import Gathered, Uses
from famulus.features.search.postings import BLOCK, MOST_WEIGHT
from famulus.features.search.records import Use

_Weights = NDArray[np.float32]
# The weight at which a thing has all that a word can tell.
_FULL_WEIGHT = 100
# What more of one's things have than this share of them narrows nothing down, unless there are few.
_COMMON_SHARE, _FEW = 0.2, 50


def ranked(gathered: Gathered, *, most: int) -> tuple[list[tuple[float, int]], bool]:
    """Score and number of what fits, the best first and of the same the newest; and whether it has all the words."""
    size = gathered.last_number + 1
    words = [(uses, _weights(uses, size)) for uses in gathered.words]
    rarities = [_rarity(int(np.count_nonzero(weights)), gathered.things) for _, weights in words]
    total = np.float32(sum(rarities) or 1)
    scores = np.zeros(size, np.float32)
    allowed = _allowed(gathered, size)
    for (uses, weights), rarity in zip(words, rarities, strict=True):
        scores += np.minimum(weights / _FULL_WEIGHT, 1) * np.float32(rarity) / total
        if uses.is_literal:
            allowed &= weights > 0
    scores[~allowed] = 0
    narrow = _narrowing([weights for _, weights in words], gathered.things)
    having = np.logical_and.reduce([weights > 0 for weights in narrow]) if narrow else np.ones(size, bool)
    has_all = bool(np.any(having & (scores > 0)))
    return _best(np.where(having, scores, 0) if has_all else scores, most), has_all


def _weights(uses: Uses, size: int) -> _Weights:
    """How much of each thing a word is."""
    weights = np.zeros(size, np.float32)
    for share, some in uses.parts:
        numbers, found = _unpacked(some, size)
        np.maximum.at(weights, numbers, found.astype(np.float32) * np.float32(share))
    return weights


def _allowed(gathered: Gathered, size: int) -> NDArray[np.bool_]:
    """Which things the filters let through."""
    allowed = np.ones(size, bool)
    for group in gathered.filters:
        one = np.zeros(size, bool)
        one[_unpacked(group, size)[0]] = True
        allowed &= one
    return allowed


def _narrowing(words: Sequence[_Weights], things: int) -> list[_Weights]:
    """The words that a thing has to have if any thing has them all."""
    most = max(_FEW, things * _COMMON_SHARE)
    rare = [weights for weights in words if np.count_nonzero(weights) <= most]
    return rare or list(words)


def _best(scores: _Weights, most: int) -> list[tuple[float, int]]:
    scores = np.round(scores, 2)
    found = np.flatnonzero(scores)
    # The newest first, and then the best: a sort that is stable leaves the newest of the same before the others.
    found = found[::-1]
    best = found[np.argsort(-scores[found], kind="stable")][:most]
    return [(round(float(scores[number]), 2), int(number)) for number in best]


def _unpacked(uses: Sequence[Use], size: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Numbers and weights."""
    packed = np.frombuffer(b"".join(use.uses for use in uses), "<u2")
    lengths = [len(use.uses) // 2 for use in uses]
    begins = np.repeat(np.array([use.block * BLOCK for use in uses], np.int64), lengths)
    numbers, weights = begins + (packed >> 7), packed & MOST_WEIGHT
    # What has come since is not looked at.
    known = numbers < size
    return numbers[known], weights[known]


def _rarity(uses: int, things: int) -> float:
    return float(np.log(1 + (max(things - uses, 0) + 0.5) / (uses + 0.5)))
