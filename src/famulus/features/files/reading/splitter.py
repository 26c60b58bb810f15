"""Cutting text into passages: as long as a thought, at the ends of paragraphs, each with the end of the one before."""

import re
from collections.abc import Iterable, Iterator

from famulus.features.files.reading.pieces import Piece
from famulus.features.files.records import Passage

MOST_CHARACTERS = 1_200
"""About 250 tokens: what a small model for embeddings reads."""
_ENOUGH = 700
_OVERLAP = 150
# Places to cut a text that has no end of its own, the better ones first.
_CUTS = (re.compile(r"(?<=[.!?…])\s"), re.compile(r"(?<=[,;:])\s"), re.compile(r"\s"))
# Each of these is a whole of its own: no passage goes from one into the next.
_WHOLES = frozenset({"page", "slide"})


def split(pieces: Iterable[Piece]) -> Iterator[Passage]:
    """Passages of these pieces, in order."""
    passage = _Growing()
    for piece in pieces:
        if passage.pieces and not passage.goes_on_with(piece):
            yield from passage.ended()
            passage = _Growing()
        elif passage.has_enough_before(piece):
            yield from passage.ended()
            passage = _Growing(passage.tail())
        for part in _parts(piece):
            if passage.pieces and passage.length + len(part.text) > MOST_CHARACTERS:
                yield from passage.ended()
                passage = _Growing(passage.tail())
            passage.add(part)
    yield from passage.ended()


class _Growing:
    """A passage that is not yet long enough."""

    def __init__(self, overlap: str = "") -> None:
        self._overlap = overlap
        self.pieces: list[Piece] = []
        self.length = 0

    def add(self, piece: Piece) -> None:
        self.pieces.append(piece)
        self.length += len(piece.text) + 1

    def goes_on_with(self, piece: Piece) -> bool:
        last = self.pieces[-1]
        if (last.unit, last.sheet) != (piece.unit, piece.sheet):
            return False
        return last.number == piece.number or piece.unit not in _WHOLES

    def has_enough_before(self, piece: Piece) -> bool:
        """Whether this is a good place to end: the next piece begins something new, or does not fit."""
        is_break = not piece.text.strip()
        return self.length > _ENOUGH and (is_break or self.length + len(piece.text) > MOST_CHARACTERS)

    def tail(self) -> str:
        """What the next passage repeats: whole words from the end of this one."""
        tail = self._text()[-_OVERLAP:]
        _, space, kept = tail.partition(" ")
        return kept.strip() if space else ""

    def ended(self) -> Iterator[Passage]:
        text = self._text()
        if not text.strip():
            return
        before = f"{self._overlap}\n" if self._overlap else ""
        first, last = self.pieces[0], self.pieces[-1]
        yield Passage(first.unit, first.number, last.number, first.sheet, len(before), before + text)

    def _text(self) -> str:
        return "\n".join(piece.text for piece in self.pieces)


def _parts(piece: Piece) -> Iterator[Piece]:
    """The piece itself, or, where it is too long, parts of it that fit."""
    text = piece.text
    while len(text) > MOST_CHARACTERS:
        cut = _cut(text)
        yield Piece(piece.unit, piece.number, text[:cut], piece.sheet)
        text = text[cut:]
    yield Piece(piece.unit, piece.number, text, piece.sheet)


def _cut(text: str) -> int:
    for places in _CUTS:
        found = [match.end() for match in places.finditer(text, _ENOUGH, MOST_CHARACTERS)]
        if found:
            return found[-1]
    return MOST_CHARACTERS
