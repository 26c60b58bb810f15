"""What this server can be sent to by somebody who names an address: nothing inside, however it is spelled."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from famulus.infra.outbound import AddressRefused, AnswerTooLarge, Outbound, TargetFailed, is_public

pytestmark = pytest.mark.anyio


class Target:
    """A server on loopback that counts who connects, and answers as it is told."""

    def __init__(self) -> None:
        self.connections = 0
        self.asked: list[str] = []
        self.port = 0
        self._stopped = asyncio.Event()

    async def start(self) -> None:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(application, shutdown_timeout=0)
        await self._runner.setup()
        server = self._runner.server
        assert server is not None

        def connected() -> asyncio.Protocol:
            self.connections += 1
            protocol: asyncio.Protocol = server()
            return protocol

        self._listening = await asyncio.get_running_loop().create_server(connected, "127.0.0.1", 0)
        self.port = self._listening.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._stopped.set()
        self._listening.close()
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        match request.path:
            case "/inside":
                return web.Response(status=302, headers={"Location": f"http://127.0.0.1:{self.port}/secret"})
            case "/round":
                return web.Response(status=302, headers={"Location": "/round"})
            case "/onward":
                return web.Response(status=302, headers={"Location": "/there"})
            case "/large":
                return web.Response(body=b"x" * 10_000)
            case "/slow":
                await self._stopped.wait()
        return web.Response(text=request.headers.get("Authorization", "there"))


class Names(AbstractResolver):
    """A name server that says what it is told, one answer after the other."""

    def __init__(self, *answers: list[str]) -> None:
        self._answers = list(answers)
        self.asked = 0

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,  # noqa: ARG002 -- as resolvers are asked
    ) -> list[ResolveResult]:
        addresses = self._answers[min(self.asked, len(self._answers) - 1)]
        self.asked += 1
        kind = socket.AF_INET
        return [
            ResolveResult(hostname=host, host=address, port=port, family=kind, proto=0, flags=0)
            for address in addresses
        ]

    async def close(self) -> None:
        pass


@pytest.fixture
async def target() -> AsyncIterator[Target]:
    target = Target()
    await target.start()
    yield target
    await target.stop()


@pytest.fixture
async def outbound() -> AsyncIterator[Outbound]:
    outbound = Outbound()
    yield outbound
    await outbound.close()


SPELLINGS = [
    "http://127.0.0.1:{port}/",
    "http://localhost:{port}/",
    "http://localhost.:{port}/",
    "http://LOCALHOST:{port}/",
    "http://127.1:{port}/",
    "http://2130706433:{port}/",
    "http://0x7f000001:{port}/",
    "http://0x7f.1:{port}/",
    "http://0177.0.0.1:{port}/",
    "http://017700000001:{port}/",
    "http://0:{port}/",
    "http://0.0.0.0:{port}/",
    "http://127.0.0.1.:{port}/",
    "http://①②⑦.⓪.⓪.①:{port}/",
    "http://127。0。0。1:{port}/",
    "http://[::1]:{port}/",
    "http://[::]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://[::ffff:7f00:1]:{port}/",
    "http://[::127.0.0.1]:{port}/",
    "http://[64:ff9b::7f00:1]:{port}/",
    "http://[2002:7f00:1::]:{port}/",
    "http://[fe80::1%25lo]:{port}/",
    "http://example.org@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}@example.org/",
    "http://169.254.169.254/latest/meta-data/",
    "http://10.0.0.1/",
    "http://192.168.0.1/",
    "http://172.16.0.1/",
    "http://100.64.0.1/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "file:///etc/passwd",
    "ftp://127.0.0.1/",
    "gopher://127.0.0.1:{port}/",
    "//127.0.0.1:{port}/",
    "http://",
    "http:///",
    "http://127.0.0.1:99999/",
    "not an address",
    "",
]


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_no_spelling_of_an_address_inside_is_connected_to(
    target: Target, outbound: Outbound, spelling: str
) -> None:
    with pytest.raises((AddressRefused, TargetFailed)):
        await outbound.request("GET", spelling.format(port=target.port), timeout_seconds=3)

    assert target.connections == 0


async def test_a_name_is_refused_when_one_of_its_addresses_is_inside(target: Target) -> None:
    outbound = Outbound(resolver=Names(["93.184.216.34", "127.0.0.1"]))

    with pytest.raises(AddressRefused):
        await outbound.request("GET", f"http://two-faced.example:{target.port}/")

    assert target.connections == 0
    await outbound.close()


async def test_a_name_that_changes_its_mind_is_connected_to_where_it_was_checked(target: Target) -> None:
    # Who asks twice, once to check and once to connect, is told two things.
    names = Names(["192.0.2.1"], ["127.0.0.1"])
    outbound = Outbound(resolver=names)

    with pytest.raises((AddressRefused, TargetFailed)):
        await outbound.request("GET", f"http://rebinding.example:{target.port}/", timeout_seconds=0.3)

    assert (names.asked, target.connections) == (1, 0)
    with pytest.raises(AddressRefused):
        await outbound.request("GET", f"http://rebinding.example:{target.port}/", timeout_seconds=0.3)
    assert (names.asked, target.connections) == (2, 0)
    await outbound.close()


@pytest.mark.parametrize("allowed", ["127.0.0.1", "127.0.0.0/8", "hooks.example", "HOOKS.example."])
async def test_an_operator_may_allow_what_is_inside(target: Target, allowed: str) -> None:
    outbound = Outbound(allowed=[allowed], resolver=Names(["127.0.0.1"]))

    answer = await outbound.request("GET", f"http://hooks.example:{target.port}/", most_bytes=100)

    assert (answer.status, answer.body) == (200, b"there")
    await outbound.close()


async def test_that_one_name_is_allowed_allows_no_other(target: Target) -> None:
    outbound = Outbound(allowed=["hooks.example"], resolver=Names(["127.0.0.1"]))

    for address in (f"http://other.example:{target.port}/", f"http://127.0.0.1:{target.port}/"):
        with pytest.raises(AddressRefused):
            await outbound.request("GET", address)

    assert target.connections == 0
    await outbound.close()


async def test_a_redirect_is_not_followed_unasked(target: Target) -> None:
    outbound = Outbound(allowed=["hooks.example"], resolver=Names(["127.0.0.1"]))

    answer = await outbound.request("POST", f"http://hooks.example:{target.port}/onward")

    assert (answer.status, target.asked) == (302, ["/onward"])
    await outbound.close()


async def test_a_redirect_inside_is_refused(target: Target) -> None:
    outbound = Outbound(allowed=["hooks.example"], resolver=Names(["127.0.0.1"]))

    with pytest.raises(AddressRefused):
        await outbound.request("GET", f"http://hooks.example:{target.port}/inside", redirects=5)

    assert target.asked == ["/inside"]
    await outbound.close()


async def test_redirects_are_followed_so_far_and_with_nothing_that_was_meant_for_another(target: Target) -> None:
    outbound = Outbound(allowed=["127.0.0.0/8"], resolver=Names(["127.0.0.1"]))
    here = f"http://hooks.example:{target.port}"
    secret = {"Authorization": "Bearer x"}

    same = await outbound.request("GET", f"{here}/onward", headers=secret, most_bytes=100, redirects=5)
    other = await outbound.request("GET", f"{here}/inside", headers=secret, most_bytes=100, redirects=5)
    with pytest.raises(TargetFailed):
        await outbound.request("GET", f"{here}/round", redirects=5)

    assert (same.body, same.url) == (b"Bearer x", f"{here}/there")
    assert other.body == b"there"
    assert target.asked.count("/round") == 6
    await outbound.close()


async def test_an_answer_is_bounded_in_time_and_size(target: Target) -> None:
    outbound = Outbound(allowed=["127.0.0.1"])

    with pytest.raises(AnswerTooLarge):
        await outbound.request("GET", f"http://127.0.0.1:{target.port}/large", most_bytes=1_000)
    with pytest.raises(TargetFailed):
        await outbound.request("GET", f"http://127.0.0.1:{target.port}/slow", timeout_seconds=0.2)

    await outbound.close()


async def test_nobody_there_is_a_failure_of_the_target(outbound: Outbound) -> None:
    outbound = Outbound(allowed=["127.0.0.1"])

    with pytest.raises(TargetFailed):
        await outbound.request("GET", "http://127.0.0.1:1/")

    await outbound.close()


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_the_public_internet_is_public(address: str) -> None:
    assert is_public(address)
