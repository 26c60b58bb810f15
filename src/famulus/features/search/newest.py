"""What was taken in lately: looked through, until there is so much of it that it is packed.

A row for each word of each message would be the price of every message. So the words of a new thing are one row, the
thing's own, and whoever searches reads the few hundred newest of these and finds in them what the index will say of
them, once it is told.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, takewhile

from famulus.features.search import postings
from famulus.features.search.records import Loose, Span, Use
from famulus.features.search.words import letters_of, lines_of, stem_in
from famulus.kit.stems import root_of, stem_of

_Fits = Callable[[str], bool]


class Newest:
    """Some things with all their words."""

    def __init__(self, things: Sequence[Loose]) -> None:
        # A line for each word of each thing, "\nword\tweight", in one piece: it is gone through once for each span.
        lines = [b"\n" + lines_of(thing.words) for thing in things]
        self._lines = b"".join(lines) + b"\n"
        self._numbers = [thing.number for thing in things]
        self._ends = list(accumulate(map(len, lines)))

    def uses(self, span: Span) -> list[Use]:
        """Where they have words of a span."""
        beginning, fits = _sought(span)
        blocks: dict[int, dict[int, int]] = defaultdict(dict)
        for number, word, weight in self._beginning(beginning):
            if fits(word):
                block, place = divmod(number, postings.BLOCK)
                blocks[block][place] = max(weight, blocks[block].get(place, 0))
        return [Use(span.first, block, postings.changed(b"", weights)) for block, weights in blocks.items()]

    def _beginning(self, letters: str) -> Iterator[tuple[int, str, int]]:
        """Of the words that begin with some letters: the thing, the word, and its weight."""
        lines, begins = self._lines, f"\n{letters}".encode()
        at = lines.find(begins)
        while at >= 0:
            end = lines.index(b"\n", at + 1)
            word, _, weight = lines[at + 1 : end].partition(b"\t")
            yield self._numbers[bisect_right(self._ends, at)], word.decode(), int(weight)
            at = lines.find(begins, end)


def _sought(span: Span) -> tuple[str, _Fits]:
    """How the lines begin that may be of a span, and which of their words are."""
    if (letters := letters_of(span.first)) is not None:
        # What follows from the words is not kept with the thing.
        return letters, lambda word: len(word) > len(letters)
    if (stem := stem_in(span.first)) is not None:
        return root_of(stem), lambda word: word != stem and stem_of(word) == stem
    if span.first == span.last:
        return f"{span.first}\t", lambda _: True
    return _common(span.first, span.last), lambda word: span.first <= word <= span.last


def _common(first: str, last: str) -> str:
    """How both begin."""
    return "".join(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False)))
