"""Many reminders that are due together, said by several processes: each once, and soon."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from famulus import migrations
from tests.fleet.crowd import LOOPBACK, a_crowd, assert_each_once, receiving, settled
from tests.fleet.fleet import SETTINGS, a_fleet
from tests.serving import serving
from tests.storage import Kept

pytestmark = pytest.mark.anyio

MANY = 1_000
PEOPLE = 20
SOON = timedelta(seconds=2)
# Several times what it takes on a machine that has something else to do.
PATIENCE = 40


async def said_once(kept: Kept) -> None:
    """Have a thousand reminders due in the same second, and see what comes of them."""
    async with receiving() as receiver:
        due = (datetime.now(UTC) + SOON).replace(microsecond=0)
        await a_crowd(kept, receiver.address, people=PEOPLE, due=[due] * MANY)
        await receiver.has(MANY, within_seconds=PATIENCE)
        await settled(kept)
        assert_each_once(receiver, kept, MANY)
        # Nobody has died: what came twice would have been sent twice.
        assert receiver.repeated == 0


async def test_one_process_says_a_thousand_of_one_second_once_each(tmp_path: Path) -> None:
    with serving(tmp_path, **SETTINGS, **LOOPBACK) as server:
        await server.start()
        await said_once(server.kept)


async def test_two_workers_say_a_thousand_of_one_second_once_each(
    tmp_path: Path, postgres_database: str, redis_url: str
) -> None:
    addresses = {"FAMULUS_DATABASE__URL": postgres_database, "FAMULUS_REDIS__URL": redis_url}
    await asyncio.to_thread(migrations.upgrade, postgres_database)
    with a_fleet(tmp_path, servers=0, workers=2, **addresses, **LOOPBACK) as fleet:
        await asyncio.gather(*(worker.start() for worker in fleet.workers))
        await said_once(Kept(postgres_database, {}))
