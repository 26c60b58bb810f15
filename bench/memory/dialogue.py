"""The labelled set: two people talk over many sessions; some of what they say is asked for later.

The kinds of question are those that differ in what finds their answers: other words, the exact name or number, the day,
who said it, what was denied, and answers that make sense only beside what was asked.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bench.memory.script import CHATTER, EXACT, FACTS, NEGATIONS, OPINIONS, REPLIES, THINGS, VERDICTS

SPEAKERS = ("Nora", "Ivan")
BEGINNING = datetime(2024, 1, 8, 18, 0, tzinfo=UTC)
SESSIONS = 64
_FIRST = ("Oskar", "Ludmila", "Henrik", "Aurelia", "Tobias", "Magda", "Fergus", "Ines", "Bastian", "Yuki")
_LAST = ("Lindqvist", "Marchetti", "Okafor", "Brandt", "Villanueva", "Horvath", "Petrakis", "Novak", "Saarinen", "Diaz")


@dataclass(frozen=True)
class Item:
    """Something that was said."""

    key: str
    speaker: str
    session: str
    said_at: datetime
    text: str


@dataclass(frozen=True)
class Question:
    """A question, and the items that answer it, each of which will do."""

    kind: str
    text: str
    answers: frozenset[str]


@dataclass(frozen=True)
class _Line:
    speaker: str
    text: str
    asked: tuple[tuple[str, str], ...] = ()
    """Questions that this line answers, by kind; `{day}` is the day on which it is said."""


def made(seed: int = 7) -> tuple[list[Item], list[Question]]:
    """Everything that was said, and what is asked of it."""
    chance = random.Random(seed)
    scenes = list(_scenes(chance))
    chance.shuffle(scenes)
    items: list[Item] = []
    answers: dict[tuple[str, str], set[str]] = {}
    for number in range(SESSIONS):
        day = BEGINNING + timedelta(days=number * 6 + chance.randint(0, 3))
        for place, line in enumerate(_session(chance, scenes[number::SESSIONS])):
            key = f"s{number}-{place}"
            items.append(Item(key, line.speaker, f"session-{number}", day + timedelta(minutes=place), line.text))
            for kind, text in line.asked:
                answers.setdefault((kind, text.replace("{day}", f"{day:%d %B %Y}")), set()).add(key)
    return items, [Question(kind, text, frozenset(keys)) for (kind, text), keys in answers.items()]


def _session(chance: random.Random, scenes: list[list[_Line]]) -> list[_Line]:
    blocks = [[_Line(chance.choice(SPEAKERS), _chatter(chance))] for _ in range(chance.randint(20, 26))]
    # Of the kind that is asked for by its name or number alone there is much more than is asked for.
    for said, _, what in chance.sample(EXACT, 4):
        blocks.append([_Line(chance.choice(SPEAKERS), said.format(_exact(chance, what)))])
    chance.shuffle(blocks)
    for scene in scenes:
        blocks.insert(chance.randrange(len(blocks)), scene)
    return [line for block in blocks for line in block]


def _scenes(chance: random.Random) -> Iterator[list[_Line]]:
    """What belongs together, and is said one after the other."""
    for said, asked, choices in FACTS:
        for number, (who, choice) in enumerate(zip(SPEAKERS * 2, chance.sample(choices, 4), strict=True)):
            about = asked.format(who=who)
            on_day = f"{about[:-1]}, around {{day}}?"
            questions = (
                (("paraphrase", about),) if number < len(SPEAKERS) else (("paraphrase", about), ("date", on_day))
            )
            yield [_Line(who, said.format(choice), questions), _Line(_other(who), _chatter(chance))]
    for said, asked, what in EXACT:
        for who in SPEAKERS:
            exact = _exact(chance, what)
            yield [_Line(who, said.format(exact), (("exact", asked.format(exact)),))]
    for number, (asked_then, reply, asked) in enumerate(REPLIES):
        who = SPEAKERS[number % 2]
        yield [_Line(_other(who), asked_then), _Line(who, reply, (("reply", asked.format(who=who)),))]
    for thing, said in OPINIONS:
        verdicts = chance.sample(VERDICTS, 2)
        yield [
            _Line(
                who,
                said.format(verdict),
                (("speaker", f"What does {who} think of {thing}?"), ("speaker", f"Did {thing} please {who}?")),
            )
            for who, verdict in zip(SPEAKERS, verdicts, strict=True)
        ]
    for does, does_not, asked in NEGATIONS:
        who = chance.choice(SPEAKERS)
        yield [_Line(_other(who), does), _Line(who, does_not, (("negation", asked.format(who=who)),))]


def _exact(chance: random.Random, what: str) -> str:
    if what == "code":
        return f"{''.join(chance.sample('ABCDEFGHKLMNPRSTUVWXYZ', 2))}-{chance.randint(1000, 9999)}"
    return str(chance.randint(31, 2_999)) if what == "number" else f"{chance.choice(_FIRST)} {chance.choice(_LAST)}"


def _other(who: str) -> str:
    return SPEAKERS[1 - SPEAKERS.index(who)]


def _chatter(chance: random.Random) -> str:
    return chance.choice(CHATTER).format(chance.choice(THINGS))
