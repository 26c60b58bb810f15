"""What people know and change about themselves, and what they do not about others."""

import asyncio
from typing import Any

import pytest

from famulus.infra.database import Session
from famulus.infra.sqlite import SqliteDatabase
from tests.features.accounts.place import MARIA, OTTO, Browser, Place, open_place

pytestmark = pytest.mark.anyio

NOBODY = "user_00000000000000000000000000"


async def test_only_what_is_sent_changes(place: Place, maria: Browser) -> None:
    place.clock.advance(hours=1)

    answer = await maria.patch("/users/me", {"zone": "Europe/Berlin", "selected_model": "offline"})

    assert answer.status == 200
    assert answer.body == maria.user | {
        "zone": "Europe/Berlin",
        "selected_model": "offline",
        "updated_at": "2026-10-20T13:00:00.000Z",
    }
    assert (await maria.get("/users/me")).body == answer.body


async def test_a_selected_model_can_be_unselected(maria: Browser) -> None:
    await maria.patch("/users/me", {"selected_model": "offline"})

    assert (await maria.patch("/users/me", {"selected_model": None})).body["selected_model"] is None


async def test_nothing_sent_is_nothing_changed(place: Place, maria: Browser) -> None:
    place.clock.advance(hours=1)

    assert (await maria.patch("/users/me", {})).body == maria.user


@pytest.mark.parametrize(
    "field",
    ["role", "id", "user_id", "is_admin", "created_at", "password_hash", "disabled_at", "picture", "quota"],
)
async def test_nobody_assigns_themselves_more(otto: Browser, field: str) -> None:
    answer = await otto.patch("/users/me", {"name": "Otto the Great", field: "owner"})

    assert answer.status == 422
    assert (await otto.get("/users/me")).body == otto.user


@pytest.mark.parametrize(
    "change",
    [
        {"zone": "Mars/Olympus"}, {"zone": "../../etc/passwd"}, {"zone": "/etc/localtime"}, {"zone": ""},
        {"zone": "Europe"}, {"zone": "Europe/Berlin\0"}, {"zone": "x" * 65}, {"zone": None},
        {"email": "maria@example.org"}, {"name": None}, {"name": "\t"}, {"name": ["Maria"]},
        {"selected_model": ""}, {"selected_model": "x" * 201}, {"selected_model": 7},
    ],
)  # fmt: skip
async def test_odd_values_are_refused(maria: Browser, change: dict[str, object]) -> None:
    assert (await maria.patch("/users/me", change)).status == 422


async def test_two_people_do_not_share_an_address(maria: Browser, otto: Browser) -> None:
    answer = await otto.post("/users/me/email", {"email": "Maria@Example.com", "password": OTTO["password"]})

    assert (answer.status, answer.code) == (409, "email_taken")


async def test_one_may_change_the_case_of_ones_own_address(maria: Browser) -> None:
    wish = {"email": "Maria@Example.com", "password": MARIA["password"]}

    assert (await maria.post("/users/me/email", wish)).body["changed"]
    assert (await maria.get("/users/me")).body["email"] == "Maria@Example.com"


async def test_a_new_zone_is_known_to_the_next_request(maria: Browser, place: Place) -> None:
    identities = place.accounts.identities
    token = maria.cookies["famulus_session"]
    before = await identities.of_session(token)

    await maria.patch("/users/me", {"zone": "Asia/Tokyo"})

    after = await identities.of_session(token)
    assert before is not None
    assert after is not None
    assert (before.zone, after.zone) == ("UTC", "Asia/Tokyo")


async def test_one_sees_oneself_and_the_owner_sees_everybody(maria: Browser, otto: Browser) -> None:
    assert (await otto.get(f"/users/{otto.user['id']}")).body == otto.user
    assert (await maria.get(f"/users/{otto.user['id']}")).body == otto.user


@pytest.mark.parametrize("user_id", [NOBODY, "garbage", "user_", "%00", "%ff", "x" * 2_000])
async def test_somebody_else_is_nobody(maria: Browser, otto: Browser, user_id: str) -> None:
    somebody = await otto.get(f"/users/{maria.user['id']}")
    nobody = await otto.get(f"/users/{user_id}")
    nobody_for_the_owner = await maria.get(f"/users/{user_id}")

    assert (somebody.status, somebody.code) == (404, "user_not_found")
    assert somebody.body == nobody.body == nobody_for_the_owner.body


async def test_no_answer_has_a_hash(maria: Browser) -> None:
    assert maria.user.keys() == {
        "id", "name", "email", "picture", "role", "zone", "selected_model", "created_at", "updated_at",
    }  # fmt: skip


async def test_the_old_password_has_to_be_known(maria: Browser) -> None:
    missing = await maria.post("/users/me/password", {"new": "eight orange trams"})
    wrong = await maria.post("/users/me/password", {"current": "a guess", "new": "eight orange trams"})

    assert (missing.status, missing.code) == (wrong.status, wrong.code) == (403, "wrong_password")


async def test_a_stolen_session_does_not_guess_the_password(maria: Browser) -> None:
    change = {"current": "a guess", "new": "eight orange trams"}

    statuses = [(await maria.post("/users/me/password", change)).status for _ in range(11)]

    assert statuses == [403] * 10 + [429]


async def test_the_first_password_needs_no_old_one(place: Place) -> None:
    owner = place.browser()
    await owner.post("/auth/token", {"token": await place.link_token(), "email": MARIA["email"]})

    assert (await owner.post("/users/me/password", {"new": MARIA["password"]})).status == 204

    assert (await place.browser().sign_in(MARIA)).status == 200


@pytest.mark.parametrize("new", ["short", "password123", "maria@example.com", "x" * 1_001, None])
async def test_a_weak_password_is_refused(maria: Browser, new: object) -> None:
    answer = await maria.post("/users/me/password", {"current": MARIA["password"], "new": new})

    assert answer.status == 422
    assert (await maria.sign_in(MARIA)).status == 200


async def test_of_two_parallel_changes_one_comes_second(maria: Browser) -> None:
    bodies = [{"current": MARIA["password"], "new": f"eight orange trams {n}"} for n in range(2)]

    answers = await asyncio.gather(*(maria.post("/users/me/password", body) for body in bodies))

    assert sorted(answer.status for answer in answers) in ([204, 409], [204, 403])


async def test_leaving_takes_a_word_and_the_password(otto: Browser) -> None:
    refused = [
        await otto.delete("/users/me"),
        await otto.delete("/users/me", {}),
        await otto.delete("/users/me", {"confirm": "yes", "password": OTTO["password"]}),
        await otto.delete("/users/me", {"confirm": "erase"}),
        await otto.delete("/users/me", {"confirm": "erase", "password": "a guess"}),
    ]

    assert [answer.status for answer in refused] == [422, 422, 422, 403, 403]
    assert (await otto.get("/users/me")).status == 200


async def test_whoever_leaves_leaves_nothing_behind(place: Place, maria: Browser, otto: Browser) -> None:
    await otto.post("/api-keys", {"name": "a script"})

    answer = await otto.delete("/users/me", {"confirm": "erase", "password": OTTO["password"]})

    assert answer.status == 204
    assert otto.cookies == {}
    rows = [await place.sql(f"SELECT * FROM {table}") for table in ("users", "sessions", "api_keys")]
    assert otto.user["id"] not in str(rows)
    assert OTTO["email"] not in str(rows)
    assert (await place.browser().sign_in(OTTO)).status == 401
    assert (await maria.get(f"/users/{otto.user['id']}")).status == 404


async def test_the_owner_stays_while_others_are_here(place: Place, maria: Browser, otto: Browser) -> None:
    body = {"confirm": "erase", "password": MARIA["password"]}

    assert (await maria.delete("/users/me", body)).code == "owner_needed"
    await otto.delete("/users/me", {"confirm": "erase", "password": OTTO["password"]})
    assert (await maria.delete("/users/me", body)).status == 204
    assert (await place.browser().get("/auth/state")).body["set_up"] is False


async def test_what_other_features_keep_goes_in_the_same_transaction(database: SqliteDatabase) -> None:
    told: list[str] = []

    async def erase_elsewhere(session: Session, user_id: str) -> None:
        rows = await session.driver_sql("SELECT id FROM users WHERE id = ?", (user_id,))
        told.extend(row[0] for row in rows)
        await session.driver_sql("DELETE FROM no_such_table")

    async with open_place(database, on_erase=(erase_elsewhere,)) as place:
        maria = await place.owner()

        answer: Any = await maria.delete("/users/me", {"confirm": "erase", "password": MARIA["password"]})

        assert answer.status == 500
        assert told == [maria.user["id"]]
        assert (await maria.get("/users/me")).status == 200
