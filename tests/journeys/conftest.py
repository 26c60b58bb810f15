"""A server for each module, connected to the fake provider; tests that end a server make one of their own."""

from collections.abc import AsyncIterator

import pytest

from tests.fake_model.fixture import FakeModel
from tests.journeys.talk import environment
from tests.serving import Client, Server, serving
from tests.storage import Kind


@pytest.fixture(scope="module", autouse=True)
def everywhere(storage: Kind) -> None:
    """Each of these tests runs on SQLite, and on PostgreSQL with Redis."""


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def server(
    everywhere: None,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    fake_model_process: FakeModel,
) -> AsyncIterator[Server]:
    """One server for all the tests of a module, with the settings that the module names."""
    settings: dict[str, str] = getattr(request.module, "SETTINGS", {})
    folder = tmp_path_factory.mktemp("server")
    with serving(folder, **{**environment(fake_model_process), **settings}) as server:
        yield await server.start()


@pytest.fixture(scope="module")
async def owner(server: Server) -> Client:
    return await server.owner()


@pytest.fixture(autouse=True)
def forgetful(fake_model: FakeModel) -> None:
    """The provider knows nothing of the tests before."""
