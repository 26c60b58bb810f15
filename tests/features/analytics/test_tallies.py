"""What is over is counted up once, and the figures are the same as if it had been counted each time."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
import sqlalchemy as sa

from famulus.features.accounts.tables import users
from famulus.features.analytics.jobs import Sweeper
from famulus.features.analytics.overview import overview, span_of
from famulus.features.analytics.recording import Recorder
from famulus.features.analytics.schemas import AnalyticsView
from famulus.features.analytics.service import Counting, erase_analytics
from famulus.features.analytics.tables import analytics_tallies
from famulus.features.analytics.tallies import Tally, percentiles, told_ms
from famulus.features.analytics.tallying import Tallier
from famulus.infra.database import Database, Session
from famulus.infra.hours import Bucket
from famulus.jobs.queue import JobQueue
from famulus.kit.facts import Fact
from famulus.settings.counting import AnalyticsSettings

pytestmark = pytest.mark.anyio
PEOPLE = [f"user_{name}" for name in ("anna", "berta", "clara")]
NOON = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)
SETTINGS = AnalyticsSettings()


class Place:
    """Three days in which people did this and that."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.moment = NOON
        self.recorder = Recorder(database, JobQueue(), SETTINGS, now=lambda: self.moment)
        self.tallier = Tallier(database, now=lambda: NOON)

    async def happens(self, at: datetime, who: str, name: str = "message.sent", **said: object) -> None:
        """Something happens now that is noted under another time."""
        self.moment = at
        self.recorder.tell(Fact(who, name, **said))  # type: ignore[arg-type]
        await self.recorder.flush()

    async def tallied(self) -> None:
        while await self.tallier.tally() < 1:
            pass

    async def seen(self, bucket: Bucket = "day") -> AnalyticsView:
        span = span_of((NOON - timedelta(days=3)).date(), NOON.date(), bucket, today=NOON.date())
        return await self.database.read(lambda session: overview(session, span, SETTINGS))

    async def both(self) -> tuple[AnalyticsView, AnalyticsView]:
        return await self.seen("day"), await self.seen("hour")

    async def tallies(self) -> list[tuple[str, int, str]]:
        async def look(session: Session) -> list[tuple[str, int, str]]:
            columns = analytics_tallies.c.bucket, analytics_tallies.c.number, analytics_tallies.c.tally
            return [tuple(row) for row in await session.execute(sa.select(*columns))]

        return await self.database.read(look)

    async def count_each_time(self) -> None:
        """Have no tallies."""

        async def forget(session: Session) -> None:
            await session.execute(sa.delete(analytics_tallies))

        await self.database.write(forget)


@pytest.fixture
async def place(database: Database) -> Place:
    async def add_people(session: Session) -> None:
        for user_id in PEOPLE:
            row = {"id": user_id, "name": user_id, "role": "member", "zone": "UTC", "preferences": {}}
            await session.execute(users.insert(), row | {"created_at": NOON, "updated_at": NOON})

    await database.write(add_people)
    place, chance = Place(database), Random(7)
    for _ in range(300):
        place.moment = NOON - timedelta(hours=chance.random() * 72)
        who = chance.choice(PEOPLE)
        place.recorder.tell(Fact(who, "message.sent"))
        outcome = chance.choice(["completed", "completed", "failed"])
        took = chance.randrange(20_000)
        place.recorder.tell(Fact(who, "run.ended", outcome=outcome, took_ms=took, first_ms=took // 7))
        place.recorder.tell(Fact(who, "tool.called", subject=chance.choice("ab"), outcome="ok", took_ms=took // 9))
    await place.recorder.flush()
    return place


async def test_what_is_over_is_counted_up_and_shown_as_if_it_were_counted_now(place: Place) -> None:
    counted = await place.both()

    await place.tallied()

    kept = await place.tallies()
    assert [bucket for bucket, _, _ in kept].count("day") == 3
    assert [bucket for bucket, _, _ in kept].count("hour") == 72
    assert await place.both() == counted
    assert counted[0].totals.messages == 300
    assert counted[0].totals.active_people == 3


async def test_a_tally_is_read_and_the_events_are_not(place: Place) -> None:
    await place.tallied()
    noted = (await place.seen()).totals.messages

    async def gone(session: Session) -> None:
        await session.execute(sa.text("DELETE FROM analytics_events WHERE at < '2026-11-21'"))

    await place.database.write(gone)

    # Behind everybody's back: that is no way to remove anything, and shows where the figures come from.
    assert (await place.seen()).totals.messages == noted


async def test_what_is_noted_late_is_in_the_figures_at_once(place: Place) -> None:
    await place.tallied()
    before = await place.seen()

    await place.happens(NOON - timedelta(days=2), PEOPLE[0])

    assert (await place.seen()).totals.messages == before.totals.messages + 1
    await place.tallied()
    after = await place.both()
    assert after[0].totals.messages == before.totals.messages + 1
    await place.count_each_time()
    assert await place.both() == after


@pytest.mark.parametrize("leaves", ["is left out", "is erased"])
async def test_whoever_leaves_is_in_no_tally_any_more(place: Place, leaves: str) -> None:
    await place.tallied()
    anna = PEOPLE[0]
    assert any(anna in tally for _, _, tally in await place.tallies())

    async def leave(session: Session) -> None:
        if leaves == "is erased":
            await erase_analytics(session, anna)
        else:
            await Counting(session, anna).opt(out=True)

    await place.database.write(leave)

    assert not any(anna in tally for _, _, tally in await place.tallies())
    at_once = await place.both()
    assert at_once[0].totals.active_people == 2
    await place.tallied()
    assert await place.both() == at_once
    assert not any(anna in tally for _, _, tally in await place.tallies())


async def test_what_is_swept_is_not_counted_any_more(place: Place) -> None:
    await place.tallied()
    settings = AnalyticsSettings(retention_days=1)

    await Sweeper(place.database, settings, now=lambda: NOON).sweep()

    kept = await place.both()
    assert 0 < kept[0].totals.messages < 200
    await place.tallied()
    assert await place.both() == kept
    await place.count_each_time()
    assert await place.both() == kept


async def test_whoever_leaves_while_it_is_counted_is_not_in_what_comes_of_it(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = place.database.write

    async def leave_before(work: object, **how: object) -> object:
        monkeypatch.setattr(place.database, "write", write)
        await write(lambda session: Counting(session, PEOPLE[0]).opt(out=True))
        return await write(work, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(place.database, "write", leave_before)
    await place.tallier.tally()
    await place.tallied()

    assert not any(PEOPLE[0] in tally for _, _, tally in await place.tallies())


def test_percentiles_are_by_rank_and_one_of_what_was_measured() -> None:
    for many in (1, 2, 3, 20, 99, 100, 101):
        values = [Random(many).randrange(900) for _ in range(many)]
        found = percentiles(Counter(values))
        ranked = sorted(values)
        assert found is not None
        assert (found.p50, found.p95, found.p99) == tuple(
            ranked[-(-many * percent // 100) - 1] for percent in (50, 95, 99)
        )
    assert percentiles(Counter()) is None


@pytest.mark.parametrize(("took", "told"), [(0, 0), (999, 999), (1_004, 1_000), (12_345, 12_300), (987_654, 988_000)])
def test_what_takes_long_is_told_to_three_digits(took: int, told: int) -> None:
    assert told_ms(took) == told


def test_a_tally_is_read_as_it_was_written() -> None:
    tally = Tally()
    tally.many["message.sent"] += 2
    tally.people["message.sent"] |= {"user_anna"}
    tally.ended["completed"] += 1
    tally.took_ms[17] += 3
    tally.tools["search"].took_ms[4] += 1
    tally.tools["search"].calls += 1

    again = Tally.read(tally.written())

    assert again == tally
