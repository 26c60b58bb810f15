"""Words, as the index has them: without case and accents; and every other sign that can be seen, by itself."""

import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from famulus.features.search.postings import MOST_WEIGHT
from famulus.kit.stems import stem_of

EDITION = 2
"""To be raised with every change of what the index has of a text: everything is then taken in anew."""
MOST_CHARACTERS = 200_000
"""How much of a text is looked at."""
MOST_LETTERS = 40
"""How much of a word is; what two words have in common from there on is not told apart by the index."""
SHORT = 2
"""Beginnings up to this length are words of their own: too many words begin with them."""
_MOST_WORDS = 20_000
# A title's words count as often as this.
_TITLE = 3
# How a word's weight grows with its uses, and falls with the length of the text (BM25).
_SATURATION, _LENGTH_SHARE, _USUAL_LENGTH = 1.2, 0.6, 30
_SCALE = 50
_QUICKLY = 1
_BEGINNING, _KIND, _CONVERSATION, _DAY, _STEM = "\x02", "\x03", "\x04", "\x05", "\x06"
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_PIECE = re.compile(rf"[{_UNSPACED}]+|[^\W_{_UNSPACED}]+|\S")
_ALIKE = {"\u2018": "'", "\u2019": "'", "\u02bc": "'", "\u201c": '"', "\u201d": '"', "\u2010": "-", "\u2011": "-"}


class _Fold(dict[int, str]):
    """What becomes of each character, found out once."""

    def __missing__(self, code: int) -> str:
        sign = chr(code)
        plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", sign).casefold())
        kept = "".join(part for part in plain if _is_kept(part))
        self[code] = found = _ALIKE.get(sign) or unicodedata.normalize("NFC", kept)
        return found


def _is_kept(part: str) -> bool:
    # Accents, and signs that only tell how others are to be drawn.
    return not unicodedata.combining(part) and unicodedata.category(part) not in ("Mn", "Cf")


_FOLD = _Fold(dict.fromkeys(range(32), " ") | dict.fromkeys(range(127, 160), " "))


def composed(text: str) -> str:
    """The text with its accents where they belong: what `folded` makes of it stands sign by sign for what it says."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def folded(text: str) -> str:
    """The text without case and accents; of a composed one, the signs one after the other."""
    return text.translate(_FOLD)


def pieces(plain: str) -> list[str]:
    """The words of a folded text, and its other signs, in order."""
    return _PIECE.findall(plain)


def is_word(piece: str) -> bool:
    """Whether a piece is letters or digits."""
    return piece[0].isalnum()


def is_unspaced(piece: str) -> bool:
    """Whether a piece is of a script that puts no spaces between words."""
    return re.match(f"[{_UNSPACED}]", piece) is not None


def terms_of(piece: str) -> list[str]:
    """A piece as the index has it: a word; or each two neighbours, where nobody knows where words end."""
    if not is_unspaced(piece):
        return [piece[:MOST_LETTERS]]
    return [piece[place : place + 2] for place in range(len(piece))]


def weights_of(title: str, text: str) -> dict[str, int]:
    """What the index has of a thing's words: how much of it each is."""
    uses = Counter[str]()
    length = 0
    for times, part in ((_TITLE, title), (1, text)):
        for piece in pieces(folded(composed(part[:MOST_CHARACTERS]))):
            length += 1
            for term in terms_of(piece):
                uses[term] += times
    share = 1 - _LENGTH_SHARE + _LENGTH_SHARE * length / _USUAL_LENGTH
    most_common = uses.most_common(_MOST_WORDS) if len(uses) > _MOST_WORDS else uses.items()
    return {term: _weight(times, share) for term, times in most_common}


def _weight(times: int, share: float) -> int:
    weight = round(_SCALE * times * (_SATURATION + 1) / (times + _SATURATION * share))
    return max(1, min(weight, MOST_WEIGHT))


def with_all_that_follows(weights: dict[str, int]) -> dict[str, int]:
    """What the index has of a thing once it is packed: its words, and what follows from them."""
    words = {term: weight for term, weight in weights.items() if term >= " "}
    return weights | _beginnings(words) | _stems(words)


def _beginnings(weights: Mapping[str, int]) -> dict[str, int]:
    """The first letter, and the first two, of every longer word."""
    found: dict[str, int] = {}
    for term, weight in weights.items():
        for length in range(1, min(SHORT, len(term) - 1) + 1):
            beginning = beginning_of(term[:length])
            found[beginning] = max(weight, found.get(beginning, 0))
    return found


def _stems(weights: Mapping[str, int]) -> dict[str, int]:
    """What is left of words that have endings."""
    found: dict[str, int] = {}
    for term, weight in weights.items():
        if (stem := stem_of(term)) != term:
            found[of_stem(stem)] = max(weight, found.get(of_stem(stem), 0))
    return found


def of_stem(stem: str) -> str:
    """What the index has for all words of a stem, but for one that is the stem itself."""
    return _STEM + stem


def stem_in(term: str) -> str | None:
    """The stem, if this is what the index has for its words."""
    return term[1:] if term.startswith(_STEM) else None


def beginning_of(letters: str) -> str:
    """What the index has for all longer words that begin with so few letters."""
    return _BEGINNING + letters


def letters_of(term: str) -> str | None:
    """The letters, if this is what the index has for the longer words that begin with them."""
    return term[1:] if term.startswith(_BEGINNING) else None


def marks_of(kind: str, at: datetime, conversation_id: str | None) -> dict[str, int]:
    """What a thing can be filtered by; nobody can type such words."""
    marks = [of_kind(kind), of_day(at)]
    if conversation_id is not None:
        marks.append(of_conversation(conversation_id))
    return dict.fromkeys(marks, 1)


def of_kind(kind: str) -> str:
    """What all things of a kind have."""
    return _KIND + kind


def of_conversation(conversation_id: str) -> str:
    """What all things of a conversation have."""
    return _CONVERSATION + conversation_id


def of_day(at: datetime) -> str:
    """What all things of a day have; in the order of the days."""
    return f"{_DAY}{at.date().isoformat()}"


def written(weights: Mapping[str, int]) -> bytes:
    """Words and weights, as they are kept with the thing that has them."""
    lines = "\n".join([f"{term}\t{weight}" for term, weight in weights.items()])
    return zlib.compress(lines.encode(), level=_QUICKLY)


def text_of(kept: bytes) -> str:
    """A line for each word and its weight, as `written` has written them."""
    return zlib.decompress(kept).decode()


def read(kept: bytes) -> dict[str, int]:
    """What `written` has written."""
    lines = (line.partition("\t") for line in text_of(kept).split("\n") if line)
    return {term: int(weight) for term, _, weight in lines}
