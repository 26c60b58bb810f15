"""The first person, and the links that let the owner in."""

import asyncio

import pytest
from pydantic import SecretStr

from famulus.infra.sqlite import SqliteDatabase
from famulus.settings import AccountSettings, Settings
from tests.features.accounts.place import MARIA, Place, open_place

pytestmark = pytest.mark.anyio

CHOSEN = Settings(accounts=AccountSettings(setup_token=SecretStr("chosen by the operator")))


async def test_a_fresh_server_says_that_nobody_is_there(place: Place) -> None:
    state = await place.browser().get("/auth/state")

    assert state.body == {"signed_in": False, "user": None, "set_up": False, "password_sign_in": False}
    assert state.headers["Cache-Control"] == "no-store"


async def test_the_first_link_makes_the_owner(place: Place) -> None:
    browser = place.browser()

    answer = await browser.post("/auth/token", {"token": await place.link_token()})

    assert answer.status == 200
    assert (answer.body["name"], answer.body["role"], answer.body["zone"]) == ("Owner", "owner", "UTC")
    assert answer.body["id"].startswith("user_")
    state = (await browser.get("/auth/state")).body
    assert state["signed_in"] is True
    assert state["set_up"] is True
    assert state["user"] == answer.body


async def test_the_owner_may_come_with_a_password(place: Place) -> None:
    await place.owner()

    assert (await place.browser().get("/auth/state")).body["password_sign_in"] is True
    assert (await place.browser().sign_in(MARIA)).status == 200


async def test_later_links_sign_the_same_owner_in(place: Place) -> None:
    first = await place.owner()
    second = await place.owner(name="Somebody Else", email="else@example.com")

    assert second.user["id"] == first.user["id"]
    assert second.user["name"] == "Maria"
    assert (await first.get("/users/me")).status == 200


async def test_a_link_works_once(place: Place) -> None:
    token = await place.link_token()
    await place.browser().post("/auth/token", {"token": token})

    again = await place.browser().post("/auth/token", {"token": token})

    assert (again.status, again.code, again.set_cookies) == (401, "link_not_valid", [])


async def test_a_link_works_for_a_quarter_of_an_hour(place: Place) -> None:
    early, late = await place.link_token(), await place.link_token()

    place.clock.advance(minutes=14)
    in_time = await place.browser().post("/auth/token", {"token": early})
    place.clock.advance(minutes=1)
    too_late = await place.browser().post("/auth/token", {"token": late})

    assert (in_time.status, too_late.status) == (200, 401)


async def test_only_the_digest_of_a_link_is_kept(place: Place) -> None:
    token = await place.link_token()

    [kept] = await place.sql("SELECT * FROM one_time_tokens")

    assert token not in str(kept)
    assert len(token) == 43


@pytest.mark.parametrize("token", ["", "guessed", "x" * 201, None, 7])
async def test_no_token_no_owner(place: Place, token: object) -> None:
    answer = await place.browser().post("/auth/token", {"token": token})

    assert answer.status in (401, 422)
    assert await place.sql("SELECT * FROM users") == []


async def test_a_weak_password_uses_no_link_up(place: Place) -> None:
    token = await place.link_token()

    weak = await place.browser().post("/auth/token", {"token": token, **MARIA, "password": "password123"})
    strong = await place.browser().post("/auth/token", {"token": token, **MARIA})

    assert (weak.status, weak.code) == (422, "weak_password")
    assert strong.status == 200


async def test_thirty_at_once_with_one_link_make_one_owner(place: Place) -> None:
    token = await place.link_token()

    answers = await asyncio.gather(
        *(place.browser().post("/auth/token", {"token": token, "name": f"Person {n}"}) for n in range(30))
    )

    assert sorted(answer.status for answer in answers) == [200] + [401] * 29
    assert len(await place.sql("SELECT * FROM users WHERE role = 'owner'")) == 1


async def test_thirty_at_once_with_the_chosen_token_make_one_owner(database: SqliteDatabase) -> None:
    async with open_place(database, CHOSEN) as place:
        body = {"token": "chosen by the operator", **MARIA}

        answers = await asyncio.gather(*(place.browser().post("/auth/token", body) for _ in range(30)))

        assert sorted(answer.status for answer in answers) == [200] + [401] * 29
        assert len(await place.sql("SELECT * FROM users")) == 1


async def test_thirty_at_once_with_thirty_links_sign_one_owner_in(place: Place) -> None:
    tokens = [await place.link_token() for _ in range(30)]

    answers = await asyncio.gather(*(place.browser().post("/auth/token", {"token": t}) for t in tokens))

    assert {answer.status for answer in answers} == {200}
    assert len({answer.body["id"] for answer in answers}) == 1


async def test_the_chosen_token_is_worthless_once_there_is_an_owner(database: SqliteDatabase) -> None:
    async with open_place(database, CHOSEN) as place:
        await place.owner()

        answer = await place.browser().post("/auth/token", {"token": "chosen by the operator"})

        assert answer.status == 401


async def test_an_empty_chosen_token_is_none(database: SqliteDatabase) -> None:
    async with open_place(database, Settings(accounts=AccountSettings(setup_token=SecretStr("")))) as place:
        answer = await place.browser().post("/auth/token", {"token": " "})

        assert answer.status == 401


async def test_the_database_itself_knows_one_owner(place: Place) -> None:
    await place.owner()

    with pytest.raises(Exception, match=r"(?i)unique"):
        await place.sql(
            "INSERT INTO users (id, name, role, zone, preferences, created_at, updated_at)"
            " SELECT 'user_2', name, role, zone, preferences, created_at, updated_at FROM users"
        )


async def test_a_user_and_a_session_are_made_together_or_not_at_all(place: Place) -> None:
    token = await place.link_token()
    await place.sql("ALTER TABLE sessions RENAME TO elsewhere")

    broken = await place.browser().post("/auth/token", {"token": token, **MARIA})

    assert broken.status == 500
    assert await place.sql("SELECT * FROM users") == []
    await place.sql("ALTER TABLE elsewhere RENAME TO sessions")
    assert (await place.browser().post("/auth/token", {"token": token, **MARIA})).status == 200
