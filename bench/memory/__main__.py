"""`python -m bench.memory`: how often the answer is among the first found, by words, by meaning, and by both."""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.memory.dialogue import Item, Question, made
from famulus import migrations
from famulus.apps import server as _server  # noqa: F401 -- declares every table
from famulus.infra.clients import get_openai_client
from famulus.infra.sqlite import SqliteDatabase
from famulus.kit.clock import utc_now
from famulus.memory import weighing
from famulus.memory.client import Searcher, make_embedder
from famulus.memory.embeddings import Embedder
from famulus.memory.schemas import MemoryDraft, Search
from famulus.memory.service import Memories
from famulus.settings import MemorySettings

USER = "user_bench"
FORMS = ("fields", "prefix", "bare")
"""With speakers and sessions as fields; with names before the texts; with neither."""


class Remembering:
    """An embedder that makes each vector once."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: dict[str, bytes] = {}
        self.model = embedder.model

    async def embed(self, texts: Sequence[str]) -> list[bytes]:
        fresh = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known.update(zip(fresh, await self._embedder.embed(fresh), strict=True))
        return [self._known[text] for text in texts]

    def close(self) -> None:
        pass


async def main(folder: Path, forms: Sequence[str]) -> None:
    embedder = make_embedder(MemorySettings(), get_openai_client())
    known = Remembering(embedder) if embedder else None
    items, questions = made()
    print(f"{len(items)} items, {len(questions)} questions; recall@10 of each kind, then recall@10 and @1 of all")
    for form in forms:
        database = await remembered(folder / f"{form}.db", [draft(item, form) for item in items], known)
        print(f"\n{form}")
        await measured("lexical", Searcher(database, None), database, questions)
        if known:
            with only_meaning():
                await measured("dense", Searcher(database, known), database, questions)
            await measured("fused", Searcher(database, known), database, questions)
        await database.close()
    if embedder:
        embedder.close()


def draft(item: Item, form: str) -> MemoryDraft:
    if form == "fields":
        said = {"text": item.text, "speaker": item.speaker, "session": item.session, "said_at": item.said_at}
    elif form == "prefix":
        said = {"text": f"{item.speaker}: {item.text}", "said_at": item.said_at}
    else:
        said = {"text": item.text}
    return MemoryDraft.model_validate({**said, "kind": "turn", "key": item.key})


async def remembered(path: Path, drafts: Sequence[MemoryDraft], embedder: Embedder | None) -> SqliteDatabase:
    url = f"sqlite:///{path}"
    migrations.upgrade(url)
    database = SqliteDatabase(url)
    searcher = Searcher(database, embedder)
    for start in range(0, len(drafts), 100):
        some = drafts[start : start + 100]
        await searcher.embed(await database.write(lambda s, some=some: Memories(s, USER).remember(some)))  # type: ignore[misc]
    return database


@contextmanager
def only_meaning() -> Iterator[None]:
    """Rank by the cosine and nothing else."""
    plain = {"LEXICAL_SHARE": 0.0, "BESIDE_MEANING": 0.0, "SAME_SESSION": 0.0}
    plain |= dict.fromkeys(("QUESTION", "SPEAKER", "ON_THAT_DAY", "REPEATED"), 1.0)
    before = {name: getattr(weighing, name) for name in plain}
    for name, value in plain.items():
        setattr(weighing, name, value)
    yield
    for name, value in before.items():
        setattr(weighing, name, value)


async def measured(name: str, searcher: Searcher, database: SqliteDatabase, asked: Sequence[Question]) -> None:
    """Ask everything, and print how often an answer was among the first ten, and the first."""
    everything = await database.read(lambda session: Memories(session, USER).everything())
    key_of = {memory.id: memory.key for memory in everything}
    hits: dict[str, list[bool]] = defaultdict(list)
    firsts, seconds = [], []
    for question in asked:
        began = time.process_time()
        found = await searcher.search(USER, Search(query=question.text, k=10), at=utc_now())
        seconds.append(time.process_time() - began)
        keys = [key_of[hit.memory.id] for hit in found.data]
        hits[question.kind].append(not question.answers.isdisjoint(keys))
        firsts.append(bool(keys) and keys[0] in question.answers)
    kinds = "  ".join(f"{kind} {statistics.mean(some):.2f}" for kind, some in hits.items())
    every = statistics.mean(hit for some in hits.values() for hit in some)
    print(
        f"{name:8} {kinds}   all {every:.3f}  first {statistics.mean(firsts):.3f}"
        f"  {statistics.median(seconds) * 1000:.1f} ms",
        flush=True,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.memory", description=__doc__)
    parser.add_argument("--forms", nargs="*", choices=FORMS, default=FORMS)
    with tempfile.TemporaryDirectory() as place:
        asyncio.run(main(Path(place), parser.parse_args().forms))
