"""However much there is to do, the next thing is found soon."""

import time

import pytest
import sqlalchemy as sa

from famulus.infra.database import Database
from famulus.jobs.census import census
from famulus.jobs.queue import INTERACTIVE
from famulus.jobs.tables import jobs
from tests.jobs.test_queue import Yard

pytestmark = pytest.mark.anyio


@pytest.fixture
def yard(database: Database) -> Yard:
    return Yard(database)


@pytest.mark.parametrize("conversations", [10_000, 1])
async def test_a_claim_is_quick_however_long_the_line(yard: Yard, conversations: int) -> None:
    now = yard.clock()
    # For long there was little to do, and that is what a database's plans were made for.
    for _ in range(12):
        await yard.add(serial_key="thread")
        await yard.finish(await yard.claim_one())
        await yard.database.read(lambda session: census(session, at=now))
    if yard.database.path is None:
        # As it does by itself now and then: it knows from then on that there is nothing.
        await yard.database.write(lambda session: session.driver_sql("ANALYZE jobs"))
    rows = [
        {
            "id": f"job_{number:06}", "kind": "work", "user_id": "maria",
            "serial_key": f"thread {number % conversations}", "payload": {}, "priority": INTERACTIVE,
            "due_at": now, "attempts": 0, "fence": 0, "dead": False, "created_at": now,
        }
        for number in range(10_000)
    ]  # fmt: skip
    await yard.database.write(lambda session: session.execute(sa.insert(jobs), rows))
    seconds = []
    for _ in range(12):
        began = time.perf_counter()
        for claim in await yard.claim(most=10):
            await yard.finish(claim)
        seconds.append(time.perf_counter() - began)

    assert (await yard.database.read(lambda session: census(session, at=now))).due >= min(conversations, 9_000)
    # Each also gives two hundred jobs their places.
    assert sorted(seconds)[2] < 5, seconds
