"""Programs' credentials: what they may do, how long, and for whom."""

import re

import pytest

from tests.features.accounts.place import Browser, Place

pytestmark = pytest.mark.anyio


async def issued(browser: Browser, **wanted: object) -> Browser:
    """A program with a new key of this person."""
    answer = await browser.post("/api-keys", {"name": "a script", **wanted})
    assert answer.status == 201, answer.body
    program = browser.place.program(answer.body["secret"])
    program.user = answer.body
    return program


async def test_a_key_is_shown_once(place: Place, maria: Browser) -> None:
    answer = await maria.post("/api-keys", {"name": "a script"})

    secret = answer.body["secret"]
    assert re.fullmatch(r"fam_[A-Za-z0-9_-]{43}", secret)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.body["scopes"] == ["chat"]
    [listed] = (await maria.get("/api-keys")).body["data"]
    assert listed == {name: value for name, value in answer.body.items() if name != "secret"}
    assert secret.startswith(listed["prefix"])
    assert secret not in str(await place.sql("SELECT * FROM api_keys"))


async def test_a_key_speaks_for_its_maker(maria: Browser, otto: Browser) -> None:
    program = await issued(otto)

    assert (await program.get("/users/me")).body["id"] == otto.user["id"]
    assert (await program.post("/_chat", {})).body == otto.user["id"]


async def test_a_key_needs_no_origin(maria: Browser) -> None:
    program = await issued(maria)

    assert (await program.post("/_chat", b"x", **{"Content-Type": "text/plain"})).status == 200


async def test_a_key_does_only_what_its_scopes_say(maria: Browser) -> None:
    chat = await issued(maria)
    account = await issued(maria, scopes=["account"])

    refused = await chat.patch("/users/me", {"name": "Mary"})
    assert (refused.status, refused.code) == (403, "scope_missing")
    assert refused.body["error"]["details"] == {"scopes_needed": ["account"]}
    assert (await chat.get("/api-keys")).status == 403
    assert (await chat.post("/api-keys", {"name": "more"})).status == 403
    assert (await account.post("/_chat", {})).status == 403
    assert (await account.patch("/users/me", {"name": "Mary"})).status == 200


async def test_administration_needs_the_owner_and_the_scope(maria: Browser, otto: Browser) -> None:
    without = await issued(maria, scopes=["chat", "account"])
    with_scope = await issued(maria, scopes=["admin"])

    assert (await with_scope.post("/_admin", {})).status == 200
    assert (await without.post("/_admin", {})).code == "scope_missing"
    assert (await otto.post("/_admin", {})).code == "owner_only"
    assert (await without.get(f"/users/{otto.user['id']}")).status == 404
    assert (await with_scope.get(f"/users/{otto.user['id']}")).status == 200


@pytest.mark.parametrize("scope", ["admin", "users:act"])
async def test_a_member_gives_no_key_the_owners_rights(maria: Browser, otto: Browser, scope: str) -> None:
    answer = await otto.post("/api-keys", {"name": "too much", "scopes": ["chat", scope]})

    assert (answer.status, answer.code) == (403, "scope_missing")
    assert (await maria.post("/api-keys", {"name": "mine", "scopes": [scope]})).status == 201


async def test_a_key_makes_no_stronger_key(maria: Browser) -> None:
    program = await issued(maria, scopes=["account"])

    stronger = await program.post("/api-keys", {"name": "stronger", "scopes": ["admin"]})
    as_strong = await program.post("/api-keys", {"name": "as strong", "scopes": ["account"]})

    assert (stronger.status, as_strong.status) == (403, 201)


async def test_a_key_of_somebody_who_is_owner_no_more_loses_the_owners_rights(place: Place, maria: Browser) -> None:
    program = await issued(maria, scopes=["chat", "admin"])
    await place.sql("UPDATE users SET role = 'member'")

    assert (await program.post("/_chat", {})).status == 200
    assert (await program.post("/_admin", {})).status == 403


@pytest.mark.parametrize("scopes", [["root"], [], "chat", ["chat", None], ["CHAT"]])
async def test_only_known_scopes_are_given(maria: Browser, scopes: object) -> None:
    assert (await maria.post("/api-keys", {"name": "odd", "scopes": scopes})).status == 422


async def test_a_revoked_key_is_refused_at_once(maria: Browser) -> None:
    program = await issued(maria)
    assert (await program.get("/users/me")).status == 200

    assert (await maria.delete(f"/api-keys/{program.user['id']}")).status == 204

    assert (await program.get("/users/me")).status == 401
    assert (await maria.delete(f"/api-keys/{program.user['id']}")).status == 404


async def test_nobody_sees_or_revokes_somebody_elses_key(maria: Browser, otto: Browser) -> None:
    program = await issued(otto)

    refused = await maria.delete(f"/api-keys/{program.user['id']}")
    unknown = await maria.delete("/api-keys/key_00000000000000000000000000")

    assert (refused.status, refused.code) == (404, "api_key_not_found")
    assert refused.body == unknown.body
    assert (await maria.get("/api-keys")).body["data"] == []
    assert (await program.get("/users/me")).status == 200


async def test_a_key_expires_when_it_was_told_to(place: Place, maria: Browser) -> None:
    program = await issued(maria, expires_at="2026-10-20T14:30:00+02:00")
    assert program.user["expires_at"] == "2026-10-20T12:30:00.000Z"

    place.clock.advance(minutes=29)
    assert (await program.get("/users/me")).status == 200
    place.clock.advance(minutes=1)
    assert (await program.get("/users/me")).status == 401


@pytest.mark.parametrize(
    "expires_at",
    [
        "2026-10-20T12:00:00Z",
        "2026-10-21T12:00:00",
        "9999-12-31T23:59:59-14:00",
        "0001-01-01T00:00:00+14:00",
        "soon",
    ],
)
async def test_a_key_must_be_good_for_some_time_that_can_be_told(maria: Browser, expires_at: str) -> None:
    answer = await maria.post("/api-keys", {"name": "odd", "expires_at": expires_at})

    assert answer.status == 422


async def test_use_is_noted_at_most_once_a_minute(place: Place, maria: Browser) -> None:
    program = await issued(maria)

    async def last_used() -> object:
        return (await maria.get("/api-keys")).body["data"][0]["last_used_at"]

    assert await last_used() is None
    await program.get("/users/me")
    assert await last_used() == "2026-10-20T12:00:00.000Z"
    place.clock.advance(seconds=30)
    await program.get("/users/me")
    assert await last_used() == "2026-10-20T12:00:00.000Z"
    place.clock.advance(seconds=31)
    await program.get("/users/me")
    assert await last_used() == "2026-10-20T12:01:01.000Z"
    lines = await place.sql("SELECT * FROM audit_log WHERE what = 'key.used'")
    assert len(lines) == 1


async def test_a_key_of_a_disabled_user_stops_working(place: Place, maria: Browser, otto: Browser) -> None:
    program = await issued(otto)
    await place.sql(f"UPDATE users SET disabled_at = '2026-01-01' WHERE id = '{otto.user['id']}'")

    assert (await program.get("/users/me")).status == 401


async def test_a_key_of_an_erased_user_stops_working_at_once(maria: Browser, otto: Browser) -> None:
    program = await issued(otto)
    assert (await program.get("/users/me")).status == 200

    assert (await otto.delete("/users/me", {"confirm": "erase", "password": "nine purple umbrellas"})).status == 204

    assert (await program.get("/users/me")).status == 401


@pytest.mark.parametrize("secret", ["", "fam_", "fam_" + "A" * 43, "fam_" + "é" * 10, "x" * 5_000])
async def test_a_bad_key_is_refused_even_beside_a_good_cookie(maria: Browser, secret: str) -> None:
    answer = await maria.get("/users/me", Authorization=f"Bearer {secret}")

    assert (answer.status, answer.code) == (401, "not_signed_in")


async def test_other_schemes_than_bearer_are_somebody_elses_business(maria: Browser) -> None:
    assert (await maria.get("/users/me", Authorization="Basic bWFyaWE6eA==")).status == 200


async def test_a_session_token_is_no_key(place: Place, maria: Browser) -> None:
    program = place.program(maria.cookies["famulus_session"])

    assert (await program.get("/users/me")).status == 401
