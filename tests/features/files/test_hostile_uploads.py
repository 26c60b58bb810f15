"""Uploads that lie, never end, or do not fit: refused early, and without a trace."""

import asyncio
import contextlib
import os
import resource
from collections.abc import AsyncIterator

import psutil
import pytest

from tests.features.files.place import Place, a_file, asked, uploaded

pytestmark = pytest.mark.anyio

MEBIBYTE = 2**20
BOUNDARY = b"----boundary"
_HEAD = b'--%b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n' % BOUNDARY


async def test_a_file_that_is_too_large_is_refused_before_it_is_read(place: Place) -> None:
    before = place.stored()

    sent, answer = await _pour(place, b"Content-Type: text/plain", most=200 * MEBIBYTE)

    assert answer.startswith(b"HTTP/1.1 413"), answer
    assert b"file_too_large" in answer
    assert sent < 16 * MEBIBYTE
    assert place.stored() == before


async def test_a_form_without_an_end_is_cut_off(place: Place) -> None:
    before = place.stored()
    server = psutil.Process(place.server.process.pid if place.server.process else 0)
    rss = server.memory_info().rss

    sent, answer = await _pour(
        place, b"Content-Type: multipart/form-data; boundary=" + BOUNDARY, most=200 * MEBIBYTE, first=_HEAD
    )

    assert b"HTTP/1.1 413" in answer
    assert sent < 16 * MEBIBYTE
    assert server.memory_info().rss - rss < 32 * MEBIBYTE
    assert place.stored() == before


async def test_a_declared_length_is_enough_to_be_refused(place: Place) -> None:
    head = _request(place, b"Content-Type: text/plain", b"Content-Length: 10000000000")

    answer = await _spoken(place, head)

    assert b"HTTP/1.1 413" in answer
    assert b"connection: close" in answer.lower()


async def test_a_body_that_is_shorter_than_it_says_is_no_upload(place: Place) -> None:
    before = place.stored()

    await _spoken(place, _request(place, b"Content-Type: text/plain", b"Content-Length: 1000") + b"half", leave=True)

    # What comes later on the same server finds nothing of it.
    await place.anna.get("/api/v1/files")
    await asyncio.sleep(0.2)
    assert place.stored() == before
    assert "Traceback" not in place.server.log_text


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "upload_malformed"),
        (b"nothing of the kind", 400, "upload_malformed"),
        (_HEAD + b"no end", 400, "upload_malformed"),
        (b"--%b--\r\n" % BOUNDARY, 400, "no_file_sent"),
        (
            b'--%b\r\nContent-Disposition: form-data; name="x"\r\n\r\n1\r\n--%b--\r\n' % (BOUNDARY, BOUNDARY),
            400,
            "no_file_sent",
        ),
        ((b'--%b\r\nContent-Disposition: form-data; name="x"\r\n\r\n\r\n' % BOUNDARY) * 100_000, 413, "too_many_files"),
        ((_HEAD + b"x\r\n") * 100_000, 413, "too_many_files"),
        (b"--%b\r\n%b\r\n\r\n" % (BOUNDARY, b"X: y\r\n" * 10_000), 400, "upload_malformed"),
        (b"--%b\r\nX: %b\r\n\r\n" % (BOUNDARY, b"y" * 100_000), 400, "upload_malformed"),
    ],
    ids=["nothing", "prose", "no end", "no part", "no file", "parts", "files", "headers", "header"],
)
async def test_a_form_that_is_none_is_refused(place: Place, body: bytes, status: int, code: str) -> None:
    before = place.stored()

    answer = await asked(
        place.anna,
        "POST",
        "/api/v1/files",
        headers={"Content-Type": f"multipart/form-data; boundary={BOUNDARY.decode()}"},
        data=_pieces(body),
    )

    assert (answer.status, answer.code) == (status, code)
    assert place.stored() == before


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Content-Type": "multipart/form-data"}, 400, "upload_malformed"),
        ({"Content-Type": f"multipart/form-data; boundary={'x' * 500}"}, 400, "upload_malformed"),
        ({"Content-Type": "multipart/mixed; boundary=x"}, 415, "upload_not_understood"),
        ({"Content-Type": "text/plain", "Content-Encoding": "gzip"}, 415, "upload_not_understood"),
    ],
    ids=["no boundary", "long boundary", "mixed", "gzip"],
)
async def test_other_ways_to_send_are_refused(place: Place, headers: dict[str, str], status: int, code: str) -> None:
    answer = await asked(place.anna, "POST", "/api/v1/files", headers=headers, data=b"x")

    assert (answer.status, answer.code) == (status, code)


async def test_a_page_of_another_site_uploads_nothing(place: Place) -> None:
    headers = {"Authorization": "", "Cookie": "famulus=x", "Origin": "https://evil.example"}

    answer = await asked(place.anna, "POST", "/api/v1/files?name=x", headers=headers, data=b"x")

    assert answer.status in (401, 403)


async def test_a_full_disk_is_said_and_leaves_nothing(place: Place) -> None:
    before = place.stored()
    used = await place.anna.get("/api/v1/files/storage")
    assert place.server.process is not None
    limits = resource.prlimit(place.server.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(place.server.process.pid, resource.RLIMIT_FSIZE, (2 * MEBIBYTE, limits[1]))
    try:
        answer = await uploaded(place.anna, ("small.txt", b"small"), ("large.txt", b"x" * 3 * MEBIBYTE))
    finally:
        resource.prlimit(place.server.process.pid, resource.RLIMIT_FSIZE, limits)

    assert (answer.status, answer.code) == (507, "storage_full")
    assert place.stored() == before
    assert await place.anna.get("/api/v1/files/storage") == used
    assert (await a_file(place.anna, "later.txt", os.urandom(8).hex().encode()))["id"]


async def test_large_uploads_of_many_are_not_held_in_memory(place: Place) -> None:
    server = psutil.Process(place.server.process.pid if place.server.process else 0)
    before = server.memory_info().rss
    highest = before
    uploads = [
        asyncio.create_task(uploaded(place.berta, (f"{index}.pdf", b"%PDF-" + os.urandom(4 * MEBIBYTE - 5))))
        for index in range(12)
    ]

    while not all(upload.done() for upload in uploads):
        highest = max(highest, server.memory_info().rss)
        await asyncio.sleep(0.01)

    assert {upload.result().status for upload in uploads} == {201}
    assert highest - before < 32 * MEBIBYTE


async def _pour(place: Place, kind: bytes, *, most: int, first: bytes = b"") -> tuple[int, bytes]:
    """Send a chunked body until nobody takes it any more; how much that was, and what came back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", place.server.port)
    answering = asyncio.create_task(_all_of(reader))
    writer.write(_request(place, kind, b"Transfer-Encoding: chunked"))
    chunk, sent = b" " * 65_536, 0
    with contextlib.suppress(OSError):
        if first:
            writer.write(b"%x\r\n%b\r\n" % (len(first), first))
        while sent < most and not answering.done():
            writer.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
            await writer.drain()
            sent += len(chunk)
    answer = await asyncio.wait_for(answering, 10)
    writer.close()
    return sent, answer


async def _spoken(place: Place, request: bytes, *, leave: bool = False) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", place.server.port)
    writer.write(request)
    await writer.drain()
    if leave:
        await asyncio.sleep(0.1)
    answer = b"" if leave else await asyncio.wait_for(_all_of(reader), 10)
    writer.close()
    return answer


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 65_536):
        yield body[start : start + 65_536]


async def _all_of(reader: asyncio.StreamReader) -> bytes:
    received = bytearray()
    with contextlib.suppress(OSError):
        while chunk := await reader.read(65_536):
            received += chunk
    return bytes(received)


def _request(place: Place, *headers: bytes) -> bytes:
    own = [f"{name}: {value}".encode() for name, value in place.anna.headers.items()]
    return b"\r\n".join([b"POST /api/v1/files?name=a.txt HTTP/1.1", b"Host: x", *own, *headers, b"", b""])
