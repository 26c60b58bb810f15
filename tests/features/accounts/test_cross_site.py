"""Other sites' pages make a browser send its cookie, and get nothing done with it."""

from typing import Any

import pytest
from aiohttp import WSServerHandshakeError

from famulus.infra.sqlite import SqliteDatabase
from famulus.settings import ServerSettings, Settings
from tests.features.accounts.place import MARIA, Browser, Place, open_place

pytestmark = pytest.mark.anyio

OURS = "ours"
ABROAD = Settings(
    server=ServerSettings(
        public_url="https://famulus.example",
        allowed_origins=("https://front.example", "http://127.0.0.1:3000"),
    )
)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": OURS},
        {"Origin": OURS, "Sec-Fetch-Site": "same-origin"},
        {"Origin": "", "Sec-Fetch-Site": "same-origin"},
    ],
)
async def test_our_own_pages_may(maria: Browser, headers: dict[str, str]) -> None:
    if headers["Origin"] == OURS:
        headers = headers | {"Origin": maria.place.base_url}

    assert (await maria.post("/_chat", {}, **headers)).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
        {"Origin": "http://127.0.0.1"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://127.0.0.1.evil.example"},
        {"Origin": "http://[::1"},
        {"Origin": "file://"},
        {"Origin": "", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "", "Sec-Fetch-Site": "same-site"},
        {"Origin": "", "Sec-Fetch-Site": "none"},
        {"Origin": ""},
    ],
)
async def test_other_pages_may_not(maria: Browser, headers: dict[str, str]) -> None:
    answers = [
        await maria.post("/_chat", {}, **headers),
        await maria.post("/auth/sign-out", {}, **headers),
        await maria.request("PATCH", "/users/me", {"name": "Mallory"}, headers=headers),
        await maria.request("DELETE", "/users/me", {"confirm": "erase"}, headers=headers),
    ]

    assert {answer.status for answer in answers} == {403}
    assert {answer.code for answer in answers} == {"cross_site_request"}
    assert not any("Access-Control-Allow-Origin" in answer.headers for answer in answers)
    assert (await maria.get("/users/me")).body["name"] == "Maria"


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "json"]
)
async def test_a_form_is_not_a_request(maria: Browser, kind: str) -> None:
    answer = await maria.post("/_chat", b'{"message": "hello"}', **{"Content-Type": kind})

    assert (answer.status, answer.code) == (403, "cross_site_request")


async def test_json_may_name_its_encoding(maria: Browser) -> None:
    answer = await maria.request(
        "PATCH", "/users/me", {"name": "Mary"}, headers={"Content-Type": "Application/JSON; charset=utf-8"}
    )

    assert answer.body["name"] == "Mary"


async def test_a_request_without_a_body_needs_no_content_type(maria: Browser) -> None:
    assert (await maria.request("POST", "/_chat")).status == 200


async def test_reading_needs_no_origin(maria: Browser) -> None:
    answer = await maria.get("/users/me", Origin="https://evil.example")

    assert answer.status == 200


@pytest.mark.parametrize("path", ["/auth/sign-in", "/auth/token", "/auth/join", "/auth/sign-out"])
async def test_no_other_page_signs_a_browser_in_or_out(place: Place, path: str) -> None:
    answer = await place.browser().post(path, MARIA, Origin="https://evil.example")

    assert (answer.status, answer.code) == (403, "cross_site_request")


async def test_programs_without_a_cookie_say_no_origin(place: Place, maria: Browser) -> None:
    program = place.browser()
    program.headers = {}

    assert (await program.sign_in(MARIA)).status == 200


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://famulus.example", 200),
        ("https://front.example", 200),
        ("http://127.0.0.1:3000", 200),
        ("https://front.example:444", 403),
        ("http://front.example", 403),
        ("http://famulus.example", 403),
        ("https://app.front.example", 403),
        ("https://front.example.evil", 403),
        ("https://front.example@evil.example", 403),
    ],
)
async def test_an_operator_may_allow_other_origins(database: SqliteDatabase, origin: str, status: int) -> None:
    async with open_place(database, ABROAD) as place:
        browser = place.browser()

        answer = await browser.post("/auth/token", {"token": await place.link_token()}, Origin=origin)

        assert answer.status == status


async def test_behind_a_proxy_that_ends_tls_the_host_decides(maria: Browser) -> None:
    headers = {"Host": "famulus.example", "Origin": "https://famulus.example"}

    assert (await maria.post("/_chat", {}, **headers)).status == 200


async def open_socket(visitor: Browser, **headers: str) -> Any:
    sent = visitor.cookie_header() | visitor.headers | headers
    url = f"ws://127.0.0.1:{visitor.place.port}/_ws"
    said = {name: value for name, value in sent.items() if value}
    async with visitor.place.http.ws_connect(url, headers=said) as socket:
        return await socket.receive_json()


async def test_our_page_opens_a_socket(maria: Browser) -> None:
    assert (await open_socket(maria))["user_id"] == maria.user["id"]


async def test_a_program_opens_a_socket_with_its_key(place: Place, maria: Browser) -> None:
    secret = (await maria.post("/api-keys", {"name": "a script"})).body["secret"]

    assert (await open_socket(place.program(secret)))["user_id"] == maria.user["id"]


@pytest.mark.parametrize(("origin", "status"), [("https://evil.example", 403), ("null", 403), ("", 403)])
async def test_no_other_page_opens_a_socket(maria: Browser, origin: str, status: int) -> None:
    with pytest.raises(WSServerHandshakeError) as refused:
        await open_socket(maria, Origin=origin)

    assert refused.value.status == status


async def test_nobody_opens_no_socket(place: Place) -> None:
    with pytest.raises(WSServerHandshakeError) as refused:
        await open_socket(place.browser())

    assert refused.value.status == 401
