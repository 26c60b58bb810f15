"""One server for each file of tests."""

from collections.abc import AsyncIterator

import pytest

from tests.features.files.place import Place
from tests.serving import serving


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def place(storage: str, tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[Place]:
    limits = {"FAMULUS_FILES__MAX_BYTES": str(4 * 2**20), "FAMULUS_FILES__QUOTA_BYTES": str(60 * 2**20)}
    limits["FAMULUS_FILES__TEXT_CHARACTERS"] = "1000000"
    with serving(tmp_path_factory.mktemp("server"), **limits) as server:
        await server.start()
        anna = await server.owner()
        yield Place(server, anna, await server.member(anna))
