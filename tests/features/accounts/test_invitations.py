"""How other people come in."""

import asyncio
from typing import NoReturn

import pytest

from famulus.features.accounts.sessions import Sessions
from famulus.infra.sqlite import SqliteDatabase
from famulus.settings import ServerSettings, Settings
from tests.features.accounts.place import MARIA, OTTO, Browser, Place, open_place

pytestmark = pytest.mark.anyio


async def invited(owner: Browser, **wanted: str) -> str:
    """The token of a new invitation."""
    link: str = (await owner.post("/invitations", wanted)).body["link"]
    return link.partition("/#/join?token=")[2]


async def test_the_link_leads_to_the_page_and_hides_from_logs(place: Place, maria: Browser) -> None:
    answer = await maria.post("/invitations", {})

    assert answer.status == 201
    assert answer.body["link"].startswith(f"{place.base_url}/#/join?token=")
    assert answer.body["expires_at"] == "2026-10-27T12:00:00.000Z"
    [listed] = (await maria.get("/invitations")).body["data"]
    assert (listed["id"], listed["used_at"], "link" in listed) == (answer.body["id"], None, False)


async def test_the_link_has_the_public_address(database: SqliteDatabase) -> None:
    public = Settings(server=ServerSettings(public_url="https://famulus.example/"))
    async with open_place(database, public) as place:
        maria = place.browser()
        await maria.post("/auth/token", {"token": await place.link_token()}, Origin="https://famulus.example")

        answer = await maria.post("/invitations", {}, Origin="https://famulus.example")

        assert answer.body["link"].startswith("https://famulus.example/#/join?token=")


async def test_whoever_holds_it_becomes_a_member(place: Place, maria: Browser) -> None:
    browser = place.browser()

    answer = await browser.post("/auth/join", {"token": await invited(maria), **OTTO})

    assert answer.status == 201
    assert (answer.body["role"], answer.body["email"]) == ("member", OTTO["email"])
    assert (await browser.get("/users/me")).body == answer.body
    assert (await place.browser().sign_in(OTTO)).status == 200


async def test_it_works_once(place: Place, maria: Browser) -> None:
    token = await invited(maria)
    people = [{**OTTO, "email": f"otto{n}@example.com"} for n in range(10)]

    answers = await asyncio.gather(
        *(place.browser().post("/auth/join", {"token": token, **person}) for person in people)
    )

    assert sorted(answer.status for answer in answers) == [201] + [404] * 9
    assert len(await place.sql("SELECT * FROM users")) == 2


async def test_it_works_for_a_week(place: Place, maria: Browser) -> None:
    token = await invited(maria)
    place.clock.advance(days=7)

    answer = await place.browser().post("/auth/join", {"token": token, **OTTO})

    assert (answer.status, answer.code) == (404, "invitation_not_valid")


async def test_it_can_be_withdrawn(place: Place, maria: Browser) -> None:
    token = await invited(maria)
    [listed] = (await maria.get("/invitations")).body["data"]

    assert (await maria.delete(f"/invitations/{listed['id']}")).status == 204

    assert (await maria.delete(f"/invitations/{listed['id']}")).code == "invitation_not_found"
    assert (await place.browser().post("/auth/join", {"token": token, **OTTO})).status == 404


async def test_with_an_address_it_is_for_one_person(place: Place, maria: Browser) -> None:
    token = await invited(maria, email="Otto@example.com")

    stranger = await place.browser().post("/auth/join", {"token": token, **OTTO, "email": "x@example.com"})
    otto = await place.browser().post("/auth/join", {"token": token, **OTTO})

    assert (stranger.status, otto.status) == (404, 201)


async def test_an_address_that_is_taken_uses_no_invitation_up(place: Place, maria: Browser) -> None:
    token = await invited(maria)

    taken = await place.browser().post("/auth/join", {"token": token, **OTTO, "email": MARIA["email"].upper()})
    free = await place.browser().post("/auth/join", {"token": token, **OTTO})

    assert (taken.status, taken.code) == (409, "email_taken")
    assert free.status == 201


async def test_what_fails_half_way_leaves_nobody_and_uses_no_invitation_up(
    place: Place, maria: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await invited(maria)

    async def fail(*_: object, **__: object) -> NoReturn:
        raise RuntimeError

    with monkeypatch.context() as broken:
        # Behind the account in the same transaction.
        broken.setattr(Sessions, "open", fail)
        failed = await place.browser().post("/auth/join", {"token": token, **OTTO})
    people = await maria.get("/admin/users")
    again = await place.browser().post("/auth/join", {"token": token, **OTTO})

    assert failed.status == 500
    assert [one["name"] for one in people.body["data"]] == ["Maria"]
    assert again.status == 201


async def test_a_guess_costs_no_hashing(place: Place, maria: Browser) -> None:
    answer = await place.browser().post("/auth/join", {"token": "guessed", **OTTO})

    assert answer.status == 404
    assert len(await place.sql("SELECT * FROM users")) == 1


async def test_members_invite_nobody(otto: Browser) -> None:
    answers = [
        await otto.get("/invitations"),
        await otto.post("/invitations", {}),
        await otto.delete("/invitations/invite_00000000000000000000000000"),
    ]

    assert [answer.status for answer in answers] == [403, 403, 403]


@pytest.mark.parametrize(
    "change",
    [
        {"email": "no address"}, {"email": "a@b@c"}, {"email": "@example.com"}, {"email": "otto@"},
        {"email": "o\0tto@example.com"}, {"email": None}, {"email": "x" * 250 + "@example.com"},
        {"name": ""}, {"name": "   "}, {"name": "x" * 101}, {"name": None},
        {"password": "short"}, {"password": "x" * 1_001}, {"password": "iloveyou1"}, {"password": None},
        {"role": "owner"}, {"id": "user_00000000000000000000000000"},
    ],
)  # fmt: skip
async def test_odd_details_are_refused(place: Place, maria: Browser, change: dict[str, object]) -> None:
    answer = await place.browser().post("/auth/join", {"token": await invited(maria), **OTTO, **change})

    assert answer.status == 422


async def test_text_that_cannot_be_stored_is_replaced(place: Place, maria: Browser) -> None:
    body = b'{"token": "%s", "name": "O\\u0000t\\ud800to", "email": "o@x.org", "password": "a\\ud800bcdefgh"}'

    answer = await place.browser().post("/auth/join", body % (await invited(maria)).encode())

    assert answer.status == 201
    assert answer.body["name"] == "O�t�to"
