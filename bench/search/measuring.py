"""Searches over HTTP, one after the other, of somebody who has much; and what they cost the server."""

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

from bench.processes import cpu_seconds
from bench.search.filling import Size, Speech, add_person, fill, index_everything
from bench.targets import Famulus
from famulus import migrations
from famulus.infra.clients import make_database

POSTGRES = "FAMULUS_BENCH_POSTGRES_URL"
"""Names the variable with the address of an empty database."""
_SEARCHES, _WARM_UP = 400, 40
_OTHERS = Size(messages=200, passages=10, others=10)


def searched(folder: Path, url: str | None, size: Size, *, others: int) -> Iterator[tuple[str, str, float]]:
    """Name, unit and value of each figure."""
    folder.mkdir(exist_ok=True)
    server = Famulus(0, folder, database_url=url)
    server.start("offline")
    try:
        user_id = server.user_id()
    finally:
        server.stop()
    url = url or f"sqlite:///{server.data / 'famulus.db'}"
    speech = Speech()
    cpu_of_indexing = asyncio.run(_filled(url, user_id, size, others, speech))
    server.start("offline")
    try:
        seconds, cpu = _asked(server, _queries(speech))
    finally:
        server.stop()
    seconds.sort()
    yield f"search among {size.messages:,} messages, p50", "ms", statistics.median(seconds) * 1e3
    yield "the same, p99", "ms", seconds[int(len(seconds) * 0.99)] * 1e3
    yield "CPU of a search", "ms", cpu * 1e3
    yield "CPU of taking one thing in, 500 at once", "ms", cpu_of_indexing * 1e3


async def _filled(url: str, user_id: str, size: Size, others: int, speech: Speech) -> float:
    """Give the person and the others what they have; the processor's time that the index took for each thing."""
    migrations.upgrade(url)
    database = make_database(url)
    await fill(database, user_id, size, speech)
    began = time.process_time()
    await index_everything(database)
    cpu = time.process_time() - began
    for number in range(others):
        other = f"user_other_{number:04}"
        await add_person(database, other)
        await fill(database, other, _OTHERS, speech)
    await index_everything(database)
    await database.close()
    print(f"{size.messages:,} messages and {others} others are there", file=sys.stderr, flush=True)
    return cpu / (size.messages + size.passages + 7 * size.others)


def _queries(speech: Speech) -> list[dict[str, str]]:
    """What people type: words that are rare and words that are not, beginnings, phrases and signs; each is new."""
    words, chance = speech.words, speech.random
    forms = (
        lambda: {"q": chance.choice(words[5_000:])},
        lambda: {"q": " ".join(chance.choices(words[100:5_000], k=2))},
        lambda: {"q": " ".join(chance.choices(words[:2_000], k=5))},
        lambda: {"q": chance.choice(words[:50])},
        lambda: {"q": chance.choice([word for word in words[:3_000] if len(word) > 4])[:3]},
        lambda: {"q": chance.choice(words)[:2]},
        lambda: {"q": f'"{chance.choice(words[:20])} {chance.choice(words[:200])}"'},
        lambda: {"q": f"{chance.choice(words[:200])}."},
        lambda: {"q": chance.choice(words[:500]), "kinds": chance.choice(("goal,step", "message", "passage"))},
        lambda: {"q": chance.choice(words[:500]), "from": "2025-03-01T00:00:00Z", "to": "2025-06-01T00:00:00Z"},
    )
    return [forms[number % len(forms)]() for number in range(_WARM_UP + _SEARCHES)]


def _asked(server: Famulus, queries: list[dict[str, str]]) -> tuple[list[float], float]:
    """How long each search took, and the server's processor time for one."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
    seconds: list[float] = []
    before = 0.0
    for number, query in enumerate(queries):
        if number == _WARM_UP:
            before = cpu_seconds(server.pids())
        began = time.perf_counter()
        connection.request("GET", f"/api/v1/search?{urlencode(query)}", headers=server.headers)
        answer = connection.getresponse()
        found = json.load(answer)
        # On a machine that is too busy the memory is done without, and the search has waited for it all the same. What
        # the server has written at its start is taken in by the first searches.
        if answer.status != 200 or (number >= _WARM_UP and "index" in found["degraded"]):
            failure = f"{query} was answered {answer.status}: {found.get('error') or found['degraded']}"
            raise RuntimeError(server.server.failure(failure) if server.server else failure)
        if number >= _WARM_UP:
            seconds.append(time.perf_counter() - began)
    connection.close()
    return seconds, (cpu_seconds(server.pids()) - before) / len(seconds)
