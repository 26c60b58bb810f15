"""What every test may ask for."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from famulus.apps import server as _server  # noqa: F401 -- declares every table
from famulus.infra.database import Database
from tests.databases import BOTH, a_database, sqlite_url
from tests.serving import Client, Server, serving

pytest_plugins = ["tests.fake_model.fixture", "tests.infra.redis_server", "tests.infra.postgres_server"]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path)
    url: str = request.getfixturevalue("postgres_database")
    return url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An empty database with every table there is."""
    async with a_database(database_url) as database:
        yield database


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    """A server on an empty folder, with the offline model."""
    with serving(tmp_path) as server:
        yield await server.start()


@pytest.fixture
async def owner(server: Server) -> Client:
    """The server's owner."""
    return await server.owner()
