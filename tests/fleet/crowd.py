"""Many people with reminders that are due together, and one receiver of all their webhooks."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from aiohttp import web

from famulus.features.accounts.tables import users
from famulus.features.notifications.records import Channel
from famulus.features.notifications.signing import new_secret
from famulus.features.notifications.tables import channels
from famulus.features.reminders.schemas import ReminderDraft
from famulus.features.reminders.service import Reminders
from famulus.features.reminders.tables import reminders
from famulus.infra.clients import make_database
from famulus.infra.database import Session
from famulus.kit.ids import new_id
from tests.storage import Kept

LOOPBACK = {"FAMULUS_OUTBOUND__ALLOWED_HOSTS": '["127.0.0.1"]'}


class Receiver:
    """Keeps which occurrences it was told of, and when each came for the first time."""

    def __init__(self) -> None:
        self.address = ""
        self.came: dict[str, float] = {}
        """How many seconds after it was due an occurrence came."""
        self.deliveries: Counter[str] = Counter()
        """How often a delivery came: the same one again is a try whose answer its sender did not live to note."""
        self.of_occurrence: dict[str, set[str]] = {}
        """The deliveries of each occurrence, of which there must be one."""
        self._arrived = asyncio.Event()

    async def take(self, request: web.Request) -> web.Response:
        data = (await request.json())["notification"]["data"]
        occurrence, delivery = data["occurrence_id"], request.headers["webhook-id"]
        late = time.time() - datetime.fromisoformat(data["due_at"]).timestamp()
        self.came.setdefault(occurrence, late)
        self.deliveries[delivery] += 1
        self.of_occurrence.setdefault(occurrence, set()).add(delivery)
        self._arrived.set()
        return web.Response()

    async def has(self, count: int, *, within_seconds: float) -> None:
        """Wait until so many occurrences have come; if they do not, the assertions that follow say how many did."""
        until = time.monotonic() + within_seconds
        while len(self.came) < count and (left := until - time.monotonic()) > 0:
            self._arrived.clear()
            try:
                await asyncio.wait_for(self._arrived.wait(), left)
            except TimeoutError:
                return

    @property
    def repeated(self) -> int:
        """Requests that said again what had been said."""
        return sum(self.deliveries.values()) - len(self.deliveries)

    def late(self, share: float) -> float:
        """By how many seconds at most this share of the occurrences came late."""
        return sorted(self.came.values())[min(int(len(self.came) * share), len(self.came) - 1)]


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver on loopback."""
    receiver = Receiver()
    application = web.Application()
    application.router.add_post("/", receiver.take)
    runner = web.AppRunner(application, shutdown_timeout=0, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1_024).start()
    receiver.address = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    yield receiver
    await runner.cleanup()


async def a_crowd(kept: Kept, address: str, *, people: int, due: list[datetime]) -> None:
    """So many people, to whom reminders at these times belong in turn, and each with a webhook to the address."""
    now = datetime.now(UTC)
    ids = [new_id("user") for _ in range(people)]
    persons = [
        {"id": one, "name": "Anna", "role": "member", "zone": "UTC", "preferences": {}, "created_at": now,
         "updated_at": now}
        for one in ids
    ]  # fmt: skip
    hooks = [asdict(_hook(one, address, now)) for one in ids]

    async def add(session: Session) -> None:
        await session.execute(sa.insert(users), persons)
        await session.execute(sa.insert(channels), hooks)
        draft = {"title": "Water the plants", "schedule": {"kind": "delay", "seconds": 3_600}}
        made = await Reminders(session, ids[0]).schedule(ReminderDraft.model_validate(draft))
        await Reminders(session, ids[0]).delete(made.id)
        # The others are as that one, which the service has made.
        rows = [
            asdict(replace(made, id=new_id("rem"), user_id=ids[number % people], at=at, next_at=at, wake_at=at))
            for number, at in enumerate(due)
        ]
        await session.execute(sa.insert(reminders), rows)

    database = make_database(kept.url)
    await database.write(add)
    await database.close()


def _hook(user_id: str, address: str, now: datetime) -> Channel:
    return Channel(
        id=new_id("chan"), user_id=user_id, kind="webhook", name="Hook", target=address, secret=new_secret(),
        kinds=None, enabled=True, verified=True, code_hash=None, code_tries=0, failures=0, paused_until=None,
        last_error=None, created_at=now, updated_at=now,
    )  # fmt: skip


def spread(count: int, *, begin: datetime, over: timedelta) -> Iterator[datetime]:
    """So many times, evenly."""
    return (begin + over * (number / count) for number in range(count))


async def settled(kept: Kept, *, within_seconds: float = 30) -> None:
    """Wait until no delivery is under way."""
    async with asyncio.timeout(within_seconds):
        while kept.rows("SELECT id FROM jobs WHERE kind = 'deliver' AND NOT dead LIMIT 1"):
            await asyncio.sleep(0.1)


def assert_each_once(receiver: Receiver, kept: Kept, count: int) -> None:
    """So many reminders were each due once, told of once, and carried once; nothing more is kept of them."""
    assert len(receiver.came) == count
    assert [one for one in receiver.of_occurrence.values() if len(one) != 1] == []
    known = {one for (one,) in kept.rows("SELECT id FROM reminder_occurrences WHERE state = 'fired'")}
    assert known == receiver.came.keys()
    counted = {
        "reminder_occurrences": "TRUE", "notifications": "kind = 'reminder'",
        "notification_deliveries": "channel_kind = 'webhook'", "reminders": "state = 'completed'",
    }  # fmt: skip
    for table, condition in counted.items():
        assert kept.rows(f"SELECT count(*) FROM {table} WHERE {condition}") == [(count,)], table
    states = kept.rows("SELECT DISTINCT state FROM notification_deliveries")
    assert states == [("delivered",)]
    assert kept.rows("SELECT kind, last_error FROM jobs WHERE dead") == []
