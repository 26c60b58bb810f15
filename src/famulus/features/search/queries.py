"""What was typed, and what it asks for.

Words are looked for anywhere, also in other forms and as the beginnings of others; what stands in quotation marks, or
has signs in it that are no letters, is looked for as it is. Nothing that can be typed is an operator.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from famulus.features.search.words import MOST_LETTERS, composed, folded, is_unspaced, is_word, pieces, terms_of
from famulus.kit.stems import root_of, stem_of

_MOST_WORDS = 24
_MOST_LITERALS = 8
_QUOTED = re.compile(r'"([^"]*)(?:"|$)')
# What ends a sentence, or is around a word in it, says nothing about the word.
_AROUND = ".,;:!?\u2026()[]{}<>'\"\u00ab\u00bb\u2039\u203a\u00bf\u00a1\u3001\u3002"
_LETTER = r"[^\W_]"
_GAP = r"[\W_]+"


@dataclass(frozen=True)
class Wanted:
    """A word to look for."""

    term: str
    """As the index has it."""
    begins: bool
    """Whether words that begin with it will do."""
    is_literal: bool
    """Whether it is a part of something that has to be there as it is."""
    stem: str | None = None
    """What other forms of it have in common with it, where they will do."""


@dataclass(frozen=True)
class Marked:
    """What is marked in a text: what was typed, and other forms of its words."""

    pattern: "re.Pattern[str]"
    stems: frozenset[str]

    def spans(self, plain: str) -> Iterator[tuple[int, int]]:
        """Where it is in a folded text."""
        for match in self.pattern.finditer(plain):
            if match.lastgroup != "form" or stem_of(match[0]) in self.stems:
                yield match.span()


@dataclass(frozen=True)
class Query:
    """What is asked for."""

    words: tuple[Wanted, ...]
    literals: tuple[str, ...]
    """Patterns that a folded text has to have."""
    marks: tuple[str, ...]
    """Patterns of what is marked in a folded text."""

    @cached_property
    def marked(self) -> "Marked":
        """What is marked in a folded text."""
        stems = frozenset(word.stem for word in self.words if word.stem is not None)
        patterns = [f"(?:{mark})" for mark in self.marks]
        if stems:
            roots = "|".join(re.escape(root_of(stem)) for stem in sorted(stems))
            patterns.append(f"(?P<form>(?<!{_LETTER})(?:{roots}){_LETTER}*)")
        return Marked(re.compile("|".join(patterns) or r"(?!)"), stems)

    @cached_property
    def _required(self) -> "list[re.Pattern[str]]":
        return [re.compile(literal) for literal in self.literals]

    def admits(self, text: str) -> bool:
        """Whether a folded text has everything that has to be there as it is."""
        return all(pattern.search(text) for pattern in self._required)


def parsed(typed: str) -> Query:
    """What somebody who types this asks for."""
    plain = folded(composed(typed))
    found = list(_chunks(plain)) or [(chunk, True) for chunk in plain.split()]
    words: dict[str, Wanted] = {}
    literals: dict[str, None] = {}
    marks: dict[str, None] = {}
    for chunk, is_exact in found:
        parts = pieces(chunk)
        is_literal = is_exact or len(parts) > 1 or not is_word(parts[0])
        pattern = _pattern(chunk, begins=not is_exact)
        marks[pattern] = None
        # The index cannot say what stands beside what, or how a very long word ends.
        if len(parts) > 1 or is_unspaced(parts[0]) or len(chunk) > MOST_LETTERS:
            literals[pattern] = None
        for place, part in enumerate(parts):
            begins = not is_exact and place == len(parts) - 1
            for wanted in _wanted(part, begins=begins, is_literal=is_literal):
                words.setdefault(wanted.term, wanted)
    return Query(tuple(words.values())[:_MOST_WORDS], tuple(literals)[:_MOST_LITERALS], tuple(marks)[:_MOST_WORDS])


def _chunks(plain: str) -> Iterator[tuple[str, bool]]:
    """What has to be found together, and whether exactly so."""
    at = 0
    for quoted in _QUOTED.finditer(plain):
        yield from ((chunk, False) for chunk in _bare(plain[at : quoted.start()]))
        if phrase := " ".join(quoted[1].split()):
            yield phrase, True
        at = quoted.end()
    yield from ((chunk, False) for chunk in _bare(plain[at:]))


def _bare(plain: str) -> Iterator[str]:
    for chunk in plain.split():
        yield chunk.strip(_AROUND) if any(map(is_word, chunk)) else chunk


def _wanted(part: str, *, begins: bool, is_literal: bool) -> Iterator[Wanted]:
    terms = terms_of(part)
    if not is_unspaced(part):
        # What is longer than a word in the index is only told apart in the text.
        stem = stem_of(terms[0]) if begins and not is_literal else None
        yield Wanted(terms[0], begins=begins and is_word(part), is_literal=is_literal, stem=stem)
        return
    for term in terms if len(terms) == 1 else terms[:-1]:
        yield Wanted(term, begins=len(term) == 1, is_literal=True)


def _pattern(chunk: str, *, begins: bool) -> str:
    """A pattern for a chunk: where it has a space, words may be apart by whatever is no letter."""
    parts = chunk.split(" ")
    pattern = re.escape(parts[0])
    for before, part in pairwise(parts):
        gap = _GAP if is_word(before[-1]) and is_word(part) else r"\s+"
        pattern += gap + re.escape(part)
    if is_word(chunk[0]) and not is_unspaced(chunk[0]):
        pattern = f"(?<!{_LETTER})" + pattern
    if is_word(chunk[-1]) and not is_unspaced(chunk[-1]):
        pattern += f"{_LETTER}*" if begins else f"(?!{_LETTER})"
    return pattern
