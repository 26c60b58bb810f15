"""Whoever runs the server sees what was given up, has it tried again, or lets it go."""

from datetime import UTC, datetime, timedelta

import pytest

from famulus.infra.database import Database, Session
from famulus.jobs.office import JobNotFound, JobOffice, KindFigures
from famulus.jobs.queue import Claim, JobQueue

pytestmark = pytest.mark.anyio
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def queue() -> JobQueue:
    return JobQueue(now=lambda: NOON)


async def given_up(database: Database, queue: JobQueue, kind: str) -> str:
    """A job of this kind that was claimed, failed, and is kept aside."""

    async def add(session: Session) -> str:
        return await queue.add(session, kind, {"text": "what somebody has said"})

    async def fail(session: Session) -> None:
        (claim,) = await queue.claim(session, worker="w", most=1)
        await queue.retry(session, claim, until=NOON, error="target_failed", give_up=True)

    job_id = await database.write(add)
    await database.write(fail)
    return job_id


async def test_jobs_are_counted_by_kind_and_how_they_stand(database: Database, queue: JobQueue) -> None:
    await given_up(database, queue, "deliver")

    async def fill(session: Session) -> None:
        await queue.add(session, "title", {})
        await queue.claim(session, worker="w", most=1)
        await queue.add(session, "deliver", {})
        await queue.add(session, "deliver", {}, due_at=NOON + timedelta(hours=1))

    await database.write(fill)

    kinds = await database.read(lambda session: JobOffice(session, now=lambda: NOON).kinds())

    assert kinds == [
        KindFigures("deliver", due=1, at_work=0, later=1, dead=1),
        KindFigures("title", due=0, at_work=1, later=0, dead=0),
    ]


async def test_what_was_given_up_is_told_with_why_and_page_by_page(database: Database, queue: JobQueue) -> None:
    ids = [await given_up(database, queue, "deliver") for _ in range(3)]

    first = await database.read(lambda session: JobOffice(session).dead(before=None, limit=2))
    rest = await database.read(lambda session: JobOffice(session).dead(before=first[-1].id, limit=2))

    assert [job.id for job in (*first, *rest)] == ids[::-1]
    assert {(job.kind, job.last_error, job.attempts) for job in first} == {("deliver", "target_failed", 1)}


async def test_what_was_given_up_is_tried_again_as_if_for_the_first_time(database: Database, queue: JobQueue) -> None:
    job_id = await given_up(database, queue, "deliver")

    await database.write(lambda session: JobOffice(session).retry(job_id, queue))

    async def claim(session: Session) -> list[Claim]:
        return await queue.claim(session, worker="w", most=9)

    (claimed,) = await database.write(claim)
    assert (claimed.id, claimed.attempt) == (job_id, 1)


async def test_what_was_given_up_can_be_let_go_and_nothing_else_can(database: Database, queue: JobQueue) -> None:
    job_id = await given_up(database, queue, "deliver")
    waiting = await database.write(lambda session: queue.add(session, "title", {}))

    await database.write(lambda session: JobOffice(session).discard(job_id))

    for not_there in (job_id, waiting):
        with pytest.raises(JobNotFound):
            await database.write(lambda session, one=not_there: JobOffice(session).discard(one))  # type: ignore[misc]
        with pytest.raises(JobNotFound):
            await database.write(lambda session, one=not_there: JobOffice(session).retry(one, queue))  # type: ignore[misc]
