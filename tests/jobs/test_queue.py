"""One worker at a time has a job, and whoever falls silent loses it."""

from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from famulus.infra.database import Database, Session
from famulus.infra.postgres import PostgresSession
from famulus.jobs.queue import BACKGROUND, INTERACTIVE, Claim, JobQueue, LeaseLost
from famulus.jobs.tables import jobs
from tests.databases import a_database

pytestmark = pytest.mark.anyio


class FrozenClock:
    def __init__(self) -> None:
        self.moment = datetime(2026, 10, 20, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class Yard:
    """A queue and its clock, one call a transaction."""

    def __init__(self, database: Database) -> None:
        self.clock = FrozenClock()
        self.queue = JobQueue(lease_seconds=15, now=self.clock)
        self.database = database
        self.added: list[str] = []

    async def add(self, kind: str = "work", **options: Any) -> str:
        self.added.append(await self.database.write(lambda session: self.queue.add(session, kind, {}, **options)))
        return self.added[-1]

    async def add_an_earlier_one(self, **options: Any) -> str:
        """One whose clock was late: its id is before all others."""
        early = "job_0"

        async def add(session: Session) -> None:
            job_id = await self.queue.add(session, "work", {}, **options)
            await session.execute(sa.update(jobs).where(jobs.c.id == job_id).values(id=early))

        await self.database.write(add)
        return early

    async def claim(self, worker: str = "one", most: int = 50) -> list[Claim]:
        return await self.database.write(lambda session: self.queue.claim(session, worker=worker, most=most))

    async def claim_one(self, worker: str = "one") -> Claim:
        [claim] = await self.claim(worker, most=1)
        return claim

    async def finish(self, claim: Claim) -> None:
        await self.database.write(lambda session: self.queue.finish(session, claim))

    async def park(self, claim: Claim, *, seconds: float) -> None:
        until = self.clock() + timedelta(seconds=seconds)
        await self.database.write(lambda session: self.queue.park(session, claim, until=until))

    async def retry(self, claim: Claim, *, seconds: float, give_up: bool = False) -> None:
        until = self.clock() + timedelta(seconds=seconds)
        await self.database.write(
            lambda session: self.queue.retry(session, claim, until=until, error="broke", give_up=give_up)
        )

    async def beat(self, worker: str = "one", *, but_for: Sequence[str] = ()) -> dict[str, int]:
        def known(session: Session) -> Coroutine[Any, Any, dict[str, int]]:
            return self.queue.heartbeat(session, worker=worker, job_ids=[i for i in self.added if i not in but_for])

        return await self.database.write(known)


@pytest.fixture
def yard(database: Database) -> Yard:
    return Yard(database)


async def test_a_claimed_job_is_nobody_elses(yard: Yard) -> None:
    job = await yard.add()

    first, second = await yard.claim("one"), await yard.claim("two")

    assert [claim.id for claim in first] == [job]
    assert first[0].attempt == 1
    assert second == []


async def test_a_job_of_a_transaction_that_fails_was_never_there(yard: Yard) -> None:
    async def work(session: Session) -> None:
        await yard.queue.add(session, "work", {})
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        await yard.database.write(work)

    assert await yard.claim() == []


async def test_a_silent_worker_loses_its_job_and_cannot_finish_it(yard: Yard) -> None:
    await yard.add()
    zombie = await yard.claim_one("one")
    yard.clock.advance(16)

    heir = await yard.claim_one("two")

    assert heir.attempt == 2
    assert heir.fence > zombie.fence
    with pytest.raises(LeaseLost):
        await yard.finish(zombie)
    with pytest.raises(LeaseLost):
        await yard.park(zombie, seconds=1)
    await yard.retry(zombie, seconds=0)
    assert await yard.claim("three") == []
    await yard.finish(heir)


async def test_a_sign_of_life_keeps_the_job(yard: Yard) -> None:
    await yard.add()
    claim = await yard.claim_one("one")

    for _ in range(5):
        yard.clock.advance(10)
        assert await yard.beat("one") == {claim.id: claim.fence}

    assert await yard.claim("two") == []


async def test_a_job_that_a_worker_does_not_know_of_is_not_kept_by_it(yard: Yard) -> None:
    known, unknown = await yard.add(), await yard.add()
    await yard.claim("one")

    yard.clock.advance(10)
    assert await yard.beat("one", but_for=[unknown]) == {known: 1}
    yard.clock.advance(10)

    assert [claim.id for claim in await yard.claim("two")] == [unknown]


async def test_a_worker_that_lost_its_job_learns_so_from_its_heartbeat(yard: Yard) -> None:
    await yard.add()
    await yard.claim_one("one")
    yard.clock.advance(16)
    await yard.claim_one("two")

    assert await yard.beat("one") == {}


async def test_jobs_of_one_key_are_done_in_their_order(yard: Yard) -> None:
    first = await yard.add(serial_key="thread")
    second = await yard.add(serial_key="thread")
    other = await yard.add(serial_key="another")

    claims = await yard.claim()

    assert {claim.id for claim in claims} == {first, other}
    assert await yard.claim() == []
    await yard.finish(next(claim for claim in claims if claim.id == first))
    assert [claim.id for claim in await yard.claim()] == [second]


async def test_a_parked_or_failed_job_holds_up_those_behind_it_and_a_dead_one_does_not(yard: Yard) -> None:
    first = await yard.add(serial_key="thread")
    second = await yard.add(serial_key="thread")

    await yard.park(await yard.claim_one(), seconds=60)
    assert await yard.claim() == []
    yard.clock.advance(61)
    await yard.retry(await yard.claim_one(), seconds=60)
    assert await yard.claim() == []
    yard.clock.advance(61)
    claim = await yard.claim_one()
    assert claim.id == first
    await yard.retry(claim, seconds=0, give_up=True)

    assert [one.id for one in await yard.claim()] == [second]


async def test_what_somebody_waits_for_comes_first(yard: Yard) -> None:
    slow = await yard.add(priority=BACKGROUND)
    yard.clock.advance(1)
    quick = await yard.add(priority=INTERACTIVE)

    assert (await yard.claim_one()).id == quick
    assert (await yard.claim_one()).id == slow


async def test_a_job_waits_for_its_time(yard: Yard) -> None:
    job = await yard.add(due_at=yard.clock() + timedelta(hours=1))
    assert await yard.claim() == []

    yard.clock.advance(3_600)

    assert (await yard.claim_one()).id == job


async def test_parking_in_good_order_is_no_failure(yard: Yard) -> None:
    job = await yard.add()
    for _ in range(10):
        claim = await yard.claim_one()
        assert claim.attempt == 1
        await yard.park(claim, seconds=5)
        yard.clock.advance(5)

    await yard.park(await yard.claim_one(), seconds=3_600)
    await yard.database.write(lambda session: yard.queue.rouse(session, job))

    assert (await yard.claim_one()).id == job


async def test_nobody_rouses_a_job_that_is_at_work(yard: Yard) -> None:
    job = await yard.add()
    await yard.claim_one("one")

    await yard.database.write(lambda session: yard.queue.rouse(session, job))

    assert await yard.claim("two") == []


async def test_a_failed_job_is_tried_again_later(yard: Yard) -> None:
    await yard.add()
    await yard.retry(await yard.claim_one(), seconds=4)
    assert await yard.claim() == []

    yard.clock.advance(4)

    assert (await yard.claim_one()).attempt == 2


async def test_what_is_handed_over_is_taken_at_once_and_costs_no_attempt(yard: Yard) -> None:
    await yard.add()
    await yard.claim_one("one")

    await yard.database.write(lambda session: yard.queue.hand_over(session, worker="one"))

    assert (await yard.claim_one("two")).attempt == 1


async def test_who_is_alone_takes_what_the_dead_have_left(yard: Yard) -> None:
    await yard.add()
    zombie = await yard.claim_one("dead")

    await yard.database.write(yard.queue.take_from_the_dead)
    heir = await yard.claim_one("alive")

    assert heir.attempt == 2
    with pytest.raises(LeaseLost):
        await yard.finish(zombie)


async def test_a_job_that_was_removed_cannot_be_finished(yard: Yard) -> None:
    job = await yard.add()
    claim = await yard.claim_one()

    await yard.database.write(lambda session: yard.queue.remove(session, [job]))

    with pytest.raises(LeaseLost):
        await yard.finish(claim)


async def test_nobody_waits_for_all_of_somebody_elses_jobs(yard: Yard) -> None:
    many = [await yard.add(user_id="maria", serial_key=f"thread {number}") for number in range(30)]
    done = [claim.id for claim in await yard.claim(most=5)]
    late = [await yard.add(user_id="berta") for _ in range(3)]

    done += [claim.id for _ in range(6) for claim in await yard.claim(most=1)]

    assert done[:5] == many[:5]
    # One of hers, one of the other's, and so on.
    assert [job in late for job in done[5:]] in ([True, False] * 3, [False, True] * 3)


async def test_what_is_urgent_comes_first_whoever_waits(yard: Yard) -> None:
    background = [await yard.add(user_id="maria") for _ in range(3)]
    urgent = [await yard.add(user_id="berta", priority=INTERACTIVE) for _ in range(3)]

    assert [(await yard.claim_one()).id for _ in range(6)] == urgent + background


async def test_jobs_that_come_due_together_come_in_turn(yard: Yard) -> None:
    soon = yard.clock() + timedelta(seconds=10)
    for number in range(9):
        await yard.add(user_id=["maria", "maria", "berta"][number % 3], kind=["m", "m", "b"][number % 3], due_at=soon)
    assert await yard.claim() == []
    yard.clock.advance(10)

    kinds = [(await yard.claim_one()).kind for _ in range(9)]

    assert sorted(kinds[:6]) == ["b", "b", "b", "m", "m", "m"]
    assert kinds[6:] == ["m", "m", "m"]


async def test_an_earlier_job_that_comes_late_waits_for_the_one_at_work(yard: Yard) -> None:
    late = await yard.add(serial_key="thread")
    claim = await yard.claim_one()
    assert claim.id == late

    early = await yard.add_an_earlier_one(serial_key="thread")
    assert await yard.claim() == []
    await yard.finish(claim)

    assert (await yard.claim_one()).id == early


async def test_an_earlier_job_that_comes_while_the_later_one_is_being_claimed_waits_for_it(
    postgres_database: str,
) -> None:
    async with a_database(postgres_database) as database:
        yard = Yard(database)
        late = await yard.add(serial_key="thread")
        async with database.unit_of_work() as claiming:
            [claim] = await yard.queue.claim(claiming, worker="one", most=50)
            early = await yard.add_an_earlier_one(serial_key="thread")
            other = await yard.add()

            # What another transaction takes is not to be seen yet, and what has nothing to do with it goes on.
            assert [one.id for one in await yard.claim("two")] == [other]

        assert claim.id == late
        assert await yard.claim("two") == []
        await yard.finish(claim)
        assert (await yard.claim_one("two")).id == early


async def test_a_later_job_that_is_being_claimed_lets_an_earlier_one_go_first_that_has_come(
    postgres_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_database(postgres_database) as database:
        yard, early = Yard(database), list[str]()
        await yard.add(serial_key="thread")
        ask = PostgresSession.rows

        async def ask_and_wait(session: PostgresSession, *statement: Any) -> Any:
            found = await ask(session, *statement)
            if not early:
                early.append(await yard.add_an_earlier_one(serial_key="thread"))
            return found

        # Between what a claim chooses and what it takes, somebody else commits.
        monkeypatch.setattr(PostgresSession, "rows", ask_and_wait)

        assert await yard.claim("one") == []
        assert [claim.id for claim in await yard.claim("one")] == early


async def test_a_worker_that_was_silent_does_not_have_back_what_would_be_beside_another_one(yard: Yard) -> None:
    await yard.add(serial_key="thread")
    silent = await yard.claim_one("one")
    early = await yard.add_an_earlier_one(serial_key="thread")
    yard.clock.advance(16)
    heir = await yard.claim_one("two")
    assert heir.id == early

    assert await yard.beat("one") == {}
    assert await yard.claim("three") == []
    await yard.finish(heir)
    assert (await yard.claim_one("three")).id == silent.id


async def test_a_worker_that_was_silent_has_back_what_nobody_has_taken(yard: Yard) -> None:
    await yard.add(user_id="maria")
    claim = await yard.claim_one("one")
    yard.clock.advance(20)
    # Somebody has seen that it is due, and had no room for it.
    assert await yard.claim("two", most=0) == []

    assert await yard.beat("one") == {claim.id: claim.fence}
    assert await yard.claim("two") == []
