"""A person's picture is drawn anew, small, and theirs; what is no picture, or a flood of pixels, is refused."""

import io
import struct
import time
import zlib

import pytest
from PIL import Image

from tests.features.files.place import Place, asked

pytestmark = pytest.mark.anyio

PATH = "/api/v1/users/me/picture"


def drawn(kind: str, size: tuple[int, int] = (900, 300), **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(buffer, kind, **options)
    return buffer.getvalue()


def flood() -> bytes:
    """A PNG of a few bytes with two and a half thousand million pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
async def test_a_picture_is_shown_small_and_without_what_else_was_in_it(place: Place, kind: str) -> None:
    sent = drawn(kind) + b"<script>the place where it was taken</script>"

    answer = await asked(place.anna, "PUT", PATH, data=sent)
    shown = await asked(place.anna, "GET", answer.json["picture"])

    assert answer.status == 200, answer.body
    assert shown.headers["Content-Type"] == "image/webp"
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    assert b"script" not in shown.body
    with Image.open(io.BytesIO(shown.body)) as image:
        assert image.size == (512, 171)
    assert (await place.anna.get("/api/v1/users/me"))["picture"] == answer.json["picture"]


async def test_a_new_picture_takes_the_place_of_the_old(place: Place) -> None:
    first = await asked(place.berta, "PUT", PATH, data=drawn("PNG"))
    stored = place.stored()

    second = await asked(place.berta, "PUT", PATH, data=drawn("PNG", (10, 10)))
    await place.until(lambda: len(place.stored()) == len(stored))

    assert second.json["picture"] != first.json["picture"]
    with Image.open(io.BytesIO((await asked(place.berta, "GET", PATH)).body)) as image:
        assert image.size == (10, 10)


async def test_a_picture_can_be_taken_away(place: Place) -> None:
    before = place.stored()
    await asked(place.berta, "DELETE", PATH)
    await place.until(lambda: len(place.stored()) <= len(before))

    answer = await asked(place.berta, "GET", PATH)

    assert (answer.status, answer.code) == (404, "picture_not_found")
    assert (await place.berta.get("/api/v1/users/me"))["picture"] is None
    assert (await asked(place.berta, "DELETE", PATH)).status == 204


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (flood(), 422, "picture_refused"),
        (drawn("PNG")[:300], 422, "picture_refused"),
        (b"\x89PNG\r\n\x1a\n" + bytes(500), 422, "picture_refused"),
        (b"%PDF-1.7", 415, "file_type_refused"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "file_type_refused"),
        (b"", 415, "file_type_refused"),
        (bytes(6 * 2**20), 413, "body_too_large"),
    ],
    ids=["flood", "cut", "zeros", "pdf", "svg", "nothing", "large"],
)
async def test_what_is_no_picture_is_refused(place: Place, sent: bytes, status: int, code: str) -> None:
    before, began = place.stored(), time.monotonic()

    answer = await asked(place.anna, "PUT", PATH, data=io.BytesIO(sent))

    assert (answer.status, answer.code) == (status, code)
    assert place.stored() == before
    assert time.monotonic() - began < 90
