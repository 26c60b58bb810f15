"""The two databases, for tests that hold on both."""

import functools
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import sqlalchemy as sa

from famulus.infra.clients import make_database
from famulus.infra.database import Database, Session
from famulus.infra.postgres import PostgresSession
from famulus.infra.schema import metadata

BOTH = ["sqlite", "postgresql"]


@asynccontextmanager
async def a_database(url: str) -> AsyncIterator[Database]:
    """The database at `url`, with tables and nothing in them."""
    path = Path(url.removeprefix("sqlite:///"))
    if url.startswith("sqlite") and not path.exists():
        path.write_bytes(_sqlite_with_tables())
    database = make_database(url)
    if not url.startswith("sqlite"):
        await database.write(create_tables)
    yield database
    await database.close()


def sqlite_url(folder: Path) -> str:
    return f"sqlite:///{folder / 'famulus.db'}"


@functools.cache
def _sqlite_with_tables() -> bytes:
    """A file that is copied by whoever needs one, which takes a hundredth of the time."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "tables.db")
        engine = sa.create_engine(f"sqlite:///{path}")
        metadata.create_all(engine)
        engine.dispose()
        return path.read_bytes()


async def create_tables(session: Session) -> None:
    """Every table there is, unless the tests before have left them there, emptied."""
    there = await session.execute(sa.text("SELECT 1 FROM pg_tables WHERE schemaname = 'public' LIMIT 1"))
    if there.first() is None:
        assert isinstance(session, PostgresSession)
        await session._connection.run_sync(metadata.create_all)
