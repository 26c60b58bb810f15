"""What a database is to everybody else: units of work, on SQLite or PostgreSQL.

A unit of work is a coroutine that awaits nothing but its session: no transaction is open while somebody waits for
something else, and the same coroutine runs on either database. It may be run again from its start when two of them got
into each other's way, so what it does outside the database it leaves to `after_commit`.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import CursorResult

from famulus.infra.prepared import Prepared, Row

T = TypeVar("T")
Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]]
Dialect = Literal["sqlite", "postgresql"]

Rows = CursorResult[*tuple[Any, ...]]
"""What a statement gives: rows of any columns."""


class Session(Protocol):
    """One transaction, and what is to happen once it has been committed."""

    speaks: Dialect
    """Whose SQL `driver_sql` takes, where there is no way to say the same to both."""

    async def execute(self, statement: sa.Executable, parameters: Parameters | None = None) -> Rows:
        """Run any statement; its rows are at hand when this returns."""

    async def rows(self, statement: Prepared, parameters: Mapping[str, Any]) -> list[Row]:
        """The rows that a prepared statement gives."""

    async def row(self, statement: Prepared, parameters: Mapping[str, Any]) -> Row | None:
        """The one row that a prepared statement gives, if it gives one."""

    async def change(self, statement: Prepared, parameters: Mapping[str, Any]) -> int:
        """Run a prepared statement that gives no rows; how many it has changed."""

    async def change_many(self, statement: Prepared, many: Sequence[Mapping[str, Any]]) -> None:
        """Run a prepared statement once for each of these, which all set the same columns."""

    async def driver_sql(self, sql: str, parameters: tuple[Any, ...] = ()) -> list[Row]:
        """The rows of plain SQL with `?` for its parameters: for the few statements of the token path."""

    async def driver_sql_within(self, sql: str, parameters: tuple[Any, ...], *, most_characters: int) -> list[Row]:
        """The first rows, while the text in their last columns adds up to no more than this; at least one."""

    async def alone(self, name: str) -> None:
        """Wait until no other transaction that has asked to be alone under this name is under way."""

    def after_commit(self, action: Callable[[], None]) -> None:
        """Call `action` on the event loop once this transaction is durable, and never if it is not."""


Work = Callable[[Session], Coroutine[Any, Any, T]]


class Database(Protocol):
    """Where everything is kept."""

    @property
    def path(self) -> Path | None:
        """The file; None where a server keeps the data, and other processes may be using it."""

    async def write(self, work: Work[T], *, durable: bool = True) -> T:
        """Run `work` in one transaction and commit it.

        `durable` commits survive a power cut; others only the end of this process, for a fraction of the cost.
        """

    def submit(self, work: Work[T], *, durable: bool = True) -> "asyncio.Future[T]":
        """Like `write`, for callers that need to know what came of it even when they are cancelled."""

    async def read(self, work: Work[T]) -> T:
        """Run `work` on one snapshot; it cannot write."""

    def unit_of_work(self) -> AbstractAsyncContextManager[Session]:
        """A transaction for code that wants a `with` block."""

    @property
    def connections_in_use(self) -> int:
        """How many connections are at work now."""

    async def ping(self) -> None:
        """Raise `Unavailable` unless the database answers."""

    async def close(self) -> None:
        """Finish what was begun, and close every connection."""
