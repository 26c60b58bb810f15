"""Signing in with a password: what is said, what is not, and how often one may try."""

import asyncio

import pytest

from famulus.infra.sqlite import SqliteDatabase
from famulus.settings import ServerSettings, Settings
from tests.features.accounts.place import MARIA, OTTO, Browser, Place, open_place

pytestmark = pytest.mark.anyio


async def test_a_password_signs_in(place: Place, maria: Browser) -> None:
    browser = place.browser()

    answer = await browser.sign_in(MARIA)

    assert answer.status == 200
    assert answer.body == maria.user
    assert answer.headers["Cache-Control"] == "no-store"
    assert (await browser.get("/users/me")).body["id"] == maria.user["id"]


async def test_letter_case_of_an_address_does_not_matter(place: Place, maria: Browser) -> None:
    answer = await place.browser().sign_in({**MARIA, "email": "MARIA@Example.COM"})

    assert answer.status == 200


async def test_wrong_and_unknown_are_the_same_answer(place: Place, maria: Browser) -> None:
    wrong = await place.browser().sign_in({**MARIA, "password": "not this one"})
    unknown = await place.browser().sign_in({"email": "nobody@example.com", "password": "not this one"})

    assert (wrong.status, wrong.code) == (401, "wrong_credentials")
    assert wrong.body == unknown.body
    assert wrong.set_cookies == unknown.set_cookies == []


async def test_an_unknown_account_is_verified_against_somebody_who_is_not_there(place: Place, maria: Browser) -> None:
    [kept] = await place.sql("SELECT password_hash FROM users")

    await place.browser().sign_in({"email": "nobody@example.com", "password": "not this one"})
    await place.browser().sign_in({**MARIA, "password": "not this one"})

    unknown, known = place.scheme.verified_against
    assert unknown.startswith("$argon2id$")
    assert unknown != known == kept["password_hash"]


async def test_an_account_without_a_password_has_none_to_guess(place: Place) -> None:
    await place.browser().post("/auth/token", {"token": await place.link_token(), "email": MARIA["email"]})

    answer = await place.browser().sign_in({**MARIA, "password": "nobody has this password"})

    assert answer.code == "wrong_credentials"
    assert len(place.scheme.verified_against) == 1


async def test_a_disabled_user_cannot_sign_in(place: Place, maria: Browser, otto: Browser) -> None:
    await place.sql(f"UPDATE users SET disabled_at = '2026-01-01' WHERE id = '{otto.user['id']}'")

    answer = await place.browser().sign_in(OTTO)

    assert answer.code == "wrong_credentials"


async def test_the_eleventh_wrong_attempt_in_a_minute_has_to_wait(place: Place, maria: Browser) -> None:
    wrong = {**MARIA, "password": "not this one"}
    for _ in range(10):
        assert (await place.browser().sign_in(wrong)).status == 401
    place.clock.advance(seconds=20)

    eleventh = await place.browser().sign_in(MARIA)

    assert (eleventh.status, eleventh.code) == (429, "too_many_attempts")
    assert eleventh.headers["Retry-After"] == "40"
    place.clock.advance(seconds=40)
    assert (await place.browser().sign_in(MARIA)).status == 200


async def test_parallel_guesses_are_counted_before_they_are_checked(place: Place, maria: Browser) -> None:
    wrong = {**MARIA, "password": "not this one"}

    answers = await asyncio.gather(*(place.browser().sign_in(wrong) for _ in range(25)))

    assert sorted(answer.status for answer in answers) == [401] * 10 + [429] * 15
    assert len(place.scheme.verified_against) == 10


async def test_one_account_under_attack_does_not_lock_the_others(place: Place, maria: Browser, otto: Browser) -> None:
    for _ in range(11):
        await place.browser().sign_in({**MARIA, "password": "not this one"})

    assert (await place.browser().sign_in(OTTO)).status == 200


async def test_whoever_knows_the_password_may_sign_in_often(place: Place, maria: Browser) -> None:
    answers = [await place.browser().sign_in(MARIA) for _ in range(12)]

    assert {answer.status for answer in answers} == {200}


async def test_an_address_cannot_try_one_account_after_the_other(place: Place) -> None:
    for n in range(100):
        await place.browser().sign_in({"email": f"somebody{n}@example.com", "password": "a guess"})

    answer = await place.browser().sign_in({"email": "somebody100@example.com", "password": "a guess"})

    assert answer.status == 429


async def test_every_sign_in_is_a_new_session(place: Place, maria: Browser) -> None:
    first = maria.cookies["famulus_session"]

    await maria.sign_in(MARIA)

    assert maria.cookies["famulus_session"] != first
    maria.cookies["famulus_session"] = first
    assert (await maria.get("/users/me")).status == 401


async def test_a_planted_cookie_is_never_adopted(place: Place, maria: Browser) -> None:
    browser = place.browser()
    browser.cookies["famulus_session"] = "planted"

    await browser.sign_in(MARIA)

    assert browser.cookies["famulus_session"] != "planted"
    assert await place.sql("SELECT * FROM sessions WHERE user_agent = 'planted'") == []


async def test_the_cookie_is_for_this_host_and_for_no_script(place: Place, maria: Browser) -> None:
    [cookie] = (await place.browser().sign_in(MARIA)).set_cookies

    name, *flags = cookie.split("; ")
    assert name.startswith("famulus_session=")
    assert {flag.lower() for flag in flags} == {"httponly", "max-age=2592000", "path=/", "samesite=lax"}


async def test_over_https_the_cookie_is_secure_and_bound_to_the_host(database: SqliteDatabase) -> None:
    https = Settings(server=ServerSettings(public_url="https://famulus.example"))
    async with open_place(database, https) as place:
        browser = place.browser()
        browser.headers["Origin"] = "https://famulus.example"

        [cookie] = (await browser.post("/auth/token", {"token": await place.link_token()})).set_cookies

        name, *flags = cookie.split("; ")
        assert name.startswith("__Host-famulus=")
        assert {flag.lower() for flag in flags} >= {"secure", "httponly", "path=/", "samesite=lax"}
        assert not any(flag.lower().startswith("domain") for flag in flags)
        assert (await browser.get("/users/me")).status == 200
        browser.cookies = {"famulus_session": browser.cookies["__Host-famulus"]}
        assert (await browser.get("/users/me")).status == 401


async def test_signing_out_ends_the_session_and_takes_the_cookie(place: Place, maria: Browser) -> None:
    token = maria.cookies["famulus_session"]

    answer = await maria.post("/auth/sign-out", {})

    assert answer.status == 204
    assert maria.cookies == {}
    maria.cookies = {"famulus_session": token}
    assert (await maria.get("/users/me")).status == 401
    assert (await maria.get("/auth/state")).body["signed_in"] is False


async def test_signing_out_twice_is_no_error(place: Place) -> None:
    assert (await place.browser().post("/auth/sign-out", {})).status == 204


async def test_neither_secrets_nor_passwords_are_kept_as_they_are(place: Place, maria: Browser) -> None:
    kept = str([await place.sql(f"SELECT * FROM {table}") for table in ("users", "sessions", "audit_log")])

    assert MARIA["password"] not in kept
    assert maria.cookies["famulus_session"] not in kept
    assert "$argon2id$" in kept


async def test_sign_ins_are_in_the_audit_log_without_content(place: Place, maria: Browser) -> None:
    await place.browser().sign_in({**MARIA, "password": "not this one"})

    lines = await place.sql("SELECT who, what, object, address, outcome FROM audit_log ORDER BY id")

    assert lines[-1] == {
        "who": None, "what": "sign_in", "object": maria.user["id"], "address": "127.0.0.1",
        "outcome": "refused",
    }  # fmt: skip
    assert "signed_in" in {line["what"] for line in lines}
    assert MARIA["email"] not in str(lines)
