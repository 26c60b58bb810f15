"""The schema's histories: each revision once, in order, in one transaction, by one process at a time.

There are two: the server's, and the memory's, which may have a database of its own. Where they share one, both are
there, each with its own table of versions (decision 0011).
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import create_async_engine

from famulus.kit.addresses import is_postgres
from famulus.kit.errors import Conflict, Unavailable

T = TypeVar("T")

_FOLDER = Path(__file__).parent
_BUSY_SECONDS = 60
_CONNECT_SECONDS = 5
_WAIT_FOR_OTHERS = {
    "sqlite": "BEGIN IMMEDIATE",
    # A number that nobody else is likely to have chosen; free again when the transaction ends.
    "postgresql": "SELECT pg_advisory_xact_lock(7203921645)",
}


@dataclass(frozen=True, slots=True)
class History:
    """Revisions one after the other, and the table that says up to which a database has them."""

    folder: Path
    version_table: str

    def is_of(self, connection: sa.Connection) -> bool:
        """Whether the database has any of it."""
        return sa.inspect(connection).has_table(self.version_table)

    def config(self, connection: sa.Connection) -> Config:
        """What Alembic wants to be told."""
        config = Config()
        config.set_main_option("script_location", str(_FOLDER))
        config.set_main_option("version_locations", str(self.folder))
        config.set_main_option("path_separator", "newline")
        config.attributes.update(connection=connection, version_table=self.version_table)
        return config

    def revisions(self, connection: sa.Connection) -> tuple[str | None, str]:
        """The one that a database is at, and the newest."""
        options = {"version_table": self.version_table}
        current = MigrationContext.configure(connection, opts=options).get_current_revision()
        return current, str(self._script(connection).get_current_head())

    def upgrade(self, connection: sa.Connection) -> None:
        """Bring a database to the newest revision, unless it is at one that nobody here knows."""
        current, _ = self.revisions(connection)
        known = {script.revision for script in self._script(connection).walk_revisions()}
        if current is not None and current not in known:
            raise NewerSchema(
                f"The database is at revision {current}, which a newer version of Famulus has made: use that."
            )
        command.upgrade(self.config(connection), "head")

    def _script(self, connection: sa.Connection) -> ScriptDirectory:
        return ScriptDirectory.from_config(self.config(connection))


SERVER = History(_FOLDER / "versions", "alembic_version")
MEMORY = History(_FOLDER / "versions" / "memory", "memory_version")


class NewerSchema(Conflict):
    """The database was used by a version that knows more revisions than this one."""


class MemorysDatabase(Conflict):
    """The database belongs to a memory service alone."""


class UnfinishedCopy(Conflict):
    """The database is being copied to, and is not whole."""


_unfinished = sa.Table("unfinished_copy", sa.MetaData(), sa.Column("source", sa.Text, nullable=False))


def upgrade(url: str) -> None:
    """Bring a server's database to the newest revisions, of the memory's tables too.

    Whoever comes second waits for the first, and then finds nothing to do. A process that dies in the middle leaves
    the schema as it was.
    """
    _on(url, lambda connection: _upgrade(connection, [SERVER, MEMORY]))


def upgrade_memory(url: str) -> None:
    """Bring a memory's own database to the newest revision; one that a server uses gets all that a server needs."""
    _on(url, lambda connection: _upgrade(connection, [MEMORY]))


def revision_of(url: str) -> tuple[str | None, str | None]:
    """The revisions a server's database is at, and the newest there are."""

    def look(connection: sa.Connection) -> tuple[str | None, str | None]:
        (current, newest), (memory, newest_memory) = (one.revisions(connection) for one in (SERVER, MEMORY))
        return current and f"{current} + {memory or 'no memory'}", f"{newest} + {newest_memory}"

    return _on(url, look)


def begin_copy(url: str, source: str) -> None:
    """Let nobody use the database at `url` until `end_copy`, but whoever copies to it."""

    def begin(connection: sa.Connection) -> None:
        with connection.begin():
            _unfinished.create(connection)
            connection.execute(sa.insert(_unfinished), {"source": source})

    _on(url, begin)


def copying_from(url: str) -> str | None:
    """From where the database at `url` is being copied; None when it is whole."""

    def look(connection: sa.Connection) -> str | None:
        source: str | None = connection.execute(sa.select(_unfinished)).scalar() if _is_copy(connection) else None
        return source

    return _on(url, look)


def end_copy(url: str) -> None:
    """The database at `url` is whole."""

    def end(connection: sa.Connection) -> None:
        with connection.begin():
            _unfinished.drop(connection)

    _on(url, end)


def _is_copy(connection: sa.Connection) -> bool:
    return sa.inspect(connection).has_table(_unfinished.name)


def _upgrade(connection: sa.Connection, histories: Sequence[History]) -> None:
    with connection.begin():
        connection.exec_driver_sql(_WAIT_FOR_OTHERS[connection.dialect.name])
        if _is_copy(connection):
            raise UnfinishedCopy("This database is a copy that is not finished: run the same famulus db copy again.")
        if SERVER.is_of(connection):
            histories = [SERVER, MEMORY]
        elif SERVER in histories and MEMORY.is_of(connection):
            raise MemorysDatabase("This database belongs to a memory service: give the server one of its own.")
        for history in histories:
            history.upgrade(connection)


def _on(url: str, work: Callable[[sa.Connection], T]) -> T:
    """Do something on a connection of its own."""
    if is_postgres(url):
        # In a thread, since whoever asks may be in an event loop.
        with ThreadPoolExecutor(1, "famulus-migration") as thread:
            return thread.submit(lambda: asyncio.run(_on_postgres(url, work))).result()
    engine = sa.create_engine(
        url, poolclass=sa.NullPool, connect_args={"isolation_level": None, "timeout": _BUSY_SECONDS}
    )
    try:
        with engine.connect() as connection:
            return work(connection)
    finally:
        engine.dispose()


async def _on_postgres(url: str, work: Callable[[sa.Connection], T]) -> T:
    async def connect() -> "asyncpg.Connection[Any]":
        try:
            return await asyncpg.connect(url, timeout=_CONNECT_SECONDS)
        except (OSError, TimeoutError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise Unavailable(f"The database cannot be reached: {error or type(error).__name__}.") from error

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=sa.NullPool)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(work)
    finally:
        await engine.dispose()
