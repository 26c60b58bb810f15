"""Units of work: whole or not at all, in order, alone or together with others."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from famulus.infra.database import Database, Session
from famulus.infra.prepared import Prepared
from famulus.jobs.tables import jobs
from famulus.kit.errors import StorageFull
from famulus.memory.tables import memories
from tests.databases import a_database, sqlite_url

pytestmark = pytest.mark.anyio


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[Database]:
    async with a_database(sqlite_url(tmp_path)) as database:
        yield database


NOW = datetime(2026, 11, 21, 9, 30, 15, 123456, tzinfo=UTC)
ADD = sa.insert(memories)


def memory(name: str) -> dict[str, object]:
    return {
        "id": f"mem_{name}", "user_id": "maria", "text": name, "key": name, "kind": "fact", "source": "person",
        "importance": 0.5, "pinned": False, "said_at": NOW, "chain": f"mem_{name}",
        "created_at": NOW, "updated_at": NOW,
    }  # fmt: skip


async def texts(database: Database) -> list[str]:
    async def look(session: Session) -> list[str]:
        rows = await session.execute(sa.select(memories.c.text).order_by(memories.c.id))
        return [row[0] for row in rows]

    return await database.read(look)


async def add(session: Session, name: str) -> None:
    await session.execute(ADD, memory(name))


async def test_a_work_that_fails_takes_nothing_of_its_neighbours_with_it(database: Database) -> None:
    async def fails(session: Session) -> None:
        await add(session, "lost")
        raise LookupError("on purpose")

    outcomes = await asyncio.gather(
        *(database.write(lambda session, name=f"kept{index}": add(session, name)) for index in range(20)),  # type: ignore[misc]
        database.write(fails),
        *(database.write(lambda session, name=f"late{index}": add(session, name)) for index in range(20)),  # type: ignore[misc]
        return_exceptions=True,
    )

    assert [type(outcome) for outcome in outcomes if outcome] == [LookupError]
    assert len(await texts(database)) == 40
    assert "lost" not in await texts(database)


async def test_what_follows_a_commit_follows_in_the_order_of_the_commits(sqlite: Database) -> None:
    seen: list[int] = []

    async def work(session: Session, number: int) -> None:
        await add(session, f"{number:02}")
        session.after_commit(lambda: seen.append(number))

    await asyncio.gather(*(sqlite.write(lambda session, n=n: work(session, n)) for n in range(30)))  # type: ignore[misc]

    assert seen == list(range(30))


async def test_what_follows_a_commit_never_follows_a_failure(database: Database) -> None:
    seen: list[str] = []

    async def work(session: Session) -> None:
        session.after_commit(lambda: seen.append("committed"))
        raise LookupError("on purpose")

    with pytest.raises(LookupError):
        await database.write(work)

    assert seen == []


async def test_a_caller_that_goes_away_takes_nothing_back(database: Database) -> None:
    followed = asyncio.Event()

    async def work(session: Session) -> None:
        await add(session, "kept")
        session.after_commit(followed.set)

    writing = asyncio.create_task(database.write(work))
    await asyncio.sleep(0)
    writing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await writing
    async with asyncio.timeout(60):
        await followed.wait()

    assert await texts(database) == ["kept"]


async def test_a_unit_of_work_that_waits_for_anything_else_is_refused(sqlite: Database) -> None:
    async def waits(session: Session) -> None:
        await add(session, "lost")
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="awaits nothing but its session"):
        await sqlite.write(waits)

    assert await texts(sqlite) == []


async def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises(Exception, match=r"cannot be used|readonly"):
        await database.read(lambda session: add(session, "lost"))

    assert await texts(database) == []


async def test_a_full_disk_refuses_writers_and_serves_readers(sqlite: Database) -> None:
    await sqlite.write(lambda session: add(session, "before"))

    async def fill(session: Session) -> None:
        # The pager refuses to grow the file, as it does when the disk has no room.
        await session.driver_sql("PRAGMA max_page_count = 1")
        for number in range(2_000):
            await session.execute(ADD, memory(f"{number:04}") | {"text": "x" * 4_000})

    async def make_room(session: Session) -> None:
        await session.driver_sql("PRAGMA max_page_count = 1000000")

    with pytest.raises(StorageFull):
        await sqlite.write(fill)
    assert await texts(sqlite) == ["before"]
    await sqlite.write(make_room)
    await sqlite.write(lambda session: add(session, "later"))

    assert await texts(sqlite) == ["before", "later"]


async def test_a_with_block_is_committed_at_its_end_and_undone_by_an_exception(database: Database) -> None:
    async with database.unit_of_work() as session:
        await add(session, "kept")
    with contextlib.suppress(LookupError):
        async with database.unit_of_work() as session:
            await add(session, "lost")
            raise LookupError("on purpose")

    assert await texts(database) == ["kept"]


async def test_a_prepared_statement_keeps_and_gives_what_sqlalchemy_would(database: Database) -> None:
    row = {
        "id": "job_1", "kind": "run", "user_id": None, "serial_key": "s", "payload": {"a": [1, "ü"]}, "priority": 3,
        "due_at": NOW, "attempts": 0, "fence": 0, "leased_by": None, "dead": False, "last_error": None,
        "created_at": NOW,
    }  # fmt: skip
    by_id = sa.select(jobs).where(jobs.c.id == sa.bindparam("key"))

    async def work(session: Session) -> tuple[object, object]:
        await session.change(Prepared(sa.insert(jobs)), row)
        plain = (await session.execute(by_id, {"key": "job_1"})).one()
        return tuple(plain), await session.row(Prepared(by_id), {"key": "job_1"})

    plain, prepared = await database.write(work)

    assert prepared == plain == tuple(row.get(column.name) for column in jobs.c)


async def test_a_prepared_statement_says_how_many_rows_it_has_changed(database: Database) -> None:
    rename = Prepared(sa.update(memories).where(memories.c.user_id == sa.bindparam("owner")))

    async def work(session: Session) -> list[int]:
        await session.change_many(Prepared(ADD), [memory("one"), memory("two")])
        return [
            await session.change(rename, {"owner": "maria", "text": "new"}),
            await session.change(rename, {"owner": "nobody", "text": "new"}),
        ]

    assert await database.write(work) == [2, 0]
    assert await texts(database) == ["new", "new"]


async def test_two_that_want_to_be_alone_are_so_one_after_the_other(database: Database) -> None:
    async def count_up(session: Session) -> None:
        await session.alone("counting")
        number = len((await session.execute(sa.select(memories.c.id))).all())
        await add(session, f"{number:02}")

    await asyncio.gather(*(database.write(count_up) for _ in range(12)))

    assert await texts(database) == [f"{number:02}" for number in range(12)]


async def test_any_character_can_be_kept(database: Database) -> None:
    await database.write(lambda session: add(session, "a\N{DROMEDARY CAMEL}\n"))
    await database.write(lambda session: add(session, "nul\0"))

    assert [text.rstrip("\0\ufffd") for text in await texts(database)] == ["a\N{DROMEDARY CAMEL}\n", "nul"]


async def test_as_much_is_read_as_may_be_held(database: Database) -> None:
    for name in ("a", "b", "c"):
        await database.write(lambda session, name=name: add(session, name * 40))  # type: ignore[misc]

    async def look(session: Session, most: int) -> int:
        sql = "SELECT id, text FROM memories WHERE user_id = ? ORDER BY id"
        return len(await session.driver_sql_within(sql, ("maria",), most_characters=most))

    assert [await database.read(lambda session, m=most: look(session, m)) for most in (1, 80, 500)] == [1, 2, 3]  # type: ignore[misc]
