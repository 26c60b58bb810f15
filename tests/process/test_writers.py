"""Many writers on one SQLite file: they wait for each other, and none of them ever hears of it."""

import asyncio
import json
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from famulus.infra.database import Session
from famulus.infra.sqlite import SqliteDatabase
from tests.process.test_migrations import child

PROCESSES, WRITES = 8, 200


@pytest.fixture
def url(tmp_path: Path) -> str:
    with closing(sqlite3.connect(tmp_path / "notes.db")) as database, database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE notes (id TEXT PRIMARY KEY, number INTEGER)")
        database.execute("INSERT INTO notes VALUES ('first', 0)")
    return f"sqlite:///{tmp_path / 'notes.db'}"


def test_eight_processes_write_beside_a_reader_and_nothing_is_locked(tmp_path: Path, url: str) -> None:
    with closing(sqlite3.connect(tmp_path / "notes.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        seen = reader.execute("SELECT count(*) FROM notes").fetchone()

        writers = [child("write", url, str(WRITES)) for _ in range(PROCESSES)]
        outcomes = [json.loads(writer.communicate(timeout=120)[0]) for writer in writers]

        assert reader.execute("SELECT count(*) FROM notes").fetchone() == seen == (1,)
        reader.execute("COMMIT")
        kept = reader.execute("SELECT count(*), count(DISTINCT number) FROM notes").fetchone()
    assert [outcome["errors"] for outcome in outcomes] == [[]] * PROCESSES
    # Each write has read what the one before had written.
    assert kept == (PROCESSES * WRITES + 1, PROCESSES * WRITES + 1)
    seconds = sorted(one for outcome in outcomes for one in outcome["seconds"])
    assert seconds[len(seconds) * 99 // 100] < 1, seconds[-20:]


def test_sqlite_refuses_at_once_what_begins_as_a_reader(tmp_path: Path, url: str) -> None:
    path = tmp_path / "notes.db"
    with (
        closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as slow,
        closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as quick,
    ):
        slow.execute("BEGIN")
        slow.execute("SELECT count(*) FROM notes").fetchone()
        quick.execute("INSERT INTO notes VALUES ('between', 1)")

        with pytest.raises(sqlite3.OperationalError, match="locked"):
            slow.execute("INSERT INTO notes VALUES ('after', 2)")


@pytest.mark.anyio
async def test_no_unit_of_work_begins_as_a_reader(url: str) -> None:
    one, other = SqliteDatabase(url), SqliteDatabase(url)
    has_read, has_tried = threading.Event(), threading.Event()

    async def read_then_write(session: Session) -> Any:
        [(count,)] = await session.driver_sql("SELECT count(*) FROM notes")
        has_read.set()
        # The other one now waits for the lock that this transaction has had from its beginning.
        has_tried.wait(0.3)
        await session.driver_sql("INSERT INTO notes VALUES (?, ?)", (f"one {count}", count))
        return count

    async def write(session: Session) -> Any:
        [(count,)] = await session.driver_sql("SELECT count(*) FROM notes")
        await session.driver_sql("INSERT INTO notes VALUES (?, ?)", (f"other {count}", count))
        has_tried.set()
        return count

    first = asyncio.create_task(one.write(read_then_write))
    await asyncio.to_thread(has_read.wait, 10)
    second = await other.write(write)

    assert (await first, second) == (1, 2)
    await one.close()
    await other.close()


@pytest.mark.anyio
async def test_a_block_holds_its_lock_from_its_first_line(url: str) -> None:
    one, other = SqliteDatabase(url), SqliteDatabase(url)

    async def write(session: Session) -> None:
        await session.driver_sql("INSERT INTO notes VALUES ('other', 1)")

    async with one.unit_of_work() as session:
        await session.driver_sql("SELECT count(*) FROM notes")
        waiting = asyncio.create_task(other.write(write))
        await asyncio.wait({waiting}, timeout=0.2)
        assert not waiting.done()
        await session.driver_sql("INSERT INTO notes VALUES ('one', 1)")
    await waiting

    await one.close()
    await other.close()
