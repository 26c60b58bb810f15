"""Words, as the index of memories has them: in lower case, without accents, endings and what every sentence says."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from famulus.kit.stems import stem_of

EDITION = 1
"""To be raised with every change of what the index has of a text: all memories are then indexed anew."""

_MOST_WORDS, _MOST_LETTERS = 32, 40
_WORD = re.compile(r"[^\W_]+")
_ASCII_WORD = re.compile(r"[a-z0-9]+")
_STOP = frozenset(
    (  # noqa: SIM905 -- as prose it can be read
        "a about am an and are as at be been but by can could did do does for from had has have he her hers him "
        "his how i if in into is it its me my of on or our s she should so than that the their them then there they "
        "this to us was we were what when where which who whom whose why will with would you your "
        "don didn doesn isn wasn weren won ll ve re m t d"
    ).split()
)
# How a word's weight grows with its uses, and falls with the length of the text (BM25).
_SATURATION, _LENGTH_SHARE, _USUAL_LENGTH = 1.2, 0.6, 10
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")
# What follows a name and a colon was said; what follows one of these was not.
_LABELS = frozenset(
    "note notes todo reminder update re fw fwd ps nb q a http https task idea warning edit summary subject".split()  # noqa: SIM905
)
_NAMED = re.compile(r"\s*([^\W\d_][\w.'\u2019-]*(?: [^\W\d_][\w.'\u2019-]*){0,2}):\s+(?=\S)")


def words_of(query: str) -> list[str]:
    """The words worth looking for as they were typed: each once, without those that every sentence has."""
    words = dict.fromkeys(_spelled(query))
    return ([word for word in words if word not in _STOP] or list(words))[:_MOST_WORDS]


def terms_of(text: str) -> Counter[str]:
    """How often each word is in a text, as the index has it."""
    return Counter(term_of(word) for word in _spelled(text) if word not in _STOP)


def weights_of(text: str) -> dict[str, int]:
    """What the index has of a text: each word with how much of the text it is, in hundredths."""
    terms = terms_of(text)
    length = 1 - _LENGTH_SHARE + _LENGTH_SHARE * terms.total() / _USUAL_LENGTH
    return {term: round(100 * uses * (_SATURATION + 1) / (uses + _SATURATION * length)) for term, uses in terms.items()}


def term_of(word: str) -> str:
    """The word without its ending, so that what is looked for and what was said may differ in it."""
    return stem_of(word)[:_MOST_LETTERS]


def speaker_of(text: str) -> str | None:
    """Who said a text that begins with a name and a colon."""
    named = _NAMED.match(text)
    name = named[1] if named else ""
    is_name = name and not any(part[0].islower() for part in name.split())
    return name if is_name and name.lower() not in _LABELS else None


def spoken(text: str, speaker: str | None) -> str:
    """The text without the name of its speaker before it."""
    named = _NAMED.match(text)
    if named and speaker and named[1].lower() == speaker.lower():
        return text[named.end() :]
    return text


def without_names(query: str, names: Sequence[str]) -> str:
    """The query without the names of those who talk: everything they said is near to their names."""
    known = _parts(names)
    kept = [word for word in query.split() if re.sub(r"(['\u2019]s)?\W*$", "", word.lower()) not in known]
    return " ".join(kept) or query


def named_in(query: str, names: Sequence[str]) -> tuple[list[str], set[str]]:
    """The words of a query that are worth looking for, and those that name somebody who talks."""
    words = words_of(query)
    named = set(words) & _parts(names)
    return [word for word in words if word not in named] or words, named


def _parts(names: Sequence[str]) -> set[str]:
    return {word for name in names for word in name.lower().split()}


def _spelled(text: str) -> list[str]:
    if text.isascii():
        return _ASCII_WORD.findall(text.lower())
    plain = "".join(
        letter for letter in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(letter)
    )
    found: list[str] = []
    for word in _WORD.findall(unicodedata.normalize("NFC", plain)):
        if _UNSPACED.search(word) and len(word) > 1:
            # Where words stand without spaces, each two signs are one.
            found += [word[place : place + 2] for place in range(len(word) - 1)]
        else:
            found.append(word)
    return found
