"""How long a session lasts, and how it is ended."""

from datetime import timedelta

import pytest

from famulus.features.accounts.identity import Identities
from famulus.infra.sqlite import SqliteDatabase
from tests.features.accounts.place import MARIA, OTTO, Browser, Place

pytestmark = pytest.mark.anyio


async def me(browser: Browser) -> int:
    return (await browser.get("/users/me")).status


async def test_nobody_is_nobody(place: Place) -> None:
    answer = await place.browser().get("/users/me")

    assert (answer.status, answer.code) == (401, "not_signed_in")


async def test_an_unused_session_ends_after_a_week(place: Place, maria: Browser) -> None:
    place.clock.advance(days=7, seconds=-1)
    assert await me(maria) == 200

    place.clock.advance(days=7)
    assert await me(maria) == 401


async def test_a_used_session_ends_after_a_month(place: Place, maria: Browser) -> None:
    for _ in range(5):
        place.clock.advance(days=5)
        assert await me(maria) == 200
    place.clock.advance(days=5, seconds=-1)
    assert await me(maria) == 200

    place.clock.advance(seconds=5)
    assert await me(maria) == 401


async def test_use_is_noted_at_most_once_a_minute(place: Place, maria: Browser) -> None:
    async def last_seen() -> str:
        [row] = await place.sql("SELECT last_seen_at FROM sessions")
        return str(row["last_seen_at"])[11:19]

    place.clock.advance(seconds=59)
    await maria.get("/users/me")
    assert await last_seen() == "12:00:00"

    place.clock.advance(seconds=3)
    await maria.get("/users/me")
    assert await last_seen() == "12:01:02"


async def test_sessions_are_listed_newest_first_with_the_current_one_marked(place: Place, maria: Browser) -> None:
    phone = place.browser()
    await phone.sign_in(MARIA)

    page = (await maria.get("/auth/sessions")).body

    assert [session["current"] for session in page["data"]] == [False, True]
    assert page["has_more"] is False
    assert page["data"][0]["address"] == "127.0.0.1"
    assert page["data"][0]["expires_at"] == "2026-11-19T12:00:00.000Z"
    assert not {"token_hash", "user_id"} & page["data"][0].keys()


async def test_lists_are_paged(place: Place, maria: Browser) -> None:
    for _ in range(2):
        await place.browser().sign_in(MARIA)

    first = (await maria.get("/auth/sessions?limit=2")).body
    second = (await maria.get(f"/auth/sessions?limit=2&after={first['next']}")).body

    assert (len(first["data"]), first["has_more"]) == (2, True)
    assert (len(second["data"]), second["has_more"], second["next"]) == (1, False, None)
    assert len({session["id"] for session in first["data"] + second["data"]}) == 3


@pytest.mark.parametrize("after", ["garbage", "run_01jm8v0000e00800000000000", "%00", "'; --"])
async def test_a_cursor_that_was_never_given_out_is_refused(maria: Browser, after: str) -> None:
    answer = await maria.get(f"/auth/sessions?after={after}")

    assert (answer.status, answer.code) == (400, "invalid_cursor")


async def test_a_session_is_ended_from_elsewhere_at_once(place: Place, maria: Browser) -> None:
    phone = place.browser()
    await phone.sign_in(MARIA)
    assert await me(phone) == 200
    [phones, _] = (await maria.get("/auth/sessions")).body["data"]

    answer = await maria.delete(f"/auth/sessions/{phones['id']}")

    assert answer.status == 204
    assert await me(phone) == 401
    assert await me(maria) == 200


async def test_nobody_ends_somebody_elses_session(place: Place, maria: Browser, otto: Browser) -> None:
    [ottos] = (await otto.get("/auth/sessions")).body["data"]

    refused = await maria.delete(f"/auth/sessions/{ottos['id']}")
    unknown = await maria.delete("/auth/sessions/sess_00000000000000000000000000")

    assert (refused.status, refused.code) == (404, "session_not_found")
    assert refused.body == unknown.body
    assert await me(otto) == 200


async def test_a_new_password_ends_every_other_session_at_once(place: Place, maria: Browser) -> None:
    phone = place.browser()
    await phone.sign_in(MARIA)
    assert await me(phone) == 200

    change = {"current": MARIA["password"], "new": "eight orange trams"}
    assert (await maria.post("/users/me/password", change)).status == 204

    assert await me(phone) == 401
    assert await me(maria) == 200
    assert (await phone.sign_in(MARIA)).status == 401
    assert (await phone.sign_in({**MARIA, "password": "eight orange trams"})).status == 200


async def test_what_another_process_revokes_is_refused_within_seconds(place: Place, maria: Browser) -> None:
    assert await me(maria) == 200
    await place.sql("DELETE FROM sessions")

    place.clock.advance(seconds=3)

    assert await me(maria) == 401


async def test_a_disabled_user_is_out_within_seconds(place: Place, maria: Browser, otto: Browser) -> None:
    assert await me(otto) == 200
    await place.sql(f"UPDATE users SET disabled_at = '2026-01-01' WHERE id = '{otto.user['id']}'")

    place.clock.advance(seconds=3)

    assert await me(otto) == 401
    assert await me(maria) == 200


async def test_a_long_stream_can_ask_whether_its_caller_is_still_good(place: Place, maria: Browser) -> None:
    caller = await place.accounts.identities.of_session(maria.cookies["famulus_session"])
    assert caller is not None
    assert await place.accounts.identities.still_valid(caller)

    await maria.post("/auth/sign-out", {})

    assert not await place.accounts.identities.still_valid(caller)


async def test_a_look_up_that_began_before_a_revocation_is_not_remembered(
    place: Place, maria: Browser, database: SqliteDatabase
) -> None:
    token = maria.cookies["famulus_session"]

    class Overtaken(SqliteDatabase):
        async def read(self, work):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
            found = await database.read(work)
            await database.write(lambda session: session.driver_sql("DELETE FROM sessions"))
            identities.forget(maria.user["id"])
            return found

    identities = Identities(Overtaken("sqlite://"), idle=timedelta(days=7), now=place.clock)

    first, second = await identities.of_session(token), await identities.of_session(token)

    assert first is not None
    assert second is None


async def test_expired_rows_are_swept(place: Place, maria: Browser) -> None:
    await maria.post("/invitations", {"email": OTTO["email"]})
    place.clock.advance(days=31)

    await place.accounts.sweep()

    for table in ("sessions", "invitations", "one_time_tokens"):
        assert await place.sql(f"SELECT * FROM {table}") == []
