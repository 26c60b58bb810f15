"""`python -m bench.memory.speed`: what a search over HTTP costs, by how much there is, and what remembering does.

The service is a process of its own, as `famulus memory` starts it, with the model that runs on this machine. What it
searches is put into its database beforehand: texts like those of the labelled set, and vectors of chance, since
making as many real ones would take the greater part of an hour and cost a search nothing less.
"""

import argparse
import asyncio
import json
import os
import re
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from http.client import HTTPConnection
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from bench.memory.dialogue import BEGINNING, Item, made
from bench.processes import Server, cpu_seconds, memory_mib
from famulus import migrations
from famulus.apps import server as _server  # noqa: F401 -- declares every table
from famulus.infra.database import Session
from famulus.infra.sqlite import SqliteDatabase
from famulus.memory import vectors
from famulus.memory.embeddings import LocalEmbedder
from famulus.memory.schemas import MemoryDraft
from famulus.memory.service import Memories

USER, OTHER, NEW = "user_bench", "user_other_{:04}", "user_new"
KEY = "a-service-key-for-the-bench"
QUESTIONS, AT_ONCE, DIMENSION = 200, 100, 384
# A service that does nothing takes less than this of a processor.
_IDLE_SHARE = 0.04
# So many of the others' memories are written as usual, and copied for everybody else in SQL.
_SHIFT = "(SELECT min(number) FROM memories WHERE user_id = ?2) - (SELECT min(number) FROM memories WHERE user_id = ?3)"
_SAME = "key, kind, text, source, speaker, session, importance, pinned, said_at, created_at, updated_at, indexed"
_COPIED = f"""
INSERT INTO memories (id, user_id, chain, {_SAME})
SELECT id || ?1, ?2, chain || ?1, {_SAME} FROM memories WHERE user_id = ?3 ORDER BY number;
INSERT INTO memory_owners (user_id, forgotten) VALUES (?2, 0);
INSERT INTO memory_terms
SELECT (SELECT owner FROM memory_owners WHERE user_id = ?2), term, number + {_SHIFT}, weight
FROM memory_terms WHERE owner = (SELECT owner FROM memory_owners WHERE user_id = ?3);
INSERT INTO memory_vectors (number, user_id, model, dimension, vector)
SELECT number + {_SHIFT}, ?2, model, dimension, vector FROM memory_vectors WHERE user_id = ?3
"""


class Service:
    """The memory service, and one connection to it."""

    def __init__(self, folder: Path) -> None:
        environment = {
            "FAMULUS_DATA_DIR": str(folder),
            "FAMULUS_MEMORY__PORT": "0",
            "FAMULUS_MEMORY__SERVICE_KEY": KEY,
        }
        self._log = folder / "memory.log"
        self._log.unlink(missing_ok=True)
        self._server = Server(["famulus", "memory"], log=self._log, environment=environment)
        self._connection = HTTPConnection("127.0.0.1", self._port(), timeout=60)

    def ask(self, path: str, body: Any) -> Any:
        headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
        self._connection.request("POST", path, json.dumps(body), headers)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status >= 300:
            raise RuntimeError(self._server.failure(f"answered {answer.status} {content!r}"))
        return json.loads(content)

    def cpu(self) -> float:
        return cpu_seconds(self._server.pids())

    def settled(self) -> str:
        """Wait until it has looked through everything, and say what that took."""
        # Nobody keeps an idle connection for so long; the next request opens another.
        self._connection.close()
        began, before = time.perf_counter(), self.cpu()
        while True:
            spent = self.cpu()
            time.sleep(1)
            if self.cpu() - spent < _IDLE_SHARE:
                break
        return f"{time.perf_counter() - began - 1:6.0f} s  CPU {self.cpu() - before:6.1f} s  {self.resident():.0f} MiB"

    def resident(self) -> float:
        return memory_mib(self._server.pids())["rss_mib"]

    def stop(self) -> None:
        self._connection.close()
        self._server.stop()

    def _port(self) -> int:
        """Where it says that it is."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not self._server.ended():
            if said := re.search(r"memory is at http://[^:]+:(\d+)", self._log.read_text()):
                return int(said[1])
            time.sleep(0.02)
        raise RuntimeError(self._server.failure("does not listen"))


def said() -> Iterator[Item]:
    """As much as anybody wants of what two people say."""
    seed = 7
    while True:
        yield from made(seed)[0]
        seed += 1


def asked(count: int) -> list[str]:
    """So many different questions."""
    found: dict[str, None] = {}
    seed = 7
    while len(found) < count:
        found |= dict.fromkeys(question.text for question in made(seed)[1])
        seed += 1
    return list(found)[:count]


def drafts(count: int) -> Iterator[list[MemoryDraft]]:
    """So many turns, some at a time."""
    sayings = enumerate(islice(said(), count))
    while some := list(islice(sayings, 200)):
        yield [
            MemoryDraft(
                text=item.text, kind="turn", speaker=item.speaker, session=f"{number // 30}", key=f"said-{number}",
                said_at=BEGINNING + timedelta(minutes=number),
            )
            for number, item in some
        ]  # fmt: skip


async def fill(path: Path, user_id: str, count: int) -> None:
    """Have a person remember so much."""
    url = f"sqlite:///{path}"
    migrations.upgrade(url)
    database = SqliteDatabase(url)
    chance = np.random.default_rng(7)
    for some in drafts(count):
        rows = chance.standard_normal((len(some), DIMENSION), np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)

        async def remember(session: Session, some: list[MemoryDraft] = some, rows: Any = rows) -> None:
            kept = await Memories(session, user_id).remember(some)
            found = [(one.number, user_id, row.tobytes()) for one, row in zip(kept, rows, strict=True)]
            await vectors.add(session, LocalEmbedder.model, found)

        await database.write(remember, durable=False)
    await database.close()


async def add_others(path: Path, count: int, each: int) -> None:
    """Have so many others remember as much as the first of them."""
    first = OTHER.format(0)
    await fill(path, first, each)
    database = SqliteDatabase(f"sqlite:///{path}")
    for number in range(1, count):

        async def copy(session: Session, number: int = number) -> None:
            for sql in _COPIED.split(";"):
                # Numbered parameters: not each statement has all of them.
                given = (f"_{number}", OTHER.format(number), first)
                await session.driver_sql(sql, given[: max(int(sign) for sign in "123" if f"?{sign}" in sql)])

        await database.write(copy, durable=False)
    await database.close()


def searched(service: Service, user_id: str, questions: Sequence[str]) -> str:
    """Ask everything once, one after the other, and say how long it took."""
    path = f"/memories/{user_id}/search"
    for question in questions[:20]:
        service.ask(path, {"query": f"{question} Really?", "k": 10})
    seconds = []
    before = service.cpu()
    for question in questions:
        began = time.perf_counter()
        found = service.ask(path, {"query": question, "k": 10})
        seconds.append(time.perf_counter() - began)
        if found["mode"] != "fused" or len(found["data"]) != 10:
            raise RuntimeError(f"{found['mode']}: {len(found['data'])}")
    cpu = (service.cpu() - before) / len(questions)
    p50, p99 = statistics.median(seconds), sorted(seconds)[int(len(seconds) * 0.99)]
    return f"p50 {p50 * 1e3:6.1f} ms  p99 {p99 * 1e3:6.1f} ms  CPU {cpu * 1e3:6.1f} ms  {service.resident():.0f} MiB"


def ingested(service: Service, count: int) -> str:
    """Send so much, and wait until all of it is found by its meaning."""
    cpu, began = service.cpu(), time.perf_counter()
    body = [
        {**draft.model_dump(mode="json", exclude_none=True)}
        for some in drafts(count)
        for draft in some
    ]  # fmt: skip
    for start in range(0, count, AT_ONCE):
        service.ask(f"/memories/{NEW}", {"memories": body[start : start + AT_ONCE]})
    seconds, cpu = time.perf_counter() - began, service.cpu() - cpu
    return f"{count / seconds:6.0f} items/s  CPU {cpu / count * 1e3:6.2f} ms"


def report(name: str, figures: str) -> None:
    print(f"{name:44} {figures}  load {os.getloadavg()[0]:.1f}", flush=True)


def measure(folder: Path, sizes: Sequence[int], others: int, new: int) -> None:
    questions = asked(QUESTIONS)
    for size in sizes:
        place = folder / str(size)
        place.mkdir()
        asyncio.run(fill(place / "famulus.db", USER, size))
        service = Service(place)
        report(f"search, {size:,} memories", searched(service, USER, questions))
        if size == sizes[0]:
            report(f"remember {new:,} in posts of {AT_ONCE}", ingested(service, new))
            service.stop()
            asyncio.run(add_others(place / "famulus.db", others, 1_000))
            service = Service(place)
            report(f"look through {size + others * 1_000:,} memories after a start", service.settled())
            report(f"search, {size:,} memories, {others:,} others", searched(service, USER, questions))
        service.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.memory.speed", description="What a search costs.")
    parser.add_argument("--sizes", nargs="*", type=int, default=[10_000, 100_000])
    parser.add_argument("--others", type=int, default=1_000, help="others, with a thousand memories each")
    parser.add_argument("--new", type=int, default=1_000, help="how many to remember")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="famulus-bench-") as place:
        measure(Path(place), chosen.sizes, chosen.others, chosen.new)
