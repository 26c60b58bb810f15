"""A memory service that is slow, broken or not what it says: the run goes on in time, and asks again later."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from structlog.contextvars import bound_contextvars

from famulus.infra.http import http_session
from famulus.memory.breaker import Breaker
from famulus.memory.client import (
    Keeper,
    MemoryDraft,
    MemoryPatch,
    MemoryUnavailable,
    Page,
    Recall,
    RemoteKeeper,
    Search,
)
from famulus.memory.errors import MemoryNotFound, UserNotFound
from famulus.settings import MemorySettings

pytestmark = pytest.mark.anyio

Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]
EMPTY = {"data": [], "mode": "lexical"}


class Service:
    """A memory service that does as it is told."""

    def __init__(self) -> None:
        self.asked: list[web.Request] = []
        self.answering: Answering = self.well

    async def well(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response(EMPTY)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        return await self.answering(request)


@asynccontextmanager
async def served(service: Service) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", service.answer)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await http_session.close()
    await runner.cleanup()


@pytest.fixture
async def service() -> Service:
    return Service()


@pytest.fixture
async def keeper(service: Service) -> AsyncIterator[RemoteKeeper]:
    async with served(service) as url:
        yield RemoteKeeper(url, "a-service-key", deadline_seconds=1)


async def fails(request: web.Request) -> web.StreamResponse:
    return web.Response(status=500, text="<h1>oh</h1>")


async def hangs(request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(1.5)
    return web.json_response(EMPTY)


async def trickles(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(100):
        await response.write(b" ")
        await asyncio.sleep(0.05)
    return response


async def breaks_off(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def says_nonsense(request: web.Request) -> web.StreamResponse:
    return web.Response(text='{"data": [{"memory": 7}]}', content_type="application/json")


async def says_nothing_of_ours(request: web.Request) -> web.StreamResponse:
    return web.Response(status=404, text="nginx")


async def refuses_the_key(request: web.Request) -> web.StreamResponse:
    return web.json_response({"error": {"code": "service_key_refused", "message": "No."}}, status=401)


async def sends_elsewhere(request: web.Request) -> web.StreamResponse:
    return web.Response(status=302, headers={"Location": "http://127.0.0.1:1/"})


BAD = [fails, hangs, trickles, breaks_off, says_nonsense, says_nothing_of_ours, refuses_the_key, sends_elsewhere]


@pytest.mark.parametrize("answering", BAD)
async def test_a_run_does_without_a_memory_that_is_out_of_order(
    service: Service, keeper: RemoteKeeper, answering: Answering
) -> None:
    service.answering = answering
    began = time.monotonic()

    recalled = await Recall(keeper, MemorySettings()).about("user_maria", "tea")

    assert recalled is None
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("answering", [fails, breaks_off, says_nonsense, refuses_the_key])
async def test_whoever_asks_for_something_is_told_that_it_is_not_there(
    service: Service, keeper: RemoteKeeper, answering: Answering
) -> None:
    service.answering = answering
    asking: list[Callable[[Keeper], Awaitable[object]]] = [
        lambda keeper: keeper.overview("user_maria", Page()),
        lambda keeper: keeper.remember("user_maria", [MemoryDraft(text="Tea.")]),
        lambda keeper: keeper.change("user_maria", "mem_1", MemoryPatch(text="Tea.")),
        lambda keeper: keeper.history("user_maria", "mem_1"),
    ]

    for ask in asking:
        with pytest.raises(MemoryUnavailable):
            await ask(keeper)


async def test_a_read_is_asked_once_more_and_a_change_is_not(service: Service, keeper: RemoteKeeper) -> None:
    service.answering = breaks_off
    with pytest.raises(MemoryUnavailable):
        await keeper.search("user_maria", Search(query="tea"))
    assert len(service.asked) == 2

    service.asked.clear()
    with pytest.raises(MemoryUnavailable):
        await keeper.change("user_maria", "mem_1", MemoryPatch(text="Tea."))
    assert len(service.asked) == 1


async def test_what_the_service_refuses_is_refused(service: Service, keeper: RemoteKeeper) -> None:
    async def refuses(request: web.Request) -> web.StreamResponse:
        code = "user_not_found" if request.path.endswith("/search") else "memory_not_found"
        return web.json_response({"error": {"code": code, "message": "No.", "correlation_id": "c"}}, status=404)

    service.answering = refuses

    with pytest.raises(UserNotFound):
        await keeper.search("user_maria", Search(query="tea"))
    with pytest.raises(Exception, match=r"No\.") as refused:
        await keeper.find("user_maria", "mem_1")
    assert refused.value.code == MemoryNotFound.code  # type: ignore[attr-defined]


async def test_a_request_carries_the_key_the_correlation_id_and_whatever_was_asked_literally(
    service: Service, keeper: RemoteKeeper
) -> None:
    with bound_contextvars(correlation_id="corr-1"):
        await keeper.search("user/../maria?x=1#", Search(query='"; DROP TABLE memories; --'))

    (request,) = service.asked
    assert request.raw_path == "/memories/user%2F..%2Fmaria%3Fx%3D1%23/search"
    assert request.headers["Authorization"] == "Bearer a-service-key"
    assert request.headers["X-Correlation-ID"] == "corr-1"


async def test_a_broken_memory_is_not_asked_again_and_again(service: Service, keeper: RemoteKeeper) -> None:
    service.answering = fails
    recall = Recall(keeper, MemorySettings(pause_seconds=0.2))
    for _ in range(20):
        assert await recall.about("user_maria", "tea") is None
    assert len(service.asked) == 3

    service.answering = service.well
    assert await recall.about("user_maria", "tea") is None
    await asyncio.sleep(0.25)

    assert await recall.about("user_maria", "tea") == []
    assert await recall.about("user_maria", "tea") == []
    assert len(service.asked) == 5


def test_after_a_pause_one_tries_and_the_others_wait_for_what_it_learns() -> None:
    now = 0.0
    breaker = Breaker(failures=2, pause_seconds=5, clock=lambda: now)
    breaker.failed()
    assert breaker.admits()
    breaker.failed()
    assert not breaker.admits()

    now = 5.0
    assert [breaker.admits() for _ in range(3)] == [True, False, False]
    breaker.failed()
    now = 9.0
    assert not breaker.admits()
    now = 10.0
    assert breaker.admits()
    breaker.succeeded()
    assert breaker.admits()
