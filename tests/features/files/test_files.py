"""Files are listed, found, renamed, sent in parts and deleted; nobody else's are."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from famulus.kit.ids import new_id
from tests.features.files.place import Place, a_file, asked, uploaded
from tests.serving import serving

pytestmark = pytest.mark.anyio

DATA = bytes(range(97, 123)) * 40_000


async def test_files_are_listed_latest_first_and_page_by_page(place: Place) -> None:
    names = [f"list-{index}.txt" for index in range(5)]
    await uploaded(place.berta, *((name, name.encode()) for name in names))

    first = await place.berta.get("/api/v1/files?limit=3&name=LIST-")
    second = await place.berta.get(f"/api/v1/files?limit=3&name=list-&after={first['next']}")

    assert [file["name"] for file in first["data"] + second["data"]] == names[::-1]
    assert (first["has_more"], second["has_more"]) == (True, False)


async def test_a_name_is_looked_for_as_it_is_written(place: Place) -> None:
    await a_file(place.berta, "100%.txt", b"percent")

    found = await place.berta.get("/api/v1/files?name=0%25")

    assert [file["name"] for file in found["data"]] == ["100%.txt"]


async def test_files_are_listed_by_what_they_are(place: Place) -> None:
    await uploaded(place.berta, ("a.png", b"\x89PNG\r\n\x1a\n"), ("b.md", b"# b"))

    images = await place.berta.get("/api/v1/files?kind=image")

    assert {file["name"] for file in images["data"]} == {"a.png"}
    assert (await place.berta.get("/api/v1/files?status=failed"))["data"] == []


async def test_files_asked_for_by_id_come_in_that_order(place: Place) -> None:
    one, two = [await a_file(place.anna, f"{n}.txt", f"order {n}".encode()) for n in "ab"]
    others, nobodys = await a_file(place.berta, "c.txt", b"order c"), new_id("file")
    ids = [two["id"], others["id"], one["id"], nobodys, two["id"]]

    found = await place.anna.get("/api/v1/files?" + "&".join(f"ids={one_id}" for one_id in ids))

    assert [file["id"] for file in found["data"]] == [two["id"], one["id"], two["id"]]
    assert found["missing"] == [others["id"], nobodys]


@pytest.mark.parametrize(
    ("asked_for", "status", "expected"),
    [
        ("bytes=0-4", 206, DATA[:5]),
        ("bytes=300000-", 206, DATA[300_000:]),
        ("bytes=-7", 206, DATA[-7:]),
        ("bytes=0-99999999999", 206, DATA),
        ("bytes=5-2", 416, None),
        ("bytes=99999999-", 416, None),
        ("bytes=0-1,3-4", 200, DATA),
        ("lines=1-2", 200, DATA),
    ],
)
async def test_a_part_of_a_file_can_be_had(place: Place, asked_for: str, status: int, expected: bytes | None) -> None:
    file = await a_file(place.anna, "alphabet.txt", DATA)

    answer = await asked(place.anna, "GET", f"/api/v1/files/{file['id']}/content", headers={"Range": asked_for})

    assert answer.status == status
    if expected is not None:
        assert answer.body == expected
        assert int(answer.headers["Content-Length"]) == len(expected)


async def test_what_a_client_has_already_is_not_sent_again(place: Place) -> None:
    path = f"/api/v1/files/{(await a_file(place.anna, 'x.txt', DATA))['id']}/content"
    etag = (await asked(place.anna, "GET", path)).headers["ETag"]

    answer = await asked(place.anna, "GET", path, headers={"If-None-Match": etag})

    assert (answer.status, answer.body) == (304, b"")


@pytest.fixture
async def fresh(storage: str, tmp_path: Path) -> AsyncIterator[Place]:
    with serving(tmp_path) as server:
        anna = await (await server.start()).owner()
        yield Place(server, anna, await server.member(anna))


async def test_nothing_is_left_of_a_deleted_file_or_an_erased_person(fresh: Place) -> None:
    secret = f"zanzibar{os.urandom(6).hex()}"
    mine = await uploaded(fresh.berta, (f"{secret}.txt", secret.encode()), key="once")
    file_id = mine.json["data"][0]["id"]
    await a_file(fresh.anna, "kept.txt", b"kept")
    await a_file(fresh.berta, f"{secret}-2.md", b"# " + secret.encode())

    await fresh.berta.request("DELETE", f"/api/v1/files/{file_id}")
    assert await fresh.berta.get(f"/api/v1/files/{file_id}", expect=404)
    status, _ = await fresh.berta.request(
        "DELETE", "/api/v1/users/me", {"confirm": "erase", "password": "a long enough one"}
    )
    fresh.server.stop()

    assert status == 204
    assert len(fresh.stored()) == 1
    assert fresh.server.kept.mentions(secret) == []
    for path in fresh.stored():
        assert secret.encode() not in path.read_bytes(), path


async def test_what_a_dying_server_leaves_is_swept_by_the_next(fresh: Place, storage: str) -> None:
    if storage == "postgresql":
        pytest.skip("Nobody knows there that it is alone: what a dead server left is swept when it is old.")
    fresh.server.stop()
    await fresh.server.start(KILLPOINT="files.bytes_kept")
    with pytest.raises(Exception):  # noqa: B017, PT011 -- whatever a client sees of a server that dies
        await uploaded(fresh.anna, ("a.txt", b"a"), ("b.txt", b"b"))
    await fresh.server.died()
    (fresh.blobs / "parts" / new_id("blob")).write_bytes(b"half")
    left = fresh.stored()

    await fresh.server.start()
    kept = await a_file(fresh.anna, "c.txt", b"c")
    fresh.server.stop()

    assert len(left) == 3
    assert len(fresh.stored()) == 1
    assert not fresh.stored() & left
    assert kept["size"] == 1
