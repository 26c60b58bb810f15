"""Credentials on a real server: how they end, how they are guessed at, and where they must never be seen."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.fake_model.fixture import FakeModel
from tests.security.place import Answer, Place, ask, settled
from tests.serving import SETUP_TOKEN, Client, Server, serving

pytestmark = pytest.mark.anyio

PASSWORD, NEW_PASSWORD = "a long enough one", "seven green bicycles"
COUNT = "count to 20000"


@pytest.fixture(scope="module")
async def place(everywhere: None, tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[Place]:
    settings = {
        "FAMULUS_STREAMS__HEARTBEAT_SECONDS": "1",
        "FAMULUS_MODEL__OFFLINE_WORDS_PER_SECOND": "1",
    }
    with serving(tmp_path_factory.mktemp("server"), **settings) as server:
        yield await settled(server)


class Browser:
    """Somebody signed in with a cookie."""

    def __init__(self, url: str, cookie: str) -> None:
        self.url = url
        self.headers = {"Cookie": cookie, "Origin": url}

    async def ask(self, method: str, path: str, body: Any = None) -> Answer:
        return await ask(self.url + path, method, headers=self.headers, body=body)


async def signed_in(server: Server, email: str, password: str = PASSWORD) -> Browser:
    answer = await attempt(server, email, password)
    assert answer.status == 200, answer.text
    return Browser(server.url, answer.headers["Set-Cookie"].partition(";")[0])


async def attempt(server: Server, email: str, password: str) -> Answer:
    return await ask(f"{server.url}/api/v1/auth/sign-in", "POST", body={"email": email, "password": password})


async def seconds_until(ended: Callable[[], Any], *, at_most: float) -> float:
    """How long it takes until nobody is let in any more."""
    began = time.monotonic()
    async with asyncio.timeout(at_most):
        while (await ended()).status != 401:
            pass
    return time.monotonic() - began


async def test_a_session_ends_at_once_when_it_is_signed_out(place: Place) -> None:
    browser = await signed_in(place.server, "berta@example.org")
    assert (await browser.ask("GET", "/api/v1/users/me")).status == 200

    await browser.ask("POST", "/api/v1/auth/sign-out")

    await seconds_until(lambda: browser.ask("GET", "/api/v1/users/me"), at_most=20)


async def test_other_sessions_end_when_the_password_changes(place: Place) -> None:
    await place.server.member(place.owner, "Carla")
    here, elsewhere = [await signed_in(place.server, "carla@example.org") for _ in range(2)]
    assert (await elsewhere.ask("GET", "/api/v1/users/me")).status == 200

    body = {"current": PASSWORD, "new": NEW_PASSWORD}
    assert (await here.ask("POST", "/api/v1/users/me/password", body)).status == 204

    await seconds_until(lambda: elsewhere.ask("GET", "/api/v1/users/me"), at_most=20)
    assert (await here.ask("GET", "/api/v1/users/me")).status == 200


async def test_a_key_that_is_deleted_opens_nothing(place: Place) -> None:
    made = await place.member.post("/api/v1/api-keys", {"name": "short-lived"}, expect=201)
    program = {"Authorization": f"Bearer {made['secret']}"}
    url = f"{place.server.url}/api/v1/users/me"
    assert (await ask(url, "GET", headers=program)).status == 200

    await place.member.request("DELETE", f"/api/v1/api-keys/{made['id']}")

    await seconds_until(lambda: ask(url, "GET", headers=program), at_most=20)


async def test_an_open_stream_ends_with_its_session_and_the_run_goes_on(place: Place) -> None:
    browser = await signed_in(place.server, "berta@example.org")
    run = await place.member.send(await place.member.thread(), COUNT)

    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{browser.url}/runs/{run['id']}/events", headers=browser.headers) as stream,
    ):
        await stream.content.readany()
        await browser.ask("POST", "/api/v1/auth/sign-out")
        began = time.monotonic()
        # It ends between two events: nothing says that the run is over.
        rest = await stream.content.read()

    assert time.monotonic() - began < 60
    assert b"event: done" not in rest
    assert (await place.member.get(f"/runs/{run['id']}"))["status"] == "in_progress"
    await place.member.post(f"/runs/{run['id']}/cancel")


async def test_an_open_socket_ends_with_its_session(place: Place) -> None:
    browser = await signed_in(place.server, "berta@example.org")
    address = browser.url.replace("http://", "ws://") + "/ws/chat"

    async with connect(address, additional_headers=browser.headers) as socket:
        await browser.ask("POST", "/api/v1/auth/sign-out")
        with pytest.raises(ConnectionClosed) as closed:
            async with asyncio.timeout(60):
                await socket.recv()

    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401


async def test_who_guesses_has_to_wait(place: Place) -> None:
    await place.server.member(place.owner, "Dora")

    answers = [await attempt(place.server, "dora@example.org", f"guess number {n}") for n in range(13)]

    assert [answer.status for answer in answers] == [401] * 10 + [429] * 3
    assert all(0 < int(answer.headers["Retry-After"]) <= 60 for answer in answers[10:])
    # The right one does not help either, and nobody else has to wait.
    assert (await attempt(place.server, "dora@example.org", PASSWORD)).status == 429
    assert (await attempt(place.server, "berta@example.org", PASSWORD)).status == 200


async def test_nobody_learns_who_has_an_account(place: Place) -> None:
    known = await attempt(place.server, "berta@example.org", "not her password")
    unknown = await attempt(place.server, "nobody@example.org", "not her password")

    assert known.status == unknown.status == 401
    assert known.error == unknown.error
    assert known.headers.keys() == unknown.headers.keys()


async def test_thirty_who_press_the_first_link_make_one_owner(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        await server.start()
        url = f"{server.url}/api/v1/auth/token"

        without = await asyncio.gather(*(ask(url, "POST", body={"token": f"guess {n}"}) for n in range(30)))
        state = await ask(f"{server.url}/api/v1/auth/state", "GET")
        answers = await asyncio.gather(*(ask(url, "POST", body={"token": SETUP_TOKEN}) for _ in range(30)))
        afterwards = await ask(f"{server.url}/api/v1/auth/state", "GET")

    assert {answer.status for answer in without} == {401}
    assert state.body["set_up"] is False
    assert sorted(answer.status for answer in answers) == [200] + [401] * 29
    assert afterwards.body["set_up"] is True
    assert next(answer.body["role"] for answer in answers if answer.status == 200) == "owner"


async def test_secrets_are_seen_by_nobody_whom_they_are_not_for(tmp_path: Path, fake_model: FakeModel) -> None:
    provider_key = "sk-planted-provider-key"
    with serving(
        tmp_path, OPENAI_API_KEY=provider_key, OPENAI_BASE_URL=fake_model.base_url, OPENAI_MODEL="text"
    ) as server:
        anna = await (await server.start(FAMULUS_LOG__LEVEL="debug")).owner()
        await server.member(anna, "Emma")
        browser = await signed_in(server, "emma@example.org")
        cookie = browser.headers["Cookie"].partition("=")[2]
        secrets = [provider_key, anna.key, cookie, PASSWORD]

        seen = await _everything_said(server, anna, browser, fake_model, secrets)
        server.stop()

    requests = await fake_model.settled_requests()
    for request in requests:
        assert request["headers"].pop("authorization") == f"Bearer {provider_key}"
    assert requests
    for place, text in {**seen, "the log": server.log_text, "the model": str(requests)}.items():
        assert [secret for secret in secrets if secret in text] == [], place


async def _everything_said(
    server: Server, anna: Client, browser: Browser, fake_model: FakeModel, secrets: list[str]
) -> dict[str, str]:
    """What is answered when everything goes well, and when it goes wrong with the secrets in hand."""
    thread = await anna.thread()
    ended = await anna.ended((await anna.send(thread, "hello"))["id"])
    # The title may be asked for in between, and what is to be learnt of the first answer.
    fake_model.script(["http401"] * 3)
    failed = await anna.ended((await anna.send(thread, "again"))["id"])
    assert (ended["status"], failed["status"]) == ("completed", "failed")
    answers = [
        await ask(f"{server.url}/openapi.json", "GET"),
        await browser.ask("GET", "/api/v1/users/me"),
        await browser.ask("GET", "/api/v1/auth/sessions"),
        await ask(f"{server.url}/api/v1/api-keys", "GET", headers=anna.headers),
    ]
    for secret in secrets:
        wrong = {"email": "x@example.org", "password": secret, "surplus": secret}
        answers += [
            await ask(f"{server.url}/api/v1/auth/sign-in", "POST", body=wrong),
            await ask(f"{server.url}/api/v1/auth/token", "POST", body={"token": secret}),
            await ask(f"{server.url}/runs/none", "GET", headers={"Authorization": f"Bearer {secret}x"}),
            await ask(f"{server.url}/chat", "POST", headers=anna.headers, body={"thread_id": 1, "message": [secret]}),
        ]
    return {"answers": "\n".join(answer.text for answer in answers), "runs": str([ended, failed])}
