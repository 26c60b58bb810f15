"""What a run is shown of what is remembered: what has to do with its question, and nothing for want of better."""

from array import array
from collections.abc import Sequence

import pytest

from famulus.infra.database import Database
from famulus.memory.local import LocalKeeper
from famulus.memory.meaning import Searcher
from famulus.memory.recall import Recall
from famulus.memory.schemas import MemoryDraft
from famulus.settings import MemorySettings

pytestmark = pytest.mark.anyio

MARIA = "user_maria"
MEANT = {"bees": (1.0, 0.0, 0.0), "hives": (0.8, 0.6, 0.0), "tax": (0.0, 1.0, 0.0), "rhubarb": (0.0, 0.0, 1.0)}
NEITHER = (0.0, 0.0, -1.0)


class Beekeeper:
    """Knows the meaning of a few words."""

    model = "beekeeper"

    async def embed(self, texts: Sequence[str]) -> list[bytes]:
        meant = [next((meant for word, meant in MEANT.items() if word in text.lower()), NEITHER) for text in texts]
        return [array("f", one).tobytes() for one in meant]

    def close(self) -> None:
        pass


async def shown(
    database: Database, question: str, *drafts: MemoryDraft, embedder: Beekeeper | None, session: str | None = None
) -> list[str]:
    keeper = LocalKeeper(database, Searcher(database, embedder))
    await keeper.remember(MARIA, drafts)
    found = await Recall(keeper, MemorySettings(deadline_seconds=30)).about(MARIA, question, session=session)
    assert found is not None
    return [hit.memory.text for hit in found]


BEES = MemoryDraft(text="Maria keeps bees.")
TEA = MemoryDraft(text="Maria likes tea.", pinned=True)


async def test_who_keeps_bees_is_not_told_of_them_when_the_question_is_about_taxes(database: Database) -> None:
    assert await shown(database, "Explain the tax law to me.", BEES, embedder=Beekeeper()) == []


async def test_what_means_something_near_is_shown(database: Database) -> None:
    assert await shown(database, "What do my hives need?", BEES, embedder=Beekeeper()) == ["Maria keeps bees."]


async def test_what_has_the_words_is_shown_whatever_it_means(database: Database) -> None:
    code = MemoryDraft(text="The code of the gate is XK-4711.")

    assert await shown(database, "What is XK-4711?", code, BEES, embedder=Beekeeper()) == [code.text]


async def test_what_is_pinned_is_shown_always(database: Database) -> None:
    assert await shown(database, "Explain the tax law to me.", BEES, TEA, embedder=Beekeeper()) == [TEA.text]


async def test_a_reply_is_shown_with_what_it_replies_to(database: Database) -> None:
    said = [
        MemoryDraft(text=text, kind="turn", session="yesterday")
        for text in ("Who feeds your bees in winter?", "Jonas does it.", "Then there was rhubarb.", "Good night!")
    ]

    found = await shown(database, "Tell me of the bees.", *said, embedder=Beekeeper())

    assert found == ["Who feeds your bees in winter?", "Jonas does it."]


async def test_without_meaning_a_common_word_is_enough_and_none_is_not(database: Database) -> None:
    long = "I was wondering all morning long whether there is anything that bees drink in July apart from dew."

    assert await shown(database, long, BEES, embedder=None) == ["Maria keeps bees."]
    assert await shown(database, "Explain the tax law to me.", embedder=None) == []
