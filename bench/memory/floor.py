"""`python -m bench.memory.floor`: what a run is shown of somebody of whom little is known.

A search finds the best ten of whatever there is, and of five memories all five. A run is to be shown only what has to
do with what is asked. People who have told five things each are asked about them, about what others have told, and
about anything else; printed is how much of what answers is shown, and how much beside it, for several floors.
"""

import asyncio
import random
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.memory.__main__ import Remembering, remembered
from bench.memory.script import ANYTHING, TOLD
from famulus.apps import server as _server  # noqa: F401 -- declares every table
from famulus.infra.clients import get_openai_client
from famulus.kit.clock import utc_now
from famulus.memory.client import Searcher, make_embedder
from famulus.memory.recall import is_about_it
from famulus.memory.schemas import Hit, MemoryDraft, Search
from famulus.settings import MemorySettings

PEOPLE, EACH, ASKED, FLOORS = 24, 5, 16, (-1.0, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4)


@dataclass(frozen=True)
class Shown:
    """Something that a search has found."""

    question: tuple[int, str]
    is_right: bool
    hit: Hit


async def main(folder: Path) -> None:
    embedder = make_embedder(MemorySettings(), get_openai_client())
    if embedder is None:
        raise SystemExit("There is no model here that knows what texts mean.")
    known, chance = Remembering(embedder), random.Random(7)
    found: list[Shown] = []
    for person in range(PEOPLE):
        told = chance.sample(TOLD, EACH)
        # Asked about what this person told, about what others told, and about anything else.
        asked = [(text, question) for text, questions in told for question in questions]
        asked += [("", others[1][0]) for others in TOLD if others not in told]
        asked += [("", question) for question in chance.sample(ANYTHING, 8)]
        found += await searched(folder / f"{person}.db", person, [text for text, _ in told], asked, known)
    embedder.close()
    for floor in FLOORS:
        print(f"{floor:5.2f}  {summary(found, floor)}")


async def searched(
    path: Path, person: int, told: Sequence[str], asked: Sequence[tuple[str, str]], embedder: Remembering
) -> list[Shown]:
    drafts = [MemoryDraft(text=text) for text in told]
    database = await remembered(path, drafts, embedder)
    searcher = Searcher(database, embedder)
    found = []
    for right, question in asked:
        answer = await searcher.search("user_bench", Search(query=question, k=ASKED), at=utc_now())
        found += [Shown((person, question), hit.memory.text == right, hit) for hit in answer.data]
    await database.close()
    return found


def summary(found: Sequence[Shown], floor: float) -> str:
    questions = len({one.question for one in found})
    right = [one for one in found if one.is_right]
    shown = [one for one in found if is_about_it(one.hit, near=floor)]
    answers = sum(one.is_right for one in shown)
    return (
        f"{answers / len(right):.3f} of what answers is shown, "
        f"and {(len(shown) - answers) / questions:.2f} other memories with each of {questions} questions"
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        asyncio.run(main(Path(place)))
