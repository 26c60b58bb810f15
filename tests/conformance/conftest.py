"""One server for each file of tests, whose model takes its time and whose streams show often that they live."""

from collections.abc import AsyncIterator

import pytest

from tests.security.place import Place, settled
from tests.serving import Client, serving
from tests.storage import Kind


@pytest.fixture(scope="module", autouse=True)
def everywhere(storage: Kind) -> None:
    """Each of these tests runs on SQLite, and on PostgreSQL with Redis."""


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def place(everywhere: None, tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[Place]:
    with serving(
        tmp_path_factory.mktemp("server"),
        FAMULUS_MODEL__OFFLINE_WORDS_PER_SECOND="200",
        FAMULUS_STREAMS__HEARTBEAT_SECONDS="0.5",
        FAMULUS_STREAMS__PER_USER="5",
    ) as server:
        yield await settled(server)


@pytest.fixture(scope="module")
async def anna(place: Place) -> Client:
    return place.owner


@pytest.fixture(scope="module")
async def berta(place: Place) -> Client:
    return place.member
