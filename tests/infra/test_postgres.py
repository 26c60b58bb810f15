"""What only a server between processes can do: stop, come back, and be asked by many at once."""

import asyncio
from functools import partial

import asyncpg
import pytest
import sqlalchemy as sa

from famulus.infra.database import Database, Session
from famulus.infra.postgres import PostgresDatabase
from famulus.infra.standing import Standing, standing
from famulus.jobs.queue import JobQueue
from famulus.kit.errors import StorageFull, Unavailable
from famulus.memory.tables import memories
from tests.databases import a_database
from tests.infra.postgres_server import private_postgres
from tests.infra.test_database import add, texts

pytestmark = pytest.mark.anyio


async def fail_as(session: Session, state: str) -> None:
    await session.driver_sql(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{state}'; END $$")


async def test_a_server_that_was_away_is_used_again() -> None:
    with private_postgres() as server:
        async with a_database(server.url) as database:
            await asyncio.gather(*(database.write(lambda session, n=n: add(session, n)) for n in "abcde"))  # type: ignore[misc]
            await asyncio.to_thread(server.stop)
            for _ in range(3):
                with pytest.raises(Unavailable):
                    await texts(database)
            await asyncio.to_thread(server.start)

            assert await texts(database) == list("abcde")
            await asyncio.gather(*(database.ping() for _ in range(10)))


async def test_a_connection_that_ends_under_the_driver_is_no_bug(postgres_database: str) -> None:
    async def confused(session: Session) -> None:
        await add(session, "lost")
        raise asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress")

    async with a_database(postgres_database) as database:
        with pytest.raises(Unavailable):
            await database.write(confused)

        assert await texts(database) == []


async def test_a_full_disk_is_no_bug(postgres_database: str) -> None:
    async with a_database(postgres_database) as database:
        with pytest.raises(StorageFull):
            await database.write(lambda session: fail_as(session, "53100"))
        await database.write(lambda session: add(session, "later"))

        assert await texts(database) == ["later"]


async def test_what_got_into_each_others_way_is_done_again(postgres_database: str) -> None:
    async with a_database(postgres_database) as database:
        await database.write(lambda session: add(session, "one"))
        await database.write(lambda session: add(session, "two"))
        first_taken = [asyncio.Event(), asyncio.Event()]
        tries: list[str] = []

        async def take_both(session: Session, first: str, second: str, mine: int) -> None:
            tries.append(first)
            rename = sa.update(memories).values(text=memories.c.text + f"-{mine}")
            await session.execute(rename.where(memories.c.id == f"mem_{first}"))
            first_taken[mine].set()
            await first_taken[1 - mine].wait()
            await session.execute(rename.where(memories.c.id == f"mem_{second}"))

        await asyncio.gather(
            database.write(lambda session: take_both(session, "one", "two", 0)),
            database.write(lambda session: take_both(session, "two", "one", 1)),
        )

        assert len(tries) == 3
        assert all(text.count("-") == 2 for text in await texts(database))


async def test_many_who_claim_at_once_never_claim_the_same(postgres_database: str) -> None:
    queue = JobQueue()
    async with a_database(postgres_database) as database:
        added = [await database.write(lambda session: queue.add(session, "work", {})) for _ in range(40)]

        claims = await asyncio.gather(
            *(
                database.write(lambda session, n=n: queue.claim(session, worker=f"w{n}", most=7))  # type: ignore[misc]
                for n in range(10)
            )
        )
        rest = await database.write(lambda session: queue.claim(session, worker="last", most=50))

    taken = [claim.id for claimed in [*claims, rest] for claim in claimed]
    assert sorted(taken) == sorted(added)
    assert all(len(claimed) <= 7 for claimed in claims)


async def test_who_waits_too_long_for_a_connection_is_told(postgres_database: str) -> None:
    async with a_database(postgres_database) as _:
        database = PostgresDatabase(postgres_database, pool_size=1, timeout_seconds=0.2)
        async with database.unit_of_work():
            with pytest.raises(Unavailable) as told:
                await texts(database)
        assert await texts(database) == []
        # What a library says is for logs.
        assert told.value.details == {}
        assert "Timeout" in str(told.value.said)
        await database.close()


async def test_what_is_urgent_does_not_wait_and_what_is_patient_waits_for_its_turn(postgres_database: str) -> None:
    async with a_database(postgres_database) as _:
        database = PostgresDatabase(postgres_database, pool_size=2, timeout_seconds=0.2)
        async with database.unit_of_work():
            with standing(Standing.PATIENT):
                patient = [asyncio.create_task(database.write(partial(add, name=text))) for text in "abc"]
            with pytest.raises(Unavailable):
                await texts(database)

            await database.ping()
            with standing(Standing.URGENT):
                assert await texts(database) == []
            assert not any(task.done() for task in patient)
        await asyncio.gather(*patient)

        assert await texts(database) == list("abc")
        await database.close()


async def test_a_lock_that_nobody_gives_back_is_waited_for_only_so_long(postgres_database: str) -> None:
    async def hold(session: Session) -> None:
        await session.alone("door")

    async def blocked(database: Database) -> None:
        with pytest.raises(Unavailable):
            await database.write(hold)

    database = PostgresDatabase(postgres_database, timeout_seconds=0.3)
    async with database.unit_of_work() as session, asyncio.timeout(60):
        await session.alone("door")
        await blocked(database)
    await database.write(hold)
    await database.close()
