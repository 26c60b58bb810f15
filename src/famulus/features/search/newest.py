"""What was taken in lately: looked through thing by thing, until there is so much of it that it is packed.

A row for each word of each message would be the price of every message. So the words of a new thing are one row, the
thing's own, and whoever searches reads the few hundred newest of these and finds in them what the index will say of
them, once it is told.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import takewhile

from famulus.features.search import postings
from famulus.features.search.records import Loose, Span, Use
from famulus.features.search.words import letters_of, stem_in, text_of
from famulus.kit.stems import root_of, stem_of

_Fits = Callable[[str], bool]


class Newest:
    """Some things with all their words."""

    def __init__(self, things: Sequence[Loose]) -> None:
        # A line for each word: "\nword\tweight\n…".
        self._lines = [(thing.number, f"\n{text_of(thing.words)}\n") for thing in things]

    def uses(self, span: Span) -> list[Use]:
        """Where they have words of a span."""
        beginning, fits = _sought(span)
        blocks: dict[int, dict[int, int]] = defaultdict(dict)
        for number, lines in self._lines:
            if weight := max((weight for word, weight in _beginning(lines, beginning) if fits(word)), default=0):
                block, place = divmod(number, postings.BLOCK)
                blocks[block][place] = weight
        return [Use(span.first, block, postings.changed(b"", weights)) for block, weights in blocks.items()]


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


def _beginning(lines: str, letters: str) -> Iterator[tuple[str, int]]:
    """The words that begin with some letters, and their weights."""
    begins = f"\n{letters}"
    at, last = lines.find(begins), len(lines) - 1
    # Where no letters are given, the end of the last line begins like a line too.
    while 0 <= at < last:
        end = lines.index("\n", at + 1)
        word, _, weight = lines[at + 1 : end].partition("\t")
        yield word, int(weight)
        at = lines.find(begins, end)
