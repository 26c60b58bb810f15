"""Files come in whole or not at all, are what they contain, and take room once."""

import asyncio
import os
from pathlib import Path

import pytest

from tests.features.files.place import Place, a_file, asked, uploaded

pytestmark = pytest.mark.anyio

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
MEBIBYTE = 2**20


async def test_what_is_uploaded_comes_back_as_it_was(place: Place) -> None:
    data = os.urandom(1) + b"%PDF-1.7 " + os.urandom(3 * MEBIBYTE)

    file = await a_file(place.anna, "Grüße.pdf", data)
    answer = await asked(place.anna, "GET", f"/api/v1/files/{file['id']}/content")

    assert (file["name"], file["size"], file["kind"]) == ("Grüße.pdf", len(data), "pdf")
    assert answer.body == data
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Content-Disposition"] == (
        "attachment; filename=\"Gr__e.pdf\"; filename*=UTF-8''Gr%C3%BC%C3%9Fe.pdf"
    )


async def test_several_files_are_kept_in_their_order(place: Place) -> None:
    answer = await uploaded(place.anna, ("b.txt", b"b"), ("a.md", b"# a"), ("c.csv", b"x,y"))

    assert [(file["name"], file["kind"]) for file in answer.json["data"]] == [
        ("b.txt", "text"), ("a.md", "markdown"), ("c.csv", "csv"),
    ]  # fmt: skip


async def test_a_file_may_be_the_whole_body(place: Place) -> None:
    path = "/api/v1/files?name=notes%2Ftea.txt"

    answer = await asked(place.anna, "POST", path, headers={"Content-Type": "text/plain"}, data=b"tea")

    assert answer.json["data"][0]["name"] == "tea.txt"


async def test_the_same_content_takes_room_once_and_goes_with_its_last_name(place: Place) -> None:
    data = b"the same " + os.urandom(8).hex().encode()
    before = place.stored()

    first = await a_file(place.berta, "one.txt", data)
    used = await place.berta.get("/api/v1/files/storage")
    second = await a_file(place.berta, "two.txt", data)

    assert await place.berta.get("/api/v1/files/storage") == used
    assert len(place.stored() - before) == 1
    await place.berta.request("DELETE", f"/api/v1/files/{first['id']}")
    assert (await asked(place.berta, "GET", f"/api/v1/files/{second['id']}/content")).body == data
    await place.berta.request("DELETE", f"/api/v1/files/{second['id']}")
    await place.until(lambda: place.stored() == before)


async def test_the_same_content_of_two_people_is_two_contents(place: Place) -> None:
    data = os.urandom(8).hex().encode()
    before = place.stored()
    annas = await a_file(place.anna, "a.txt", data)
    bertas = await a_file(place.berta, "b.txt", data)

    await place.anna.request("DELETE", f"/api/v1/files/{annas['id']}")
    await place.until(lambda: len(place.stored() - before) == 1)

    assert (await asked(place.berta, "GET", f"/api/v1/files/{bertas['id']}/content")).body == data


async def test_an_upload_that_is_sent_twice_happens_once(place: Place) -> None:
    data = os.urandom(8).hex().encode()
    first = await uploaded(place.anna, ("a.txt", data), key="upload-1")
    stored = place.stored()

    again = await uploaded(place.anna, ("a.txt", data), key="upload-1")
    other = await uploaded(place.anna, ("a.txt", data + b"!"), key="upload-1")

    assert again.json == first.json
    assert (other.status, other.code) == (409, "key_reused")
    assert place.stored() == stored


async def test_an_empty_file_is_a_file(place: Place) -> None:
    file = await a_file(place.anna, "__init__.py", b"")

    answer = await asked(place.anna, "GET", f"/api/v1/files/{file['id']}/content")

    assert (file["size"], answer.status, answer.body) == (0, 200, b"")


@pytest.mark.parametrize(
    ("name", "data", "kind", "media_type"),
    [
        ("a.png", b"<!DOCTYPE html><script>alert(1)</script>", "html", "text/html"),
        ("a.html", PNG, "image", "image/png"),
        ("a.txt", b"%PDF-1.4\n<script>", "pdf", "application/pdf"),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "text", "text/plain"),
        ("a.gif", b"GIF89a/*<script>*/=1;alert(1)", "image", "image/gif"),
        ("report.doc", b"PK\x03\x04" + bytes(26) + b"word/document.xml", "docx", "application/vnd.openxml"),
        ("old.eml", b"From: a@b.c\r\nTo: d@e.f\r\nSubject: x\r\n\r\nHello", "email", "message/rfc822"),
        ("a", "Grüße".encode("utf-16"), "text", "text/plain"),
        ("a.exe", b"just words", "text", "text/plain"),
    ],
    ids=lambda value: repr(value)[:16],
)
async def test_a_file_is_what_it_contains(place: Place, name: str, data: bytes, kind: str, media_type: str) -> None:
    file = await a_file(place.anna, name, data)

    answer = await asked(place.anna, "GET", f"/api/v1/files/{file['id']}/content?inline=true")

    assert file["kind"] == kind
    assert file["media_type"].startswith(media_type)
    assert not answer.headers["Content-Type"].startswith(("text/html", "image/svg"))
    shown = "inline" if kind == "image" else "attachment"
    assert answer.headers["Content-Disposition"].startswith(shown)
    assert "sandbox" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "data",
    [b"MZ\x90\x00" + bytes(200), b"\x7fELF" + bytes(200), b"PK\x03\x04" + bytes(100), b"a text\0with a hole", bytes(9)],
    ids=["windows", "linux", "zip", "nul", "zeros"],
)
async def test_what_is_of_no_known_kind_is_refused_whole(place: Place, data: bytes) -> None:
    before = place.stored()

    answer = await uploaded(place.anna, ("good.txt", b"good"), ("holiday.jpg", data))

    assert (answer.status, answer.code) == (415, "file_type_refused")
    assert answer.json["error"]["details"]["file"] == "holiday.jpg"
    assert place.stored() == before


async def test_a_person_has_so_much_room(place: Place) -> None:
    files = [(f"{index}.txt", bytes([97 + index]) * (4 * MEBIBYTE)) for index in range(16)]
    before = place.stored()
    used = await place.berta.get("/api/v1/files/storage")

    answer = await uploaded(place.berta, *files)

    assert (answer.status, answer.code) == (413, "storage_quota_exceeded")
    assert place.stored() == before
    assert await place.berta.get("/api/v1/files/storage") == used


async def test_of_many_uploads_at_once_as_many_as_there_is_room_for_are_kept(place: Place) -> None:
    clara = await place.server.member(place.anna, "Clara")
    before = place.stored()
    # Pictures are kept as they are: nobody reads them.
    files = [PNG + bytes([number]) * (4 * MEBIBYTE - len(PNG)) for number in range(20)]

    answers = await asyncio.gather(*(uploaded(clara, (f"{n}.png", data)) for n, data in enumerate(files)))

    refused = [answer.code for answer in answers if answer.status != 201]
    assert refused == ["storage_quota_exceeded"] * 5
    assert await clara.get("/api/v1/files/storage") == {"used": 60 * MEBIBYTE, "limit": 60 * MEBIBYTE}
    assert len(place.stored() - before) == 15


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("/etc/cron.d/x", "x"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("%2e%2e%2fpasswd", "%2e%2e%2fpasswd"),
        ("..", "file"),
        ("a\u202egpj.exe", "agpj.exe"),
        ("con.txt", "_con.txt"),
        ("x" * 900 + ".txt", "x" * 196 + ".txt"),
        (" .hidden. ", "hidden"),
        ("", "file"),
        ("a\u0000b\u0007.txt", "a\ufffdb.txt"),
        ("<b>?.txt", "_b__.txt"),
    ],
    ids=lambda name: name[:12],
)
async def test_a_name_is_only_shown(place: Place, given: str, shown: str) -> None:
    path = f"/api/v1/files/{(await a_file(place.anna, 'x.txt', b'x'))['id']}"
    before = sorted(place.stored())

    status, renamed = await place.anna.request("PATCH", path, {"name": given or "/"})

    assert status == 200
    assert renamed["name"] == shown
    assert sorted(place.stored()) == before
    assert {path.parent.parent for path in before} == {place.blobs}
    listed = await place.anna.get("/api/v1/files?limit=1")
    assert listed["data"][0]["name"] == shown


async def test_a_name_that_is_far_too_long_is_cut(place: Place) -> None:
    file = await a_file(place.anna, "x" * 3_000 + ".txt", b"x")

    assert file["name"] == "x" * 196 + ".txt"


async def test_a_name_may_come_with_the_upload(place: Place) -> None:
    file = await a_file(place.anna, "../../../etc/cron.d/evil", b"x")

    assert file["name"] == "evil"
    assert not Path("/etc/cron.d/evil").exists()
