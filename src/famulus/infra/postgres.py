"""The database on a PostgreSQL server: units of work on connections of a pool.

SQLAlchemy keeps the pool and runs whatever statements it is given; the statements of the busy paths go straight to
asyncpg, on the same connection and in the same transaction, which is begun and ended here.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any, TypeVar, cast

import asyncpg
import orjson
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, DisconnectionError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import QueuePool

from famulus.infra.database import Dialect, Parameters, Rows, Session, Work
from famulus.infra.prepared import Prepared, Row
from famulus.infra.standing import STANDING, Standing, standing
from famulus.kit.errors import FamulusError, StorageFull, Unavailable

T = TypeVar("T")

_TIMEOUT_SECONDS = 5
_PATIENT_SECONDS = 60
_TRIES = 5
_FULL = "53100"
# Two transactions got into each other's way: a deadlock, or an order in which they cannot have happened.
_CLASHES = frozenset({"40P01", "40001"})
# What passes, or what an operator can mend: connections, resources, locks, rights, a server that starts or stops.
_UNUSABLE = ("08", "53", "57", "28", "3D", "40", "55P03", "25006", "25P03", "58")
_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_WRITE = "BEGIN"
_WRITE_QUICKLY = "BEGIN; SET LOCAL synchronous_commit TO off"
_PREFETCH = 25
_FAILURES = (
    DBAPIError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    # How the driver puts it when a connection ends between two of its messages.
    asyncpg.InternalClientError,
    sa.exc.TimeoutError,
    OSError,
    TimeoutError,
)


class PostgresSession:
    """A transaction of PostgreSQL; see `Session`."""

    speaks: Dialect = "postgresql"

    def __init__(self, connection: AsyncConnection, driver: "asyncpg.Connection[Any]") -> None:
        self._connection = connection
        self._driver = driver
        self._dialect = connection.dialect
        self.afterwards: list[Callable[[], None]] = []

    async def execute(self, statement: sa.Executable, parameters: Parameters | None = None) -> Rows:
        return await self._connection.execute(statement, parameters)

    async def rows(self, statement: Prepared, parameters: Mapping[str, Any]) -> list[Row]:
        sql, values = statement.bound(self._dialect, parameters)
        return statement.converted(self._dialect, [tuple(row) for row in await self._driver.fetch(sql, *values)])

    async def row(self, statement: Prepared, parameters: Mapping[str, Any]) -> Row | None:
        found = await self.rows(statement, parameters)
        return found[0] if found else None

    async def change(self, statement: Prepared, parameters: Mapping[str, Any]) -> int:
        sql, values = statement.bound(self._dialect, parameters)
        # It answers with what it did and to how many rows: "UPDATE 3", "INSERT 0 1".
        return int((await self._driver.execute(sql, *values)).rpartition(" ")[2])

    async def change_many(self, statement: Prepared, many: Sequence[Mapping[str, Any]]) -> None:
        await self._driver.executemany(*statement.bound_many(self._dialect, many))

    async def driver_sql(self, sql: str, parameters: tuple[Any, ...] = ()) -> list[Row]:
        return [tuple(row) for row in await self._driver.fetch(_numbered(sql), *parameters)]

    async def driver_sql_within(self, sql: str, parameters: tuple[Any, ...], *, most_characters: int) -> list[Row]:
        found: list[Row] = []
        left = most_characters
        cursor = await self._driver.cursor(_numbered(sql), *parameters)
        while rows := await cursor.fetch(_PREFETCH):
            for row in rows:
                left -= len(row[-1])
                if left < 0 and found:
                    return found
                found.append(tuple(row))
        return found

    async def alone(self, name: str) -> None:
        await self._driver.fetch("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", name)

    def after_commit(self, action: Callable[[], None]) -> None:
        self.afterwards.append(action)


class PostgresDatabase:
    """One database of a PostgreSQL server, reached over a pool of connections."""

    path = None

    def __init__(self, url: str, *, pool_size: int = 10, timeout_seconds: float = _TIMEOUT_SECONDS) -> None:
        self._engine = _engine(url, pool_size, timeout_seconds)
        self._pool = cast("QueuePool", self._engine.pool)
        self._asked_seconds = timeout_seconds
        # All connections but one, which is kept free for what is urgent.
        self._places = asyncio.Semaphore(max(1, pool_size - 1))
        self._under_way: set[asyncio.Task[Any]] = set()

    async def write(self, work: Work[T], *, durable: bool = True) -> T:
        """Run `work` in one transaction and commit it; see `Database`."""
        # A caller that goes away takes nothing back: what was submitted is done, and what follows a commit follows.
        return await asyncio.shield(self.submit(work, durable=durable))

    def submit(self, work: Work[T], *, durable: bool = True) -> "asyncio.Future[T]":
        """Like `write`, for callers that need to know what came of it even when they are cancelled."""
        return self._task(self._written(work, _WRITE if durable else _WRITE_QUICKLY))

    async def read(self, work: Work[T]) -> T:
        """Run `work` on one snapshot; it cannot write."""

        async def look() -> T:
            async with self._transaction(_READ) as session:
                return await work(session)

        # Shielded, since a connection whose statement is cancelled is lost to the pool.
        return await asyncio.shield(self._task(look()))

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator[Session]:
        """A transaction for code that wants a `with` block: the same services."""
        async with self._transaction(_WRITE) as session:
            yield session
        _follow(session)

    @property
    def connections_in_use(self) -> int:
        """How many connections of the pool are at work now."""
        return self._pool.checkedout()

    async def ping(self) -> None:
        """Raise `Unavailable` unless the database answers."""

        async def ask(session: Session) -> None:
            await session.driver_sql("SELECT 1")

        with standing(Standing.URGENT):
            await self.read(ask)

    async def close(self) -> None:
        """Finish what was begun, and close every connection."""
        if self._under_way:
            await asyncio.wait(self._under_way)
        await self._engine.dispose()

    def _task(self, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            # Seen here, lest asyncio should complain of one whose caller has gone away.
            task.exception()

    async def _written(self, work: Work[T], begin: str) -> T:
        for _ in range(_TRIES):
            try:
                async with self._transaction(begin) as session:
                    result = await work(session)
            except _Clash:
                continue
            _follow(session)
            return result
        raise Unavailable("Too many want to change the same thing at once.")

    @asynccontextmanager
    async def _transaction(self, begin: str) -> AsyncIterator[PostgresSession]:
        """A session that is committed at the end of the block, and undone by an exception."""
        try:
            async with self._place(), self._engine.connect() as connection:
                driver = (await connection.get_raw_connection()).driver_connection
                if driver is None:
                    raise Unavailable("The database has closed the connection.")
                try:
                    await driver.execute(begin)
                    session = PostgresSession(connection, driver)
                    yield session
                    await driver.execute("COMMIT")
                except BaseException as error:
                    await _undo(connection, driver, error)
                    raise
        except _FAILURES as error:
            raise translated(error) from error

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        """A place among those who may have a connection, in the order in which they came."""
        if STANDING.get() is Standing.URGENT:
            yield
            return
        async with asyncio.timeout(_PATIENT_SECONDS if STANDING.get() is Standing.PATIENT else self._asked_seconds):
            await self._places.acquire()
        try:
            yield
        finally:
            self._places.release()


class _Clash(Unavailable):
    """Two transactions got into each other's way; one of them has to begin again."""


async def _undo(connection: AsyncConnection, driver: "asyncpg.Connection[Any]", error: BaseException) -> None:
    """Roll back, or give up the connection: no other may find it in the middle of a transaction."""
    if not isinstance(error, (OSError, TimeoutError, asyncio.CancelledError, GeneratorExit)):
        with contextlib.suppress(*_FAILURES):
            await driver.execute("ROLLBACK")
            return
    # The server undoes what was not committed when the connection ends.
    driver.terminate()
    with contextlib.suppress(*_FAILURES):
        await connection.invalidate()


def _follow(session: PostgresSession) -> None:
    for action in session.afterwards:
        action()


@lru_cache(maxsize=64)
def _numbered(sql: str) -> str:
    """The same SQL with `$1`, `$2`, … in place of each `?`."""
    first, *rest = sql.split("?")
    return first + "".join(f"${number}{part}" for number, part in enumerate(rest, 1))


def _engine(url: str, pool_size: int, timeout_seconds: float) -> AsyncEngine:
    async def connect() -> "asyncpg.Connection[Any]":
        driver = await asyncpg.connect(
            url,
            timeout=_TIMEOUT_SECONDS,
            command_timeout=timeout_seconds,
            server_settings={
                "application_name": "famulus",
                "statement_timeout": f"{timeout_seconds:g}s",
                "idle_in_transaction_session_timeout": "60s",
                "timezone": "UTC",
            },
        )
        for kind in ("text", "varchar"):
            await driver.set_type_codec(kind, schema="pg_catalog", encoder=_without_nul, decoder=str, format="text")
        return driver

    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        # Transactions are begun and ended here, and not by SQLAlchemy.
        isolation_level="AUTOCOMMIT",
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=_TIMEOUT_SECONDS,
        pool_use_lifo=True,
        hide_parameters=True,
        json_serializer=lambda value: orjson.dumps(value).decode(),
        json_deserializer=orjson.loads,
    )

    @sa.event.listens_for(engine.sync_engine, "checkout")
    def check(connection: Any, _record: object, _proxy: object) -> None:
        """Replace a connection that the server has closed meanwhile."""
        if connection.driver_connection.is_closed():
            raise DisconnectionError

    return engine


def _without_nul(text: str) -> str:
    """Text as PostgreSQL can keep it: every character but this one."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def translated(error: BaseException) -> BaseException:
    """What a failing database means to a caller; a broken constraint is its repository's business."""
    if isinstance(error, (IntegrityError, asyncpg.IntegrityConstraintViolationError, FamulusError)):
        return error
    said = str(error.orig if isinstance(error, DBAPIError) else error) or type(error).__name__
    state = _state(error)
    if state in _CLASHES:
        return _Clash("Too many want to change the same thing at once.")
    if state == _FULL:
        return StorageFull("There is no room left to write; reading goes on.")
    if state is None or state.startswith(_UNUSABLE):
        if isinstance(error, DBAPIError) and not error.connection_invalidated and state is None:
            return error
        return Unavailable("The database cannot be used right now.", said=said)
    return error


def _state(error: BaseException) -> str | None:
    """The code by which PostgreSQL names an error."""
    state: str | None = getattr(error.orig if isinstance(error, DBAPIError) else error, "sqlstate", None)
    return state
