"""What every test may ask for."""

import os
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import hypothesis
import pytest

from famulus.apps import server as _server  # noqa: F401 -- declares every table
from famulus.infra.database import Database
from tests.databases import BOTH, a_database, sqlite_url
from tests.serving import Client, Server, serving
from tests.storage import STORAGE, Kind, apart, emptied

# A test's folders are not worth a disk: they are in memory where the system has a place for that.
if os.access("/dev/shm", os.W_OK):
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", "/dev/shm")
    tempfile.tempdir = "/dev/shm"

# The same examples each time, however slow the machine: what is found by chance is found by those who look for it.
hypothesis.settings.register_profile("same", derandomize=True, database=None, deadline=None)
hypothesis.settings.load_profile("same")

pytest_plugins = ["tests.fake_model.fixture", "tests.infra.redis_server", "tests.infra.postgres_server"]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module", params=BOTH)
def storage(request: pytest.FixtureRequest) -> Iterator[Kind]:
    """What servers keep everything in: everything that asks for this runs once on each."""
    if request.param == "postgresql":
        STORAGE.postgres_url = request.getfixturevalue("postgres_url")
        STORAGE.redis_url = request.getfixturevalue("redis_url")
    STORAGE.kind = request.param
    yield request.param
    STORAGE.kind = "sqlite"


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path)
    url: str = request.getfixturevalue("kept_postgres_database")
    emptied(url)
    return url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An empty database with every table there is."""
    async with a_database(database_url) as database:
        yield database


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on an empty folder, with the offline model, for all the tests of a file."""
    with serving(tmp_path_factory.mktemp("server")) as server:
        yield apart(server.start())


@pytest.fixture(scope="module")
def owner(server: Server) -> Client:
    """The server's owner, whom the tests of a file share."""
    return apart(server.owner())


@pytest.fixture
async def person(server: Server, owner: Client) -> Client:
    """Somebody of whom nobody has heard before."""
    return await server.member(owner, f"Anna {uuid.uuid4().hex}")
