"""Requests are limited for each key and each address, and whoever is not limited is not slowed."""

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from tests.conformance.sockets import answer_to
from tests.serving import Client, Server, serving
from tests.storage import Kind

pytestmark = pytest.mark.anyio

SETTINGS = {
    "FAMULUS_LIMITS__PER_KEY_PER_MINUTE": "20",
    "FAMULUS_LIMITS__PER_ADDRESS_PER_MINUTE": "100",
    "FAMULUS_LIMITS__SIGN_UPS_PER_MINUTE": "5",
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
    """Members, each with a key that nobody has used."""
    owner = await server.owner()
    return [await server.member(owner, name) for name in ("Clara", "Dora", "Emil", "Fritz")]


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
    joins = await asked(server, "/api/v1/auth/join", "203.0.113.6", times=6, method="POST")
    exports = await asked(server, "/api/v1/users/me/export", "203.0.113.7", times=3, key=people[1].key)

    assert [answer.status == 429 for answer in joins] == [False] * 5 + [True]
    assert [answer.status == 429 for answer in exports] == [False, False, True]


def conversing(server: Server, person: Client, address: str) -> connect:
    headers = {**person.headers, "X-Forwarded-For": address}
    return connect(server.url.replace("http", "ws") + "/ws/chat", additional_headers=headers)


async def answers(socket: ClientConnection, command: Any, *, times: int) -> list[dict[str, Any]]:
    return [await answer_to(socket, command) for _ in range(times)]


async def test_each_message_over_a_socket_is_a_request_of_its_key(server: Server, people: list[Client]) -> None:
    emil, fritz = people[2:]
    async with conversing(server, emil, "203.0.113.8") as socket, conversing(server, fritz, "203.0.113.9") as other:
        told = await answers(socket, {"type": "ping"}, times=60)
        refused = await answer_to(socket, {"thread_id": "thread_x", "message": "hello"})
        neighbour = await answer_to(other, {"type": "ping"})

    # The handshake was the first. Where Redis does not answer in time, its process counts by itself from there on.
    pongs = [one["event"] for one in told].count("pong")
    assert 0 < pongs < 2 * 20
    assert [one["event"] for one in told] == ["pong"] * pongs + ["error"] * (60 - pongs)
    assert neighbour["event"] == "pong"
    assert (refused["type"], refused["error_code"]) == ("error", "too_many_requests")
    assert refused["error"] == "Too many requests. Try again later."
    assert 0 < refused["details"]["retry_after_seconds"] <= 60
    assert refused["correlation_id"]
    assert refused["timestamp"].endswith("Z")
    assert (await asked(server, "/api/v1/models", "203.0.113.8", key=emil.key))[0].status == 429


async def test_what_is_no_command_counts_like_any_other_message(server: Server, people: list[Client]) -> None:
    async with conversing(server, people[3], "203.0.113.10") as socket:
        told = await answers(socket, "{", times=60)

    assert told[0]["error_code"] == "malformed_command"
    assert told[-1]["error_code"] == "too_many_requests"


async def test_a_handshake_that_is_one_too_many_is_refused_before_the_socket_opens(
    server: Server, people: list[Client]
) -> None:
    await asked(server, "/api/v1/auth/state", "203.0.113.11", times=110)

    with pytest.raises(InvalidStatus) as refused:
        async with conversing(server, people[0], "203.0.113.11"):
            pass

    answer = refused.value.response
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert json.loads(answer.body or b"")["error"]["code"] == "too_many_requests"
