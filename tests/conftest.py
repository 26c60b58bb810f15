"""What every test may ask for."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from famulus.apps import server as _server  # noqa: F401 -- declares every table
from famulus.infra.database import Session, SqliteDatabase
from famulus.infra.schema import metadata
from tests.serving import Client, Server, serving

pytest_plugins = ["tests.fake_model.fixture", "tests.infra.redis_server"]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    """An empty database with every table there is."""
    database = SqliteDatabase(f"sqlite:///{tmp_path / 'famulus.db'}")

    async def create_tables(session: Session) -> None:
        metadata.create_all(session._connection)

    await database.write(create_tables)
    yield database
    await database.close()


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    """A server on an empty folder, with the offline model."""
    with serving(tmp_path) as server:
        yield await server.start()


@pytest.fixture
async def owner(server: Server) -> Client:
    """The server's owner."""
    return await server.owner()
