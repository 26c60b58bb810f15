"""Ten thousand reminders of one minute, while one worker after the other is killed: each is carried once, by record."""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from famulus import migrations
from tests.fleet.crowd import LOOPBACK, a_crowd, assert_each_once, receiving, settled, spread
from tests.fleet.fleet import a_fleet
from tests.fleet.test_chaos import harassed
from tests.storage import Kept

pytestmark = [pytest.mark.anyio, pytest.mark.soak]

MANY = 10_000
PEOPLE = 100
SECONDS = 60
PATIENCE = 300
MAKING = timedelta(seconds=60)
SETTINGS = {"FAMULUS_JOBS__MAX_ATTEMPTS": "100", "FAMULUS_JOBS__POLL_SECONDS": "0.5"}


def lateness(kept: Kept) -> list[float]:
    """By how many seconds occurrences were noted late, in order."""
    rows = kept.rows("SELECT due_at, created_at FROM reminder_occurrences")
    return sorted((noted - due).total_seconds() for due, noted in rows)


async def test_ten_thousand_reminders_of_one_minute_while_workers_die(
    tmp_path: Path, postgres_database: str, redis_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    addresses = {"FAMULUS_DATABASE__URL": postgres_database, "FAMULUS_REDIS__URL": redis_url}
    kept = Kept(postgres_database, {})
    await asyncio.to_thread(migrations.upgrade, postgres_database)
    with a_fleet(tmp_path, servers=0, workers=3, **addresses, **LOOPBACK, **SETTINGS) as fleet:
        await asyncio.gather(*(worker.start() for worker in fleet.workers))
        async with receiving() as receiver:
            begin = datetime.now(UTC) + MAKING
            due = list(spread(MANY, begin=begin, over=timedelta(seconds=SECONDS)))
            await a_crowd(kept, receiver.address, people=PEOPLE, due=due)
            left = (begin - datetime.now(UTC)).total_seconds()
            assert left > 0, "It took too long to make them, so that they were late before anybody could be."
            await asyncio.sleep(left)
            # A machine that takes longer to start a worker than the next is killed after would never have one.
            killed = await harassed(fleet, seconds=SECONDS + 5, every_seconds=5, leaving=1)
            await receiver.has(MANY, within_seconds=PATIENCE)
            said = lateness(kept)
            with capsys.disabled():
                sys.stdout.write(
                    f"\n{len(receiver.came)} came, {receiver.repeated} were said again, {killed} kills; late: "
                    f"said p50 {said[len(said) // 2]:.2f} s, p99 {said[len(said) * 99 // 100]:.2f} s; "
                    f"carried p50 {receiver.late(0.5):.2f} s, p99 {receiver.late(0.99):.2f} s\n"
                )
            await settled(kept)
            assert_each_once(receiver, kept, MANY)
