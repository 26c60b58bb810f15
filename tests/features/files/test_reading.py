"""Whatever a file is, its text is found with the place where it stands; whatever it does, it harms itself alone."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import psutil
import pytest

from tests.features.files import documents
from tests.features.files.place import Place, a_file, asked

pytestmark = pytest.mark.anyio

MEBIBYTE = 2**20
MAIL = (
    b"From: Maria <maria@example.org>\r\nTo: berta@example.org\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n"
    b"Content-Type: text/html; charset=utf-8\r\n\r\n<p>The quetzal <b>sings</b>.</p><script>evil()</script>"
)


async def read(place: Place, name: str, data: bytes) -> Any:
    file = await a_file(place.anna, name, data)
    return await place.anna.get(f"/api/v1/files/{file['id']}?wait=30")


@pytest.mark.parametrize(
    ("name", "data", "query", "where", "said"),
    [
        ("a.pdf", documents.pdf("A yak.", "The quetzal sings."), "quetzal", "page 2", "The quetzal sings."),
        ("a.docx", documents.docx("One.", "The quetzal &amp; I."), "quetzal", "paragraphs 1-2", "The quetzal & I."),
        (
            "a.xlsx",
            documents.xlsx([["what", "sum"], ["quetzal", "7"]]),
            "quetzal",
            "sheet Budget, rows 1-2",
            "quetzal | 7",
        ),
        ("a.pptx", documents.pptx("One.", "The quetzal sings."), "quetzal", "slide 2", "The quetzal sings."),
        (
            "a.html",
            b"<html><p>The quet<b>zal</b></p><style>p{}</style><p>sings",
            "quetzal",
            "paragraphs 1-2",
            "The quetzal\nsings",
        ),
        ("a.md", b"# Birds\n\nThe quetzal sings.", "quetzal", "lines 1-3", "# Birds\n\nThe quetzal sings."),
        ("a.csv", b"bird;song\nquetzal;tui", "quetzal", "rows 1-2", "quetzal | tui"),
        ("a.py", b"def quetzal():\n    pass", "quetzal", "lines 1-2", "def quetzal():\n    pass"),
        ("a.eml", MAIL, "quetzal", "lines 1-5", "The quetzal sings."),
        ("a.txt", "Das Nest der Köhlmeise.".encode("utf-16"), "Köhlmeise", "line 1", "Das Nest der Köhlmeise."),
        ("b.txt", "Ein Grünspecht.".encode("cp1252"), "Grünspecht", "line 1", "Ein Grünspecht."),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value[:2] else "",
)
async def test_a_files_text_is_found_where_it_stands(
    place: Place, name: str, data: bytes, query: str, where: str, said: str
) -> None:
    file = await read(place, name, data)

    found = await place.anna.get(f"/api/v1/files/search?query={query}&ids={file['id']}")

    assert (file["status"], file["reason"]) == ("ready", None)
    assert [(hit["file_id"], hit["name"], hit["where"]) for hit in found["data"]] == [(file["id"], name, where)]
    assert said in found["data"][0]["text"]
    assert "evil" not in found["data"][0]["text"]


async def test_a_text_is_read_from_a_place_on_and_back(place: Place) -> None:
    pages = [f"This is what stands on page {number}." for number in range(1, 8)]
    file = await read(place, "long.pdf", documents.pdf(*pages))
    at = f"/api/v1/files/{file['id']}/text"

    there = await place.anna.get(f"{at}?first=4&limit=2")
    onward = await place.anna.get(f"{at}?position={there['next']}")
    before = await place.anna.get(f"{at}?position=0&limit=3")
    nowhere = await asked(place.berta, "GET", at)

    assert [(one["where"], one["text"]) for one in there["data"]] == [("page 4", pages[3]), ("page 5", pages[4])]
    assert [one["where"] for one in onward["data"]] == ["page 6", "page 7"]
    assert onward["next"] is None
    assert [(one["position"], one["where"]) for one in before["data"]] == [(0, "page 1"), (1, "page 2"), (2, "page 3")]
    assert (nowhere.status, nowhere.code) == (404, "file_not_found")


async def test_rows_are_read_in_the_sheet_that_is_meant(place: Place) -> None:
    file = await read(place, "a.xlsx", documents.xlsx([["what", "sum"], ["quetzal", "7"]]))

    found = await place.anna.get(f"/api/v1/files/{file['id']}/text?first=2&sheet=Budget")

    assert [(one["sheet"], one["where"]) for one in found["data"]] == [("Budget", "sheet Budget, rows 1-2")]


@pytest.mark.parametrize(
    ("make", "reasons"),
    [
        (documents.docx_bomb, {"too_large_inside"}),
        (documents.lying_docx, {"too_large_inside", "damaged"}),
        (documents.wide_sheet, {"too_large_inside"}),
        (documents.billion_laughs, {"damaged"}),
        (lambda: documents.reading_others("/etc/passwd"), {"damaged"}),
        (documents.pdf_bomb, {"too_much_memory", "too_slow", "damaged", None}),
        (documents.endless_pdf, {"too_slow", "damaged", "too_much_memory", None}),
        (lambda: b"%PDF-1.7\n" + bytes(2 * MEBIBYTE), {"damaged"}),
        (lambda: documents.docx("x")[:-30], {"damaged"}),
        (lambda: b"PK\x03\x04" + b"word/document.xml" * 1_000, {"damaged"}),
        (lambda: b"<html>" + b"<div>" * 700_000, {None, "too_slow"}),
        (lambda: b"<html><" + b"a" * 3 * MEBIBYTE, {None, "too_slow"}),
        (lambda: documents.packed({"../../x": b"", "/etc/x": b"", "word/document.xml": b"<a/>"}), {None}),
    ],
    ids=[
        "docx bomb",
        "lie",
        "sheet",
        "laughs",
        "xxe",
        "pdf bomb",
        "circle",
        "zeros",
        "cut",
        "fake",
        "deep",
        "tag",
        "slip",
    ],
)
async def test_a_bomb_goes_off_alone(place: Place, make: Callable[[], bytes], reasons: set[str | None]) -> None:
    data = await asyncio.to_thread(make)
    server = psutil.Process(place.server.process.pid if place.server.process else 0)
    before, began = server.memory_info().rss, time.monotonic()

    file = await read(place, "bomb.doc", data)

    assert (file["reason"] or {}).get("code") in reasons
    assert file["status"] == ("failed" if file["reason"] else "ready")
    assert time.monotonic() - began < 90
    assert server.memory_info().rss - before < 64 * MEBIBYTE
    assert not [child for child in server.children(recursive=True) if child.status() != psutil.STATUS_ZOMBIE]
    assert (await read(place, "good.txt", data[:7].hex().encode()))["status"] == "ready"


async def test_nothing_of_the_servers_own_files_gets_into_a_document(place: Place) -> None:
    await read(place, "xxe.docx", documents.reading_others("/etc/hosts"))

    assert (await place.anna.get("/api/v1/files/search?query=localhost"))["data"] == []


async def test_a_file_that_is_deleted_while_it_is_read_leaves_nothing(place: Place) -> None:
    before = place.stored()
    file = await a_file(place.berta, "long.txt", b"All work and no play makes Berta a dull person.\n" * 80_000)
    while (await place.berta.get(f"/api/v1/files/{file['id']}"))["status"] == "stored":
        await asyncio.sleep(0.01)

    await place.berta.request("DELETE", f"/api/v1/files/{file['id']}")
    later = await a_file(place.berta, "later.txt", b"Something else.")
    await place.berta.get(f"/api/v1/files/{later['id']}?wait=30")

    assert (await place.berta.get("/api/v1/files/search?query=dull"))["data"] == []
    assert len(place.stored() - before) == 1


async def test_nobody_finds_what_is_in_somebody_elses_file(place: Place) -> None:
    file = await read(place, "secret.txt", b"The okapi is at home.")

    assert (await place.berta.get("/api/v1/files/search?query=okapi"))["data"] == []
    assert (await place.berta.get(f"/api/v1/files/search?query=okapi&ids={file['id']}"))["data"] == []


async def test_text_beyond_what_is_searched_is_left_out_and_said(place: Place) -> None:
    file = await read(place, "long.txt", b"".join(b"Line %d is about nothing.\n" % n for n in range(60_000)))

    assert (file["status"], file["is_cut"]) == ("ready", True)


@pytest.mark.parametrize(
    "query", ['"', "text:tea", "NEAR(a b)", "tea*", "owner", "'; DROP TABLE files;--", "*", "a OR"]
)
async def test_whatever_is_looked_for_is_literal(place: Place, query: str) -> None:
    found = await place.berta.get("/api/v1/files/search?query=" + query.replace(" ", "+").replace("*", "%2A"))

    assert found["data"] == []


async def test_an_assistant_finds_and_reads_with_the_place_to_cite(place: Place) -> None:
    file = await read(place, "pangolin.pdf", documents.pdf("Nothing.", "The pangolin pays 40 euros."))
    thread = await place.anna.thread()

    for question, said in (
        ("search my files for pangolin", ["(file_id", "page 2", "> The pangolin pays 40 euros."]),
        (f'use read_file {{"file_id": "{file["id"]}", "first": 1, "last": 1}}', ["page 1:", "> Nothing."]),
        ("list my files", ["pangolin.pdf", file["id"]]),
    ):
        await place.anna.ended((await place.anna.send(thread, question))["id"])
        answer = (await place.anna.texts(thread))[-1][2]
        assert all(words in answer for words in said), answer


async def test_an_assistant_reads_nobody_elses_file(place: Place) -> None:
    file = await read(place, "mine.txt", b"The axolotl is mine.")
    thread = await place.berta.thread()

    await place.berta.ended((await place.berta.send(thread, f"read {file['id']}"))["id"])

    answer = (await place.berta.texts(thread))[-1][2]
    assert "file_not_found" in answer
    assert "axolotl" not in answer
