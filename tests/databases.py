"""The two databases, for tests that hold on both."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from famulus.infra.clients import make_database
from famulus.infra.database import Database, Session
from famulus.infra.postgres import PostgresSession
from famulus.infra.schema import metadata
from famulus.infra.sqlite import SqliteSession

BOTH = ["sqlite", "postgresql"]


async def create_tables(session: Session) -> None:
    """Every table there is."""
    if isinstance(session, PostgresSession):
        await session._connection.run_sync(metadata.create_all)
    elif isinstance(session, SqliteSession):
        metadata.create_all(session._connection)


@asynccontextmanager
async def a_database(url: str) -> AsyncIterator[Database]:
    """The database at `url`, with tables and nothing in them."""
    database = make_database(url)
    await database.write(create_tables)
    yield database
    await database.close()


def sqlite_url(folder: Path) -> str:
    return f"sqlite:///{folder / 'famulus.db'}"
