"""One server for each file of tests, and the people on it."""

from collections.abc import AsyncIterator

import pytest

from tests.security.place import Place, settled
from tests.serving import serving
from tests.storage import Kind

# Webhooks where nobody is, which are given up at once; and as many of them as these tests make.
SETTINGS = {
    "FAMULUS_OUTBOUND__ALLOWED_HOSTS": '["127.0.0.1"]',
    "FAMULUS_NOTIFICATIONS__MAX_ATTEMPTS": "1",
    "FAMULUS_NOTIFICATIONS__MAX_CHANNELS": "10000",
    "FAMULUS_REMINDERS__MAX_ACTIVE": "10000",
    "FAMULUS_NOTIFICATIONS__TESTS_PER_MINUTE": "10000",
}


@pytest.fixture(scope="module", autouse=True)
def everywhere(storage: Kind) -> None:
    """Each of these tests runs on SQLite, and on PostgreSQL with Redis."""


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def place(everywhere: None, tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[Place]:
    """A server with its owner, Anna, and a member, Berta."""
    with serving(tmp_path_factory.mktemp("server"), **SETTINGS) as server:
        yield await settled(server)
