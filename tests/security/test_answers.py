"""What every answer carries, whatever it answers and whoever asks."""

import io
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.types import Message, Scope

from famulus.apps import rendering
from famulus.apps.edge import Edge
from tests.security.operations import Operation, operations
from tests.security.place import Answer, Place, ask, raw, rows_of
from tests.security.things import Things, have

pytestmark = pytest.mark.anyio

JSON = {"Content-Type": "application/json"}
FOREIGN = ["null", "http://evil.example", "http://127.0.0.1.evil.example", "https://127.0.0.1", "file://", "*", ""]
HOSTILE = [
    "two words",
    "a\tb",
    'x","level":"error',
    "%0aFORGED",
    "<script>",
    "\\nFORGED",
    "x" * 129,
    "ümläut",
    "$(id)",
    "",
]


@pytest.fixture(scope="module")
async def annas(place: Place) -> Things:
    return await have(place.owner, place)


@pytest.fixture(scope="module")
async def cookie(place: Place) -> str:
    """Berta's session, as her browser sends it."""
    body = {"email": "berta@example.org", "password": "a long enough one"}
    answer = await ask(f"{place.server.url}/api/v1/auth/sign-in", "POST", body=body)
    set_cookie: str = answer.headers["Set-Cookie"]
    return set_cookie.partition(";")[0]


async def every_kind(place: Place, annas: Things, **headers: str) -> AsyncIterator[tuple[int, Answer]]:
    """One answer of each kind that there is, with the status that it should have."""
    url, known = place.server.url, {**place.owner.headers, **headers}
    yield 200, await ask(f"{url}/", "GET", headers={"Accept": "text/html", **headers})
    yield 200, await ask(f"{url}/", "GET", headers=headers)
    yield 200, await ask(f"{url}/openapi.json", "GET", headers=headers)
    yield 200, await ask(f"{url}/health/live", "GET", headers=headers)
    yield 200, await ask(f"{url}/api/v1/users/me", "GET", headers=known)
    yield 200, await ask(f"{url}/runs/{annas.ended_run}/events", "GET", headers=known)
    yield 201, await ask(f"{url}/api/v1/conversations", "POST", headers=known, body={})
    yield 204, await ask(f"{url}/api/v1/auth/sign-out", "POST", headers=headers)
    yield 400, await ask(f"{url}/api/v1/conversations", "POST", headers={**known, **JSON}, data=b"{")
    yield 401, await ask(f"{url}/api/v1/users/me", "GET", headers=headers)
    yield 403, await ask(f"{url}/start", "POST", headers={**headers, "Cookie": "famulus_session=x", "Origin": "null"})
    yield 404, await ask(f"{url}/nowhere", "GET", headers=known)
    yield 404, await ask(f"{url}/static/../secret", "GET", headers=headers)
    yield 404, await ask(f"{url}/runs/none", "GET", headers=known)
    yield 405, await ask(f"{url}/api/v1/users/me", "PUT", headers=known)
    yield 413, await ask(f"{url}/start", "POST", headers={**known, **JSON}, data=io.BytesIO(b" " * 1_100_000))
    yield 415, await ask(f"{url}/start", "POST", headers=known, data=b"text")
    yield 422, await ask(f"{url}/api/v1/conversations", "POST", headers=known, body={"title": 1})


async def test_every_answer_is_dressed(place: Place, annas: Things) -> None:
    async for status, answer in every_kind(place, annas):
        assert answer.status == status, answer.text
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert "Server" not in answer.headers
        assert answer.headers["Cache-Control"]


async def test_a_correlation_id_that_is_sent_comes_back_everywhere(place: Place, annas: Things) -> None:
    sent = "trace-1/2:3=4+5.6_7"

    async for status, answer in every_kind(place, annas, **{"X-Correlation-ID": sent}):
        assert answer.headers["X-Correlation-ID"] == sent
        if status >= 400:
            assert answer.body["error"]["correlation_id"] == sent


async def test_every_answer_has_a_correlation_id_of_its_own(place: Place, annas: Things) -> None:
    made = [answer.headers["X-Correlation-ID"] async for _, answer in every_kind(place, annas)]

    assert len(set(made)) == len(made)
    assert all(one.startswith("corr_") for one in made)


@pytest.mark.parametrize("hostile", HOSTILE)
async def test_a_hostile_correlation_id_is_replaced(place: Place, hostile: str) -> None:
    answer = await ask(f"{place.server.url}/runs/none", "GET", headers={"X-Correlation-ID": hostile})

    assert answer.headers["X-Correlation-ID"].startswith("corr_")
    assert answer.body["error"]["correlation_id"] == answer.headers["X-Correlation-ID"]


async def test_nobody_writes_lines_into_the_log(place: Place) -> None:
    for line in ("GET /%0AFORGED%0D%0AFORGED", "GET /runs/x%0AFORGED", "FORGED / HTTP/1.1\r\nFORGED"):
        request = f"{line} HTTP/1.1\r\nHost: x\r\nX-Correlation-ID: a\nFORGED: 1\r\nConnection: close\r\n\r\n"
        await raw(place.server.port, request.encode())

    assert not [line for line in place.server.log_text.splitlines() if line.startswith("FORGED")]


async def test_a_bug_is_dressed_too_and_shows_nothing_of_its_inside() -> None:
    app = FastAPI()
    rendering.install(app)

    @app.get("/broken")
    async def broken() -> None:
        raise ValueError("the password is hunter2")

    status, headers, body = await _told_by(Edge(app, max_body_bytes=1024), "/broken", {"x-correlation-id": "abc"})

    assert status == 500
    assert headers["x-correlation-id"] == body["error"]["correlation_id"] == "abc"
    assert headers["x-content-type-options"] == "nosniff"
    assert body["error"]["code"] == "internal_error"
    assert "hunter2" not in str(body)


async def test_a_method_that_is_not_there_names_those_that_are(place: Place) -> None:
    answer = await ask(f"{place.server.url}/api/v1/conversations", "PUT", headers=place.owner.headers)

    assert answer.status == 405
    assert answer.error["code"] == "method_not_allowed"
    assert set(answer.headers["Allow"].split(", ")) >= {"GET", "POST"}


@pytest.mark.parametrize(
    "operation", [o for o in operations() if o.method != "GET"], ids=lambda operation: operation.name
)
async def test_no_other_site_acts_with_a_persons_cookie(place: Place, cookie: str, operation: Operation) -> None:
    before = rows_of(place.server, place.member.user_id)
    url = place.server.url + operation.path.replace("{", "").replace("}", "")

    for origin in FOREIGN:
        headers = {"Cookie": cookie, "Origin": origin}
        _is_refused(await ask(url, operation.method, headers=headers, body={}))
    for site in ("cross-site", "same-site", "none"):
        headers = {"Cookie": cookie, "Sec-Fetch-Site": site}
        _is_refused(await ask(url, operation.method, headers=headers, body={}))
    # What a form can send: it says its kind, which is not JSON.
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        headers = {"Cookie": cookie, "Origin": "http://evil.example", "Content-Type": kind}
        _is_refused(await ask(url, operation.method, headers=headers, data=b'{"title":"x"}'), statuses=(403, 415))

    assert rows_of(place.server, place.member.user_id) == before


async def test_ones_own_page_may_act(place: Place, cookie: str) -> None:
    for own in ({"Origin": place.server.url}, {"Sec-Fetch-Site": "same-origin"}):
        answer = await ask(f"{place.server.url}/start", "POST", headers={"Cookie": cookie, **own}, body={})
        assert answer.status == 200, answer.text


@pytest.mark.parametrize("origin", FOREIGN)
async def test_no_other_site_may_read(place: Place, cookie: str, origin: str) -> None:
    preflight = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    asked = await ask(f"{place.server.url}/start", "OPTIONS", headers=preflight)
    read = await ask(f"{place.server.url}/api/v1/users/me", "GET", headers={"Origin": origin, "Cookie": cookie})

    for answer in (asked, read):
        assert not [name for name in answer.headers if name.lower().startswith("access-control-")]
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert asked.status == 405


def _is_refused(answer: Answer, *, statuses: tuple[int, ...] = (403,)) -> None:
    assert answer.status in statuses, answer.text
    assert "Access-Control-Allow-Origin" not in answer.headers


async def _told_by(app: Any, path: str, headers: dict[str, str]) -> tuple[int, dict[str, str], Any]:
    """What an application sends, when what it raises goes nowhere."""
    sent: list[Message] = []
    scope: Scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()], "scheme": "http",
        "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1), "http_version": "1.1", "asgi": {"version": "3.0"},
    }  # fmt: skip

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    with pytest.raises(ValueError, match="hunter2"):
        await app(scope, receive, send)
    start, *rest = sent
    body = b"".join(message["body"] for message in rest)
    shown = {name.decode(): value.decode() for name, value in start["headers"]}
    return start["status"], shown, json.loads(body)
