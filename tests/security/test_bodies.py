"""What a request may carry: bounded, JSON, and nothing that a client has no business to set."""

import asyncio
import contextlib
import gzip
import json
from typing import Any

import psutil
import pytest

from tests.security.declared import BODIES
from tests.security.operations import Operation, body_schema, operations, properties
from tests.security.place import Place, ask, come_to_rest, kept_by, raw, rows_of
from tests.security.things import LOOKUP, Things, have

pytestmark = pytest.mark.anyio

LIMIT_BYTES = 1_048_576
MEBIBYTE = 1_048_576
# Of the bodies that a client may send; the others are declared beside their ids.
OTHER_BODIES: dict[str, dict[str, Any]] = {
    "POST /api/v1/auth/token": {"token": "no such token"},
    "POST /api/v1/auth/sign-in": {"email": "berta@example.org", "password": "a long enough one"},
    "POST /api/v1/auth/join": {"token": "x", "name": "X", "email": "x@example.org", "password": "a long enough one"},
    "POST /api/v1/auth/password/forgotten": {"email": "berta@example.org"},
    "POST /api/v1/auth/password/reset": {"token": "x", "new": "another long enough one"},
    "POST /api/v1/auth/email/confirm": {"token": "x"},
    "POST /api/v1/users/me/email": {"email": "berta@example.org", "password": "a long enough one"},
    "PATCH /api/v1/users/me/preferences": {"profession": "nurse"},
    "PUT /api/v1/onboarding/preferences": {"profession": "nurse"},
    "PUT /api/v1/onboarding/model": {"model": "offline"},
    "PUT /api/v1/onboarding/memories": {"memories": ["Has a cat."]},
    "PUT /api/v1/onboarding/reminder": {"title": "Tea", "at": "2030-01-07T09:00"},
    "POST /api/v1/onboarding/skip": {"step": "model"},
    "POST /api/v1/models/trial": {"model": "offline"},
    "PATCH /api/v1/users/me": {"name": "Berta"},
    "POST /api/v1/users/me/password": {"current": "a long enough one", "new": "another long enough one"},
    "DELETE /api/v1/users/me": {"confirm": "erase", "password": "a long enough one"},
    "POST /api/v1/api-keys": {"name": "one more"},
    "POST /api/v1/invitations": {},
    "POST /api/v1/assistants": {"name": "Butler"},
    "POST /api/v1/analytics/events": {"events": [{"name": "page.opened"}]},
    "POST /api/v1/analytics/identify": {"traits": {"client": "cli"}},
    "PATCH /api/v1/analytics/preferences": {"opted_out": False},
}
SURPLUS = {
    "id": "user_01h455vb4pex5vsknk084sn02q",
    "user_id": "user_01h455vb4pex5vsknk084sn02q",
    "role": "owner",
    "is_admin": True,
    "is_default": True,
    "owner": True,
    "quota": 10**6,
    "created_at": "2020-01-01T00:00:00Z",
    "status": "completed",
    "password_hash": "x",
    "disabled_at": None,
}


@pytest.fixture(scope="module")
async def bertas(place: Place) -> Things:
    things = await have(place.member, place)
    await come_to_rest(place)
    return things


def with_body() -> list[Operation]:
    return [operation for operation in operations() if body_schema(operation)]


@pytest.mark.parametrize("operation", with_body(), ids=lambda operation: operation.name)
async def test_nobody_sets_what_is_not_theirs_to_set(place: Place, bertas: Things, operation: Operation) -> None:
    valid = OTHER_BODIES.get(operation.name) or _declared(operation, bertas)
    path = _filled(operation.path, bertas)
    declared = {name for name, _ in properties(body_schema(operation))}
    person = place.owner if "invitations" in path or "/admin/" in path else place.member
    before = rows_of(place.server, person.user_id)

    for name, value in SURPLUS.items():
        if name in declared:
            continue
        answer = await ask(person.url + path, operation.method, headers=person.headers, body={**valid, name: value})
        assert answer.status == 422, (name, answer.status, answer.text)

    assert rows_of(place.server, person.user_id) == before


async def test_a_member_stays_a_member(place: Place) -> None:
    me = await place.member.get("/api/v1/users/me")

    assert me["role"] == "member"


@pytest.mark.parametrize("scheme", ["declared", "chunked"])
async def test_a_body_without_end_is_refused_at_the_limit(place: Place, scheme: str) -> None:
    assert place.server.process
    server = psutil.Process(place.server.process.pid)
    before = server.memory_info().rss

    sent, answer = await _pour(place, scheme, most_bytes=64 * MEBIBYTE)

    # Whoever goes on sending may find the connection closed before the answer is read.
    assert answer == b"" or answer.startswith(b"HTTP/1.1 413")
    # What lies in the buffers of the two sockets comes on top.
    assert sent < LIMIT_BYTES + 16 * MEBIBYTE
    assert server.memory_info().rss - before < 32 * MEBIBYTE


async def test_a_large_declaration_is_refused_before_the_body_comes(place: Place) -> None:
    head = _head(place, "POST /start", "Content-Length: 10000000000", "Content-Type: application/json")

    _is_too_large(await raw(place.server.port, head))


async def test_a_chunk_too_many_is_refused(place: Place) -> None:
    head = _head(place, "POST /start", "Transfer-Encoding: chunked", "Content-Type: application/json")
    chunk = b"%x\r\n%b\r\n" % (65_536, b" " * 65_536)

    _is_too_large(await raw(place.server.port, head + chunk * 16 + b"1\r\n \r\n"))


async def test_a_request_that_breaks_off_does_nothing(place: Place) -> None:
    before = rows_of(place.server, place.member.user_id)
    head = _head(place, "POST /start", "Content-Length: 100", "Content-Type: application/json")

    await raw(place.server.port, head + b"{}", then_leave=True)

    await place.member.get("/api/v1/users/me")
    assert rows_of(place.server, place.member.user_id) == before


async def test_a_body_that_is_longer_than_it_says_is_cut_where_it_says(place: Place) -> None:
    head = _head(place, "POST /api/v1/conversations", "Content-Length: 5", "Content-Type: application/json")

    answer = await raw(place.server.port, head + b'{"title": "all of it"}')

    assert answer.startswith(b"HTTP/1.1 400")
    assert b"all of it" not in answer


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "application/jsonp",
        "",
    ],
)
async def test_only_json_is_understood(place: Place, kind: str) -> None:
    answer = await ask(
        f"{place.server.url}/api/v1/conversations",
        "POST",
        headers={**place.member.headers, "Content-Type": kind},
        data=b'{"title": "hidden"}',
    )

    assert answer.status == 415
    assert answer.error["code"] == "content_type_not_json"


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"title": "x"',
        b"{'title': 'x'}",
        b'{"title": "\xff\xfe"}',
        b'{"title": "\xc0\xaf"}',
        b"\xff",
        gzip.compress(b'{"title": "x"}', mtime=0),
        b"[" * 10_000,
        b'{"a":' * 10_000,
        b"[" * 10_000 + b"]" * 10_000,
    ],
    ids=lambda body: repr(body[:16]),
)
async def test_what_is_not_json_is_malformed(place: Place, body: bytes) -> None:
    answer = await _post(place, "/api/v1/conversations", body)

    assert answer.status == 400, answer.text
    assert answer.error["code"] in {"malformed_json", "malformed_request"}


@pytest.mark.parametrize(
    "body",
    [
        b"null",
        b"1",
        b'"x"',
        b"[]",
        b'{"title": NaN}',
        b'{"title": 1e999}',
        b'{"title": -Infinity}',
        b'{"title": null, "title": 7}',
        b'{"\\ud800": 1}',
        b'{"title": 1' + b"0" * 5_000 + b"}",
        b'{"assistant_id": {"$gt": ""}}',
    ],
    ids=lambda body: repr(body[:24]),
)
async def test_json_that_does_not_fit_is_refused(place: Place, body: bytes) -> None:
    answer = await _post(place, "/api/v1/conversations", body)

    assert answer.status in (400, 422), answer.text
    assert answer.error["code"] in {"malformed_json", "malformed_request", "validation_failed"}


@pytest.mark.parametrize("value", ["\\ud800", "a\\udfff", "\\u0000", "\\ud83d\\ude00 \\ude00"])
@pytest.mark.parametrize("field", ["title", "assistant_id"])
async def test_text_that_cannot_be_stored_breaks_nothing(place: Place, field: str, value: str) -> None:
    answer = await _post(place, "/api/v1/conversations", f'{{"{field}": "{value}"}}'.encode())

    assert answer.status == {"title": 201, "assistant_id": 404}[field], answer.text
    if field == "title":
        assert "\ufffd" in answer.body["title"]


@pytest.mark.parametrize(
    "value",
    [b"NaN", b"1e999", b"1" + b"0" * 40, b'"\\ud800"', b'{"\\ud800": 1}', b"[[[[1]]]]", b"[" * 300 + b"]" * 300],
)
async def test_odd_values_deep_inside_break_nothing(place: Place, bertas: Things, value: bytes) -> None:
    tool = json.dumps(LOOKUP).encode().replace(b'"Looks something up."', b'"", "parameters": {"a": ' + value + b"}")

    answer = await _post(
        place,
        f"/api/v1/conversations/{bertas.conversation}/runs",
        b'{"message": "hi", "tools": [' + tool + b"]}",
    )

    assert answer.status in (202, 400, 422), answer.text
    if answer.status == 202:
        await place.member.ended(answer.body["id"])


@pytest.mark.parametrize("text", ["", " ", "\n\t ", "\u2003"])
async def test_a_blank_message_is_refused_and_not_stored(place: Place, bertas: Things, text: str) -> None:
    await _is_refused(place, bertas, text, status=400, message="Message text cannot be empty")


async def test_a_message_that_is_too_long_is_refused_and_not_stored(place: Place, bertas: Things) -> None:
    await _is_refused(place, bertas, "x" * 50_000, status=422, message="A message has at most 40,000 characters.")


def _declared(operation: Operation, mine: Things) -> dict[str, Any]:
    make = BODIES.get(operation.name)
    return make(mine) if make else {}


async def _is_refused(place: Place, mine: Things, text: str, *, status: int, message: str) -> None:
    before = kept_by(place.server, place.member.user_id)
    for path, body in (
        (f"/api/v1/conversations/{mine.conversation}/runs", {"message": text}),
        ("/chat", {"thread_id": mine.conversation, "message": text}),
        ("/chat/", {"user_id": mine.user, "text": text}),
    ):
        answer = await _post(place, path, json.dumps(body).encode())
        assert answer.status == status
        assert answer.error["message"] == message
    assert kept_by(place.server, place.member.user_id) == before


def _is_too_large(answer: bytes) -> None:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 413")
    assert b"connection: close" in head.lower()
    assert json.loads(body)["error"]["code"] == "body_too_large"


async def _post(place: Place, path: str, body: bytes) -> Any:
    headers = {**place.member.headers, "Content-Type": "application/json"}
    return await ask(place.server.url + path, "POST", headers=headers, data=body)


async def _pour(place: Place, scheme: str, *, most_bytes: int) -> tuple[int, bytes]:
    """Send a body until nobody takes it any more; how much that was, and what came back."""
    length = f"Content-Length: {most_bytes}" if scheme == "declared" else "Transfer-Encoding: chunked"
    reader, writer = await asyncio.open_connection("127.0.0.1", place.server.port)
    answering = asyncio.create_task(_all_of(reader))
    writer.write(_head(place, "POST /start", length, "Content-Type: application/json"))
    chunk, sent = b" " * 65_536, 0
    with contextlib.suppress(OSError):
        while sent < most_bytes and not answering.done():
            framed = b"%x\r\n%b\r\n" % (len(chunk), chunk) if scheme == "chunked" else chunk
            writer.write(framed)
            await writer.drain()
            sent += len(chunk)
    answer = await asyncio.wait_for(answering, 10)
    writer.close()
    return sent, answer


async def _all_of(reader: asyncio.StreamReader) -> bytes:
    received = bytearray()
    with contextlib.suppress(OSError):
        while chunk := await reader.read(65_536):
            received += chunk
    return bytes(received)


def _head(place: Place, line: str, *headers: str) -> bytes:
    lines = [f"{line} HTTP/1.1", f"Host: 127.0.0.1:{place.server.port}", *headers]
    lines += [f"{name}: {value}" for name, value in place.member.headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


def _filled(path: str, mine: Things) -> str:
    return (
        path.replace("{conversation_id}", mine.conversation)
        .replace("{assistant_id}", mine.assistant)
        .replace("{run_id}", mine.run)
        .replace("{user_id}", mine.user)
        .replace("{memory_id}", mine.memory)
    )
