"""The database in one SQLite file: units of work, each a whole hop to one thread.

A unit of work awaits nothing but its session. Here it therefore runs from its first statement to its commit in one
thread, without a turn of the event loop between: no lock is held while somebody waits for something else.

One thread writes. Every transaction that may write begins IMMEDIATE, since SQLite refuses at once, without waiting, to
turn a reading transaction into a writing one when somebody else has written in between.
"""

import asyncio
import contextvars
import sqlite3
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError

from famulus.infra.database import Dialect, Parameters, Rows, Session, Work
from famulus.infra.group_commit import GroupCommit, driver_of
from famulus.infra.prepared import Prepared, Row
from famulus.kit.errors import StorageFull, Unavailable

T = TypeVar("T")

_BUSY_SECONDS = 30
_MIN_SQLITE = (3, 35, 0)
# More would make a process look as large as its database.
_MOST_MAPPED_BYTES = 256 * 1_048_576
_PRAGMAS = (
    "journal_mode=WAL",
    "foreign_keys=ON",
    "temp_store=MEMORY",
    "synchronous=FULL",
    # In pages, 16 MiB: a page that many commits write is copied to its place, and flushed, once for all of them.
    "wal_autocheckpoint=4000",
)


class SqliteSession:
    """A transaction of SQLite; see `Session`."""

    speaks: Dialect = "sqlite"

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._driver = driver_of(connection)
        self._dialect = connection.dialect
        self.afterwards: list[Callable[[], None]] = []

    async def execute(self, statement: sa.Executable, parameters: Parameters | None = None) -> Rows:
        return self._connection.execute(statement, parameters)

    async def rows(self, statement: Prepared, parameters: Mapping[str, Any]) -> list[Row]:
        found = self._driver.execute(*statement.bound(self._dialect, parameters)).fetchall()
        return statement.converted(self._dialect, found)

    async def row(self, statement: Prepared, parameters: Mapping[str, Any]) -> Row | None:
        found = await self.rows(statement, parameters)
        return found[0] if found else None

    async def change(self, statement: Prepared, parameters: Mapping[str, Any]) -> int:
        return self._driver.execute(*statement.bound(self._dialect, parameters)).rowcount

    async def change_many(self, statement: Prepared, many: Sequence[Mapping[str, Any]]) -> None:
        self._driver.executemany(*statement.bound_many(self._dialect, many))

    async def driver_sql(self, sql: str, parameters: tuple[Any, ...] = ()) -> list[Row]:
        return self._driver.execute(sql, parameters).fetchall()

    async def driver_sql_within(self, sql: str, parameters: tuple[Any, ...], *, most_characters: int) -> list[Row]:
        found: list[Row] = []
        left = most_characters
        for row in self._driver.execute(sql, parameters):
            left -= len(row[-1])
            if left < 0 and found:
                break
            found.append(row)
        return found

    async def alone(self, name: str) -> None:
        """Nobody else is in a transaction that writes: SQLite knows one at a time."""

    def after_commit(self, action: Callable[[], None]) -> None:
        self.afterwards.append(action)


class SqliteDatabase:
    """One SQLite file: a thread that writes, and a few that read."""

    def __init__(self, url: str, *, readers: int = 2) -> None:
        self.url = url
        self.path = Path(sa.make_url(url).database or "")
        self._engine = _engine(url)
        self._writer = GroupCommit(self._connection_to_write, translated)
        self._readers = ThreadPoolExecutor(readers, "famulus-reader")
        self._local = threading.local()
        self._opened: list[Connection] = []

    async def write(self, work: Work[T], *, durable: bool = True) -> T:
        """Run `work` in one transaction and commit it.

        `durable` commits survive a power cut; others only the end of this process, for a fraction of the cost.
        """
        # A caller that goes away takes nothing back: what was submitted is done, and what follows a commit follows.
        return await asyncio.shield(self.submit(work, durable=durable))

    def submit(self, work: Work[T], *, durable: bool = True) -> "asyncio.Future[T]":
        """Like `write`, for callers that need to know what came of it even when they are cancelled."""

        def run(connection: Connection) -> tuple[T, list[Callable[[], None]]]:
            session = SqliteSession(connection)
            return _driven(work(session)), session.afterwards

        return self._writer.submit(run, durable=durable)

    async def read(self, work: Work[T]) -> T:
        """Run `work` on one snapshot; it cannot write."""
        loop = asyncio.get_running_loop()
        context = contextvars.copy_context()
        return await loop.run_in_executor(self._readers, context.run, self._look, work)

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator[Session]:
        """A transaction for code that wants a `with` block: the same services, a thread hop a statement.

        Others wait to write until the block ends, so it should not wait for anything but its session.
        """
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1, "famulus-unit") as thread:

            async def hop(call: Callable[..., T], *arguments: Any) -> T:
                return await loop.run_in_executor(thread, call, *arguments)

            connection = await hop(self._engine.connect)
            try:
                driver = driver_of(connection)
                await hop(driver.execute, "BEGIN IMMEDIATE")
                session = _HoppingSession(connection, hop)
                yield session
                await hop(driver.commit)
            except (DBAPIError, sqlite3.Error) as error:
                raise translated(error) from error
            finally:
                # Closing undoes what was not committed.
                await asyncio.shield(hop(connection.close))
        for action in session.afterwards:
            action()

    @property
    def connections_in_use(self) -> int:
        """None of a pool: here threads have connections of their own."""
        return 0

    async def ping(self) -> None:
        """Raise `Unavailable` unless the database answers."""

        async def ask(session: Session) -> None:
            await session.driver_sql("SELECT 1")

        await self.read(ask)

    async def close(self) -> None:
        """Finish what was begun, and close every connection."""
        await asyncio.to_thread(self._writer.close)
        await asyncio.to_thread(self._readers.shutdown)
        for connection in self._opened:
            connection.close()
        self._engine.dispose()

    def _look(self, work: Work[T]) -> T:
        connection = self._connection("reader")
        try:
            session = SqliteSession(connection)
            driver_of(connection).execute("BEGIN DEFERRED")
            return _driven(work(session))
        except (DBAPIError, sqlite3.Error) as error:
            raise translated(error) from error
        finally:
            driver_of(connection).rollback()

    def _connection(self, role: str) -> Connection:
        """This thread's own connection for `role`."""
        connection: Connection | None = getattr(self._local, role, None)
        if connection is None:
            try:
                connection = self._engine.connect()
            except DBAPIError as error:
                raise translated(error) from error
            if role == "reader":
                # What is read is read where the system keeps it: a copy would be thrown away after each commit.
                for pragma in ("query_only=ON", f"mmap_size={_MOST_MAPPED_BYTES}"):
                    driver_of(connection).execute(f"PRAGMA {pragma}")
            setattr(self._local, role, connection)
            self._opened.append(connection)
        return connection

    def _connection_to_write(self, durable: bool) -> Connection:
        """The writer's one connection: what another writes, even of the same thread, empties its cache of pages."""
        connection = self._connection("writer")
        if getattr(self._local, "is_durable", None) is not durable:
            driver_of(connection).execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            self._local.is_durable = durable
        return connection


class _HoppingSession(SqliteSession):
    """A session whose statements each run in the thread of their unit of work."""

    def __init__(self, connection: Connection, hop: Callable[..., Awaitable[Any]]) -> None:
        super().__init__(connection)
        self._hop = hop

    async def execute(self, statement: sa.Executable, parameters: Parameters | None = None) -> Rows:
        return await self._hopped(super().execute(statement, parameters))

    async def rows(self, statement: Prepared, parameters: Mapping[str, Any]) -> list[Row]:
        return await self._hopped(super().rows(statement, parameters))

    async def change(self, statement: Prepared, parameters: Mapping[str, Any]) -> int:
        return await self._hopped(super().change(statement, parameters))

    async def change_many(self, statement: Prepared, many: Sequence[Mapping[str, Any]]) -> None:
        await self._hopped(super().change_many(statement, many))

    async def driver_sql(self, sql: str, parameters: tuple[Any, ...] = ()) -> list[Row]:
        return await self._hopped(super().driver_sql(sql, parameters))

    async def driver_sql_within(self, sql: str, parameters: tuple[Any, ...], *, most_characters: int) -> list[Row]:
        return await self._hopped(super().driver_sql_within(sql, parameters, most_characters=most_characters))

    async def _hopped(self, work: Coroutine[Any, Any, T]) -> T:
        result: T = await self._hop(_driven, work)
        return result


def _driven(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never has to wait to its end, with no event loop."""
    try:
        work.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    work.close()
    raise RuntimeError("A unit of work awaits nothing but its session.")


def _engine(url: str) -> Engine:
    if sqlite3.sqlite_version_info < _MIN_SQLITE:
        raise Unavailable(f"SQLite {sqlite3.sqlite_version} is too old: Famulus needs 3.35 or newer.")
    engine = sa.create_engine(
        url,
        poolclass=sa.NullPool,
        connect_args={"isolation_level": None, "check_same_thread": False, "timeout": _BUSY_SECONDS},
        # What a statement was given may be a secret, and errors are logged.
        hide_parameters=True,
        json_serializer=lambda value: orjson.dumps(value).decode(),
        json_deserializer=orjson.loads,
    )

    @sa.event.listens_for(engine, "connect")
    def prepare(driver: sqlite3.Connection, _record: object) -> None:
        for pragma in _PRAGMAS:
            driver.execute(f"PRAGMA {pragma}")

    return engine


def translated(error: BaseException) -> BaseException:
    """What a failing database means to a caller; a broken constraint is its repository's business."""
    said = str(error.orig if isinstance(error, DBAPIError) else error)
    if not isinstance(error, (DBAPIError, sqlite3.Error)) or isinstance(
        error, (IntegrityError, sqlite3.IntegrityError)
    ):
        return error
    if "full" in said:
        return StorageFull("There is no room left to write; reading goes on.")
    if any(word in said for word in ("locked", "unable to open", "readonly", "read-only", "disk I/O")):
        return Unavailable("The database cannot be used right now.", said=said)
    return error
