"""`python -m bench.memory`: recall at 10 by words, by meaning, and by both; and how long it took."""

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from bench.memory.dialogue import made
from famulus import migrations
from famulus.apps import server as _server  # noqa: F401 -- declares every table
from famulus.infra.clients import get_openai_client
from famulus.infra.sqlite import SqliteDatabase
from famulus.kit.clock import utc_now
from famulus.memory import retrieval
from famulus.memory.client import Searcher, make_embedder
from famulus.memory.schemas import MemoryDraft, Search
from famulus.memory.service import Memories
from famulus.settings import MemorySettings

USER = "user_bench"


async def main(folder: Path) -> None:
    url = f"sqlite:///{folder / 'bench.db'}"
    migrations.upgrade(url)
    database = SqliteDatabase(url)
    searcher = Searcher(database, make_embedder(MemorySettings(), get_openai_client()))
    items, questions = made()
    began = time.perf_counter()
    for start in range(0, len(items), 100):
        drafts = [
            MemoryDraft(text=i.text, kind="turn", key=i.key, speaker=i.speaker, session=i.session, said_at=i.said_at)
            for i in items[start : start + 100]
        ]
        await searcher.embed(await database.write(lambda s, d=drafts: Memories(s, USER).remember(d)))  # type: ignore[misc]
    pace = len(items) / (time.perf_counter() - began)
    print(f"{len(items)} items, {len(questions)} questions; remembered and embedded {pace:.0f} items/s")
    asked = [(question.text, question.answer) for question in questions]
    await measured("lexical", Searcher(database, None), database, asked, share=1.0)
    await measured("dense", searcher, database, asked, share=0.0)
    await measured("fused", searcher, database, asked, share=retrieval.LEXICAL_SHARE)
    await searcher.stop()
    await database.close()


async def measured(
    name: str, searcher: Searcher, database: SqliteDatabase, asked: list[tuple[str, str]], *, share: float
) -> None:
    """Ask everything, and print how often the answer was among the first ten."""
    everything = await database.read(lambda session: Memories(session, USER).everything())
    key_of = {memory.id: memory.key for memory in everything}
    before, retrieval.LEXICAL_SHARE = retrieval.LEXICAL_SHARE, share
    hits, seconds = 0, []
    for text, answer in asked:
        began = time.perf_counter()
        found = await searcher.search(USER, Search(query=text, k=10), at=utc_now())
        seconds.append(time.perf_counter() - began)
        hits += answer in {key_of[hit.memory.id] for hit in found.data}
    retrieval.LEXICAL_SHARE = before
    print(f"{name:8} recall@10 {hits / len(asked):.3f}   median {statistics.median(seconds) * 1000:.1f} ms")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        asyncio.run(main(Path(place)))
