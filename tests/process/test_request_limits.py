"""Requests are limited for each key and each address, and whoever is not limited is not slowed."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from tests.serving import Client, Server, serving
from tests.storage import Kind

pytestmark = pytest.mark.anyio

SETTINGS = {
    "FAMULUS_LIMITS__PER_KEY_PER_MINUTE": "20",
    "FAMULUS_LIMITS__PER_ADDRESS_PER_MINUTE": "100",
    "FAMULUS_LIMITS__SIGN_UPS_PER_MINUTE": "3",
    "FAMULUS_LIMITS__ARCHIVES_PER_HOUR": "2",
    "FAMULUS_SERVER__TRUSTED_PROXIES": '["127.0.0.1"]',
}


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def server(storage: Kind, tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[Server]:
    with serving(tmp_path_factory.mktemp("server"), **SETTINGS) as server:
        yield await server.start()


@pytest.fixture(scope="module")
async def people(server: Server) -> list[Client]:
    """Two members, each with a key that nobody has used."""
    owner = await server.owner()
    return [await server.member(owner, name) for name in ("Clara", "Dora")]


async def asked(
    server: Server, path: str, address: str, *, times: int = 1, key: str = "", method: str = "GET"
) -> list[aiohttp.ClientResponse]:
    """Answers to one request, sent so often from an address behind the proxy."""
    headers = {"X-Forwarded-For": address, **({"Authorization": f"Bearer {key}"} if key else {})}
    body: dict[str, Any] = {} if method == "GET" else {"json": {}}
    answers = []
    async with aiohttp.ClientSession() as http:
        for _ in range(times):
            async with http.request(method, server.url + path, headers=headers, **body) as answer:
                await answer.read()
                answers.append(answer)
    return answers


async def test_a_key_is_limited_wherever_it_is_used_from(server: Server, people: list[Client]) -> None:
    first = await asked(server, "/api/v1/models", "203.0.113.1", times=30, key=people[0].key)
    elsewhere = await asked(server, "/api/v1/models", "203.0.113.2", key=people[0].key)

    statuses = [answer.status for answer in first]
    assert statuses[-1] == 429
    assert 0 < statuses.count(200) <= 20
    assert 0 < int(first[-1].headers["Retry-After"]) <= 60
    assert (await first[-1].json())["error"]["code"] == "too_many_requests"
    assert elsewhere[0].status == 429


async def test_an_address_is_limited_and_its_neighbour_is_not(server: Server) -> None:
    crowd = await asked(server, "/api/v1/auth/state", "203.0.113.3", times=110)
    neighbour = await asked(server, "/api/v1/auth/state", "203.0.113.4")

    assert [answer.status for answer in crowd].count(200) <= 100
    assert crowd[-1].status == 429
    assert neighbour[0].status == 200


async def test_what_watches_the_server_and_the_pages_files_are_free(server: Server) -> None:
    await asked(server, "/api/v1/auth/state", "203.0.113.5", times=110)

    for path in ("/health/live", "/", "/static/app/main.js"):
        assert (await asked(server, path, "203.0.113.5"))[0].status == 200, path


async def test_sign_ups_and_archives_are_limited_more_strictly(server: Server, people: list[Client]) -> None:
    joins = await asked(server, "/api/v1/auth/join", "203.0.113.6", times=4, method="POST")
    exports = await asked(server, "/api/v1/users/me/export", "203.0.113.7", times=3, key=people[1].key)

    assert [answer.status == 429 for answer in joins] == [False, False, False, True]
    assert [answer.status == 429 for answer in exports] == [False, False, True]
