"""`python -m bench.figures`: what an operator's figures cost over 200,000 events of 500 people.

In this process, without HTTP: first counted from the events, then counted up as the server's clock does it behind
everybody's back, then read. With FAMULUS_BENCH_POSTGRES_URL, the address of an empty database, on PostgreSQL too.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from famulus import migrations
from famulus.apps import server as _server  # noqa: F401 -- declares every table
from famulus.features.accounts.tables import users
from famulus.features.analytics.overview import overview, span_of
from famulus.features.analytics.tables import analytics_events
from famulus.features.analytics.tallying import Tallier
from famulus.infra.clients import make_database
from famulus.infra.database import Database, Session
from famulus.infra.hours import Bucket
from famulus.settings.counting import AnalyticsSettings

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
EVENTS, PEOPLE, DAYS, AT_ONCE, TIMES = 200_000, 500, 90, 2_000, 3
SHOWN: tuple[tuple[int, Bucket], ...] = ((30, "day"), (90, "day"), (2, "hour"), (14, "hour"))


def an_event(number: int, chance: Random) -> dict[str, Any]:
    """What somebody did: a third messages, a third answers, a quarter tool calls, the rest pages."""
    at = NOW - timedelta(days=DAYS * chance.random())
    row: dict[str, Any] = dict.fromkeys(("subject", "outcome", "took_ms", "first_ms"))
    row |= {"id": f"fact_{number:09}", "user_id": f"user_{chance.randrange(PEOPLE)}", "at": at, "properties": {}}
    kind = chance.random()
    if kind < 1 / 3:
        return row | {"name": "message.sent"}
    if kind < 2 / 3:
        took = {"took_ms": int(chance.lognormvariate(8, 1)), "first_ms": int(chance.lognormvariate(6, 1))}
        return row | took | {"name": "run.ended", "outcome": "completed" if chance.random() < 0.95 else "failed"}
    if kind < 11 / 12:
        went = {
            "outcome": "ok" if chance.random() < 0.9 else "tool_timeout",
            "took_ms": int(chance.lognormvariate(4, 1)),
        }
        return row | went | {"name": "tool.called", "subject": f"tool_{chance.randrange(20)}"}
    return row | {"name": "page.opened"}


async def fill(database: Database) -> None:
    """Note all of it."""
    chance = Random(1)

    async def add_people(session: Session) -> None:
        for number in range(PEOPLE):
            row = {"id": f"user_{number}", "name": "A", "role": "member", "zone": "UTC", "preferences": {}}
            await session.execute(users.insert(), row | {"created_at": NOW, "updated_at": NOW})

    await database.write(add_people)
    for first in range(0, EVENTS, AT_ONCE):
        rows = [an_event(number, chance) for number in range(first, first + AT_ONCE)]
        await database.write(lambda session: session.execute(analytics_events.insert(), rows))  # noqa: B023


async def measured(what: str, act: Callable[[], Awaitable[Any]], *, times: int = 1) -> None:
    """Print the least wall time and CPU of this process that it took."""
    taken = []
    for _ in range(times):
        wall, cpu = time.perf_counter(), time.process_time()
        await act()
        taken.append((time.perf_counter() - wall, time.process_time() - cpu))
    wall, cpu = map(min, zip(*taken, strict=True))
    sys.stdout.write(f"  {what:44} {wall * 1_000:8.0f} ms  {cpu * 1_000:8.0f} ms of CPU\n")
    sys.stdout.flush()


async def measure(url: str) -> None:
    """Fill an empty database, and look at its figures."""
    database = make_database(url)
    await fill(database)
    sys.stdout.write(f"{url.partition(':')[0]}: {EVENTS:,} events of {PEOPLE} people in {DAYS} days\n")
    for state in "counted from the events", "read":
        for days, bucket in SHOWN:
            first = (NOW - timedelta(days=days - 1)).date()
            span = span_of(first, NOW.date(), bucket, today=NOW.date())

            async def look(span: Any = span) -> None:
                await database.read(lambda session: overview(session, span, AnalyticsSettings()))

            await measured(f"{days} days by {bucket}, {state}", look, times=TIMES)
        if state != "read":
            await measured("counting all of it up", lambda: _tallied(database))
    await database.close()


async def _tallied(database: Database) -> None:
    tallier = Tallier(database, now=lambda: NOW)
    while await tallier.tally() < 1:
        pass


def main() -> None:
    """Measure on each database there is."""
    with tempfile.TemporaryDirectory() as folder:
        addresses = [f"sqlite:///{Path(folder, 'famulus.db')}"]
        if given := os.environ.get("FAMULUS_BENCH_POSTGRES_URL"):
            addresses.append(given)
        for url in addresses:
            migrations.upgrade(url)
            asyncio.run(measure(url))


if __name__ == "__main__":
    main()
