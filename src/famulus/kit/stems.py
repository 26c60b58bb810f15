"""Words without their endings: meeting, meetings and meets are of one stem.

Light on purpose, and for English alone: it takes away what grammar adds, and leaves what makes another word. What is
not of plain letters is its own stem.
"""

from functools import lru_cache

_VOWELS = frozenset("aeiouy")


@lru_cache(20_000)
def stem_of(word: str) -> str:
    """The word without its ending, so that what is looked for and what was said may differ in it."""
    if len(word) < 4 or not word.isascii() or not word.isalpha():  # noqa: PLR2004 -- shorter ones have no endings
        return word
    stem = word
    if stem.endswith("ies"):
        stem = stem[:-3] + "y"
    elif stem.endswith(("sses", "shes", "ches", "xes")):
        stem = stem[:-2]
    elif stem.endswith("s") and not stem.endswith(("ss", "us", "is")):
        stem = stem[:-1]
    for ending in ("ingly", "edly", "ing", "ied", "ed", "ly"):
        shorter = stem.removesuffix(ending)
        if shorter != stem and len(shorter) >= 3 and _VOWELS & set(shorter):  # noqa: PLR2004 -- "bed" keeps its end
            stem = shorter + "y" if ending == "ied" else _undoubled(shorter)
            break
    if len(stem) > 3 and stem.endswith("e"):  # noqa: PLR2004
        stem = stem[:-1]
    if len(stem) > 2 and stem.endswith("y") and stem[-2] not in _VOWELS:  # noqa: PLR2004
        stem = stem[:-1] + "i"
    return stem


def root_of(stem: str) -> str:
    """The letters with which every word of this stem begins."""
    # Of story and stories the stem is stori, and of ties it is ty.
    return stem[:-1] if stem[-1] in "iy" else stem


def _undoubled(stem: str) -> str:
    return stem[:-1] if stem[-1] == stem[-2] and stem[-1] not in "lsz" else stem
