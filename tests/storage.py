"""Where the servers of a test keep everything: in one SQLite file, or on real PostgreSQL and Redis servers.

The tests that start servers run once on each. What they look up behind a server's back they ask for here, in SQL that
both understand, with `?` for its parameters.
"""

import asyncio
import itertools
import json
import sqlite3
import uuid
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, Literal, TypeVar

import asyncpg

T = TypeVar("T")
Kind = Literal["sqlite", "postgresql"]

_REDIS_DATABASES = 16
# As a replica nobody minds the order in which rows go that refer to one another.
_EMPTY = """
    SET session_replication_role = replica;
    DO $$ DECLARE name text; BEGIN
        FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
            EXECUTE format('DELETE FROM %I', name);
        END LOOP;
    END $$
"""


class Storage:
    """What the tests of the moment run on; one for the whole session."""

    kind: Kind = "sqlite"
    postgres_url = ""
    redis_url = ""

    def __init__(self) -> None:
        self._numbers = itertools.cycle(range(_REDIS_DATABASES))

    def new_place(self, folder: Path) -> "Kept":
        """An empty place for one server, or for those that share it."""
        if self.kind == "sqlite":
            return Kept(f"sqlite:///{folder / 'data' / 'famulus.db'}", {})
        url = new_database(self.postgres_url)
        redis = f"{self.redis_url.rpartition('/')[0]}/{next(self._numbers)}"
        return Kept(url, {"FAMULUS_DATABASE__URL": url, "FAMULUS_REDIS__URL": redis})


class Kept:
    """One database of a server, seen from outside."""

    def __init__(self, url: str, environment: dict[str, str]) -> None:
        self.url = url
        self.environment = environment
        self._is_sqlite = url.startswith("sqlite")

    def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """What the database holds, whether its server runs or not."""
        if self._is_sqlite:
            with closing(sqlite3.connect(self._path, timeout=10)) as database:
                return database.execute(sql, parameters).fetchall()

        return self._fetched(numbered(sql), parameters)

    def change(self, sql: str, many: Sequence[Sequence[Any]] = ((),)) -> None:
        """Change it behind the server's back, once for each of these parameters."""
        if self._is_sqlite:
            with closing(sqlite3.connect(self._path, timeout=10)) as database, database:
                database.executemany(sql, many) if any(many) else database.execute(sql)
            return

        async def tell(connection: Any) -> None:
            await (connection.executemany(numbered(sql), many) if any(many) else connection.execute(sql))

        self._asked(tell)

    def columns(self) -> dict[str, list[str]]:
        """The columns of every table that can be read, whoever made it."""
        if self._is_sqlite:
            names = [name for (name,) in self.rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")]
            found = self.tables({name: f"PRAGMA table_info('{name}')" for name in names})
            return {name: [row[1] for row in rows] for name, rows in found.items()}
        columns: dict[str, list[str]] = {}
        listed = (
            "SELECT table_name::text, column_name::text FROM information_schema.columns"
            " WHERE table_schema = 'public' ORDER BY 1, ordinal_position"
        )
        for table, column in self.rows(listed):
            columns.setdefault(table, []).append(column)
        return columns

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table."""
        return self.tables({table: f'SELECT * FROM "{table}"' for table in self.columns()})

    def tables(self, selects: dict[str, str], *parameters: Any) -> dict[str, list[tuple[Any, ...]]]:
        """What each of these finds with the same parameters, at one moment."""
        if self._is_sqlite:
            with closing(sqlite3.connect(self._path, timeout=10)) as database:
                return {name: database.execute(sql, parameters).fetchall() for name, sql in selects.items()}
        # Asked for one after the other, a hundred tables would take a tenth of a second.
        united = " UNION ALL ".join(
            f"SELECT '{name}', (SELECT json_agg(r) FROM ({numbered(sql)}) AS r)::text" for name, sql in selects.items()
        )
        found = self._fetched(united, parameters)
        return {name: [tuple(row.items()) for row in json.loads(rows or "[]")] for name, rows in found}

    def mentions(self, word: str) -> list[str]:
        """Where the word still is: files, whose free pages count too, or the tables of a server."""
        if not self._is_sqlite:
            return [t for t, rows in self.everything().items() if any(word in repr(row) for row in rows)]
        self.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        path = Path(self._path)
        return [str(file) for file in path.parent.glob(f"{path.name}*") if word.encode() in file.read_bytes()]

    def drop(self) -> None:
        """Remove it from the server that is shared with other tests; a file goes with its folder."""
        if not self._is_sqlite:
            server, _, name = self.url.rpartition("/")
            told(f"{server}/postgres", f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    @property
    def _path(self) -> str:
        return self.url.removeprefix("sqlite:///")

    def _fetched(self, sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        async def ask(connection: Any) -> list[tuple[Any, ...]]:
            return [tuple(row) for row in await connection.fetch(sql, *parameters)]

        found: list[tuple[Any, ...]] = self._asked(ask)
        return found

    def _asked(self, work: Any) -> Any:
        async def ask() -> Any:
            connection = await asyncpg.connect(self.url)
            try:
                return await work(connection)
            finally:
                await connection.close()

        return apart(ask())


def numbered(sql: str) -> str:
    """The statement with PostgreSQL's names for its parameters."""
    first, *rest = sql.split("?")
    return first + "".join(f"${number}{part}" for number, part in enumerate(rest, 1))


def new_database(server_url: str) -> str:
    """The address of a database that was not there before."""
    name = f"test_{uuid.uuid4().hex}"
    told(server_url, f"CREATE DATABASE {name}")
    return f"{server_url.rpartition('/')[0]}/{name}"


def emptied(url: str) -> None:
    """Leave no row in any table of a PostgreSQL database, which is ten times as quick as a new one."""
    told(url, _EMPTY)


def told(url: str, statement: str) -> None:
    """Run a statement on a connection of its own."""

    async def tell() -> None:
        connection = await asyncpg.connect(url)
        await connection.execute(statement)
        await connection.close()

    apart(tell())


def apart(work: Coroutine[Any, Any, T]) -> T:
    """Run it in a loop of its own, wherever this is called."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


STORAGE = Storage()
