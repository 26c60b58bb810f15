"""The page's files go out compressed to whoever takes that, and not at all to whoever has them."""

import gzip

import pytest
from starlette.datastructures import Headers
from starlette.testclient import TestClient

from famulus.apps.assets import Assets, file_of
from famulus.web import PAGE, STATIC

MAIN = "/app/main.js"


@pytest.fixture
def client() -> TestClient:
    return TestClient(Assets(directory=STATIC), headers={"Accept-Encoding": "identity"})


def test_a_text_is_compressed_for_whoever_takes_that(client: TestClient) -> None:
    plain = client.get(MAIN)
    small = client.get(MAIN, headers={"Accept-Encoding": "br, gzip;q=0.8"})

    assert "content-encoding" not in plain.headers
    assert small.headers["content-encoding"] == "gzip"
    assert small.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    assert int(small.headers["content-length"]) < len(plain.content) * 0.7
    assert small.content == plain.content == (STATIC / "app" / "main.js").read_bytes()


@pytest.mark.parametrize("taken", ["", "identity", "br", "gzip;q=0", "gzip; q=0.0"])
def test_nobody_is_sent_what_they_do_not_take(client: TestClient, taken: str) -> None:
    assert "content-encoding" not in client.get(MAIN, headers={"Accept-Encoding": taken}).headers


def test_a_font_is_not_compressed_twice(client: TestClient) -> None:
    font = client.get("/vendor/newsreader.woff2", headers={"Accept-Encoding": "gzip"})

    assert "content-encoding" not in font.headers


def test_a_copy_that_is_still_the_newest_is_not_sent_again(client: TestClient) -> None:
    gzipped = {"Accept-Encoding": "gzip"}
    tags = [client.get(MAIN, headers=headers).headers["etag"] for headers in ({}, gzipped)]

    again = client.get(MAIN, headers=gzipped | {"If-None-Match": tags[1]})

    assert len(set(tags)) == 2
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["cache-control"] == "no-cache"
    assert client.get(MAIN, headers=gzipped | {"If-None-Match": tags[0]}).status_code == 200


def test_the_page_itself_is_compressed_too() -> None:
    answer = file_of(PAGE, PAGE.stat(), Headers({"accept-encoding": "gzip"}), vary="Accept")

    assert answer.headers["vary"] == "Accept, Accept-Encoding"
    assert gzip.decompress(bytes(answer.body)) == PAGE.read_bytes()
