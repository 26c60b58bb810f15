"""The address behind a request: only named proxies are believed."""

import pytest

from famulus.infra.sqlite import SqliteDatabase
from famulus.settings import ServerSettings, Settings
from tests.features.accounts.place import Place, open_place

pytestmark = pytest.mark.anyio

BEHIND_PROXIES = Settings(server=ServerSettings(trusted_proxies=("127.0.0.1", "10.0.0.0/8", "2001:db8::/32")))


async def test_strangers_are_not_believed(place: Place) -> None:
    answer = await place.browser().get("/_client", **{"X-Forwarded-For": "203.0.113.7"})

    assert answer.body["address"] == "127.0.0.1"


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("198.51.100.1, 203.0.113.7", "203.0.113.7"),
        ("198.51.100.1, 203.0.113.7, 10.1.2.3", "203.0.113.7"),
        ("203.0.113.7, 2001:db8::1", "203.0.113.7"),
        ("198.51.100.1, ::ffff:10.1.2.3", "198.51.100.1"),
        ("10.1.2.3", "10.1.2.3"),
        ("198.51.100.1, nonsense", "nonsense"),
        ("x" * 500, "x" * 45),
        (", ", "127.0.0.1"),
        ("", "127.0.0.1"),
    ],
)
async def test_named_proxies_are_believed_up_to_the_first_stranger(
    database: SqliteDatabase, forwarded: str, address: str
) -> None:
    async with open_place(database, BEHIND_PROXIES) as place:
        answer = await place.browser().get("/_client", **{"X-Forwarded-For": forwarded})

        assert answer.body["address"] == address


@pytest.mark.parametrize(("scheme", "cookie"), [("https", "__Host-famulus"), ("http", "famulus_session")])
async def test_a_named_proxy_says_whether_people_use_https(database: SqliteDatabase, scheme: str, cookie: str) -> None:
    async with open_place(database, BEHIND_PROXIES) as place:
        browser = place.browser()

        await browser.post("/auth/token", {"token": await place.link_token()}, **{"X-Forwarded-Proto": scheme})

        assert list(browser.cookies) == [cookie]


async def test_a_stranger_does_not(place: Place) -> None:
    browser = place.browser()

    await browser.post("/auth/token", {"token": await place.link_token()}, **{"X-Forwarded-Proto": "https"})

    assert list(browser.cookies) == ["famulus_session"]


async def test_what_a_browser_calls_itself_is_kept_short(place: Place) -> None:
    answer = await place.browser().get("/_client", **{"User-Agent": "Famulus " * 100})

    assert len(answer.body["agent"]) == 200
