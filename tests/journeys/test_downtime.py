"""A server that was down while reminders were due: each is made up for once, late, and goes on at its next time."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from famulus.features.reminders.tables import reminders
from famulus.infra.clients import make_database
from famulus.infra.database import Session
from tests.journeys.test_reminding import told
from tests.serving import Client, Server, serving

pytestmark = pytest.mark.anyio

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


async def repeating(owner: Client, title: str, frequency: str, begins: datetime, **fields: Any) -> str:
    """A reminder by a rule that began some time ago."""
    schedule = {"kind": "rrule", "rule": f"FREQ={frequency}", "begins": begins.isoformat()}
    made = await owner.post("/api/v1/reminders", {"title": title, "schedule": schedule, **fields}, expect=201)
    return str(made["id"])


async def due_since(server: Server, **since: datetime) -> None:
    """Have these be due since then, as though nobody had looked for so long: a process's clock cannot be moved."""

    async def change(session: Session) -> None:
        for reminder_id, at in since.items():
            await session.execute(
                sa.update(reminders).where(reminders.c.id == reminder_id).values(next_at=at, wake_at=at)
            )

    database = make_database(server.kept.url)
    await database.write(change)
    await database.close()


async def listed(owner: Client, reminder_id: str) -> list[tuple[datetime, str]]:
    """When a reminder was due and what came of it, oldest first."""
    page = await owner.get(f"/api/v1/reminders/{reminder_id}/occurrences?limit=100")
    return sorted((datetime.fromisoformat(one["due_at"]), one["state"]) for one in page["data"])


async def test_what_was_due_while_the_server_was_down_is_said_once_late(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        await server.start()
        owner = await server.owner()
        # Half an hour from any time of theirs, so that none is due while the test runs.
        begun = datetime.now(UTC).replace(microsecond=0) - 4 * DAY - HOUR / 2
        hourly = await repeating(owner, "hourly", "HOURLY", begun)
        daily = await repeating(owner, "daily", "DAILY", begun)
        expired = await repeating(owner, "too late", "DAILY", begun, max_lateness_seconds=60)
        soon = {"title": "once", "schedule": {"kind": "delay", "seconds": 2}}
        made = await owner.post("/api/v1/reminders", soon, expect=201)
        once, due = made["id"], datetime.fromisoformat(made["next_at"])
        assert server.stop() == 0
        await due_since(server, **{hourly: begun + DAY, daily: begun + DAY, expired: begun + DAY})
        await asyncio.sleep(max((due - datetime.now(UTC)).total_seconds(), 0))

        await server.start()

        assert sorted(await told(owner, at_least=3)) == ["daily", "hourly", "once"]
        assert [state for _, state in await listed(owner, once)] == ["fired"]
        hours = [begun + DAY + number * HOUR for number in range(73)]
        assert await listed(owner, hourly) == [*((at, "missed") for at in hours[:-1]), (hours[-1], "fired")]
        days = [begun + number * DAY for number in (1, 2, 3, 4)]
        assert await listed(owner, daily) == [*((at, "missed") for at in days[:-1]), (days[-1], "fired")]
        assert await listed(owner, expired) == [(at, "missed") for at in days]
        for reminder_id, next_at in {hourly: hours[-1] + HOUR, daily: days[-1] + DAY, expired: days[-1] + DAY}.items():
            found = await owner.get(f"/api/v1/reminders/{reminder_id}")
            assert datetime.fromisoformat(found["next_at"]) == next_at
