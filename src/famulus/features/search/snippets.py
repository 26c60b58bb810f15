"""The part of a text that shows why it was found, and where in it the words are."""

import re
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate

from famulus.features.search.queries import Marked
from famulus.features.search.words import MOST_CHARACTERS, composed, folded

_LENGTH = 200
# How much stands before the first word that is marked.
_BEFORE = 60
_AT_ONCE = 2_000
_MOST_MARKS = 20
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Snippet:
    """A part of a text, in one line, and the parts of it that were looked for."""

    text: str
    marks: tuple[tuple[int, int], ...]
    """From which character to which, the last not included."""


def snippet_of(text: str, marked: Marked) -> Snippet:
    """The part of a text where most of what is looked for is."""
    text = _SPACE.sub(" ", composed(text[:MOST_CHARACTERS])).strip()
    if len(text) <= _LENGTH:
        return Snippet(text, marks_in(text, marked))
    first = _first(text, marked)
    begin = max(0, first - _BEFORE)
    if begin:
        # A word is not cut, unless it has no end.
        begin = text.find(" ", begin, first) + 1 or begin
    end = min(len(text), begin + _LENGTH)
    if end < len(text):
        space = text.rfind(" ", first, end)
        end = space if space > first + _BEFORE else end
    part = ("…" if begin else "") + text[begin:end] + ("…" if end < len(text) else "")
    return Snippet(part, marks_in(part, marked))


def marks_in(text: str, marked: Marked) -> tuple[tuple[int, int], ...]:
    """Where in a text the words are."""
    plain = folded(text)
    if len(plain) == len(text) and text.isascii():
        spans = list(marked.spans(plain))
    else:
        # Where each character ends among the folded ones.
        ends = list(accumulate(len(folded(sign)) for sign in text))
        spans = [(bisect_right(ends, first), bisect_right(ends, last - 1) + 1) for first, last in marked.spans(plain)]
    return tuple(_apart(spans))[:_MOST_MARKS]


def _apart(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same, without what is in two of them."""
    found: list[tuple[int, int]] = []
    for first, last in spans:
        begin = max(first, found[-1][1]) if found else first
        if last > begin:
            found.append((begin, last))
    return found


def _first(text: str, marked: Marked) -> int:
    """Where the first of the words is that have most others near them."""
    best, at = 0, 0
    for start in range(0, len(text), _AT_ONCE):
        # What begins at the end of a piece may end in the next.
        piece = text[max(0, start - _BEFORE) : start + _AT_ONCE]
        marks = marks_in(piece, marked)
        kinds = [folded(piece[first:last]) for first, last in marks]
        for place, (first, _) in enumerate(marks):
            near = {
                kind for (other, _), kind in zip(marks[place:], kinds[place:], strict=True)
                if other < first + _LENGTH - _BEFORE
            }  # fmt: skip
            if len(near) > best:
                best, at = len(near), max(0, start - _BEFORE) + first
    return at
