"""Who may look after whom: the owner after everybody, admins after members, members after nobody."""

from dataclasses import dataclass

import pytest

from tests.features.accounts.place import MARIA, OTTO, Answer, Browser, Place

pytestmark = pytest.mark.anyio

ADA = {"name": "Ada", "email": "ada@example.com", "password": "five orange lanterns"}
BELA = {"name": "Béla", "email": "bela@example.com", "password": "four silver kettles"}


@dataclass
class Household:
    """Browsers in which an owner, two admins and a member are signed in."""

    maria: Browser
    ada: Browser
    bela: Browser
    otto: Browser

    def __getitem__(self, name: str) -> Browser:
        browser: Browser = getattr(self, name)
        return browser


@pytest.fixture
async def household(place: Place, maria: Browser, otto: Browser) -> Household:
    ada, bela = await place.member(maria, ADA), await place.member(maria, BELA)
    for admin in (ada, bela):
        assert (await change(maria, admin, role="admin")).status == 200
    return Household(maria, ada, bela, otto)


async def change(who: Browser, whom: Browser, **wanted: object) -> Answer:
    return await who.patch(f"/admin/users/{whom.user['id']}", wanted)


@pytest.mark.parametrize(
    ("who", "whom", "disabling", "promoting", "signing_out"),
    [
        ("maria", "otto", 200, 200, 204),
        ("maria", "ada", 200, 200, 204),
        ("maria", "maria", 409, 409, 204),
        ("ada", "otto", 200, 403, 204),
        ("ada", "bela", 403, 403, 403),
        ("ada", "ada", 403, 403, 403),
        ("ada", "maria", 403, 403, 403),
        ("otto", "otto", 403, 403, 403),
        ("otto", "ada", 403, 403, 403),
        ("otto", "maria", 403, 403, 403),
    ],
)
async def test_who_may_do_what_to_whom(
    household: Household, who: str, whom: str, disabling: int, promoting: int, signing_out: int
) -> None:
    asking, asked = household[who], household[whom]

    answers = (
        await change(asking, asked, role="admin"),
        await change(asking, asked, disabled=True),
        await asking.delete(f"/admin/users/{asked.user['id']}/sessions"),
    )

    assert tuple(answer.status for answer in answers) == (promoting, disabling, signing_out)


@pytest.mark.parametrize(("who", "expected"), [("maria", 200), ("ada", 200), ("otto", 403)])
async def test_who_may_look(household: Household, who: str, expected: int) -> None:
    otto = household.otto.user["id"]
    seen = [await household[who].get(path) for path in ("/admin/users", "/invitations")]

    assert [answer.status for answer in seen] == [expected] * 2
    assert (await household[who].post("/invitations", {})).status == (201 if expected == 200 else 403)
    assert (await household.maria.get(f"/users/{otto}")).body["name"] == "Otto"


async def test_a_key_without_the_scope_is_no_admins(household: Household) -> None:
    key = (await household.ada.post("/api-keys", {"name": "chat only", "scopes": ["chat", "account"]})).body
    program = household.ada.place.program(key["secret"])

    answer = await program.get("/admin/users")

    assert (answer.status, answer.code) == (403, "scope_missing")


async def test_an_admin_has_no_key_to_what_is_other_peoples(household: Household) -> None:
    refused = await household.ada.post("/api-keys", {"name": "too much", "scopes": ["users:act"]})

    assert (refused.status, refused.code) == (403, "scope_missing")


async def test_people_are_found_by_name_and_address_page_by_page(household: Household) -> None:
    async def names(query: str) -> list[str]:
        return [person["name"] for person in (await household.ada.get(f"/admin/users{query}")).body["data"]]

    assert await names("") == ["Béla", "Ada", "Otto", "Maria"]
    assert await names("?search=B%C3%A9") == ["Béla"]
    assert await names("?search=OTTO") == await names("?search=o@example") == ["Otto"]
    assert await names("?search=%25") == await names("?search=_") == []
    first = (await household.ada.get("/admin/users?limit=3")).body
    assert first["has_more"]
    assert await names(f"?limit=3&after={first['next']}") == ["Maria"]


async def test_what_is_shown_is_no_secret(household: Household) -> None:
    shown = (await household.ada.get("/admin/users")).body["data"][0]

    assert shown.keys() == {"id", "name", "email", "picture", "role", "created_at", "disabled_at"}


async def test_whoever_is_disabled_is_out_at_once_and_comes_back(place: Place, household: Household) -> None:
    await change(household.ada, household.otto, disabled=True)

    assert (await household.otto.get("/users/me")).status == 401
    assert (await place.browser().sign_in(OTTO)).status == 401
    back = await change(household.ada, household.otto, disabled=False)
    assert back.body["disabled_at"] is None
    assert (await place.browser().sign_in(OTTO)).status == 200


async def test_whoever_is_signed_out_can_sign_in_again(place: Place, household: Household) -> None:
    await household.ada.delete(f"/admin/users/{household.otto.user['id']}/sessions")

    assert (await household.otto.get("/users/me")).status == 401
    assert (await place.browser().sign_in(OTTO)).status == 200


async def test_an_admin_who_is_one_no_longer_has_handed_out_nothing(place: Place, household: Household) -> None:
    link = (await household.ada.post("/invitations", {})).body["link"]

    assert (await change(household.maria, household.ada, role="member")).body["role"] == "member"

    assert (await household.ada.get("/admin/users")).status == 403
    accepted = {
        "token": link.partition("token=")[2],
        "name": "Z",
        "email": "z@example.com",
        "password": "a b c d e f g",
    }
    assert (await place.browser().post("/auth/join", accepted)).code == "invitation_not_valid"


async def test_the_owner_withdraws_what_an_admin_has_handed_out(household: Household) -> None:
    made = (await household.ada.post("/invitations", {})).body
    listed = (await household.maria.get("/invitations")).body["data"][0]

    assert (listed["id"], listed["created_by"]) == (made["id"], household.ada.user["id"])
    assert (await household.maria.delete(f"/invitations/{made['id']}")).status == 204


@pytest.mark.parametrize("wanted", [{"role": "owner"}, {"role": None}, {"disabled": None}, {"name": "Nobody"}])
async def test_nothing_else_can_be_changed(household: Household, wanted: dict[str, object]) -> None:
    assert (await change(household.maria, household.otto, **wanted)).status == 422


async def test_somebody_who_is_not_there_is_not_found(household: Household) -> None:
    answer = await household.maria.patch("/admin/users/user_00000000000000000000000000", {"disabled": True})

    assert (answer.status, answer.code) == (404, "user_not_found")


async def test_the_log_says_who_did_it(place: Place, household: Household) -> None:
    await change(household.ada, household.otto, disabled=True)

    lines = await place.sql("SELECT who, what, object FROM audit_log ORDER BY id")
    maria, ada, otto = (household[name].user["id"] for name in ("maria", "ada", "otto"))
    assert {"who": maria, "what": "user.made_admin", "object": ada} in lines
    assert {"who": ada, "what": "user.disabled", "object": otto} in lines


async def test_the_owner_is_still_the_only_one(place: Place, household: Household) -> None:
    await change(household.maria, household.ada, role="admin")

    [owner] = await place.sql("SELECT name FROM users WHERE role = 'owner'")
    assert owner["name"] == MARIA["name"]
    assert household.otto.user["role"] == "member"


@pytest.mark.parametrize(
    ("who", "whom", "erased", "reset"),
    [
        ("maria", "otto", 204, 201),
        ("maria", "ada", 204, 201),
        ("maria", "maria", 409, 201),
        ("ada", "otto", 403, 403),
        ("otto", "ada", 403, 403),
    ],
)
async def test_only_the_owner_removes_somebody_or_makes_a_way_to_their_password(
    household: Household, who: str, whom: str, erased: int, reset: int
) -> None:
    asking, asked = household[who], household[whom]
    there = f"/admin/users/{asked.user['id']}"

    link = await asking.post(f"{there}/reset-link", {})
    gone = await asking.delete(there, {"confirm": "erase", "password": MARIA["password"]})

    assert (link.status, gone.status) == (reset, erased)
    assert (await household.maria.get(f"/users/{asked.user['id']}")).status == (404 if erased == 204 else 200)


async def test_a_way_to_a_password_works_once(place: Place, maria: Browser, otto: Browser) -> None:
    made = await maria.post(f"/admin/users/{otto.user['id']}/reset-link", {})
    redeemed = {"token": made.body["link"].partition("token=")[2], "new": "eleven brass harmonicas"}

    statuses = [(await place.browser().post("/auth/password/reset", redeemed)).status for _ in range(2)]

    assert statuses[0] == 204
    assert statuses[1] >= 400
    assert (await place.browser().sign_in({**OTTO, "password": redeemed["new"]})).status == 200


async def test_nobody_is_removed_by_an_owner_who_cannot_show_to_be_that(maria: Browser, otto: Browser) -> None:
    there = f"/admin/users/{otto.user['id']}"

    refused = [await maria.delete(there, {"confirm": "erase", **proof}) for proof in ({}, {"password": "not the one"})]

    assert [answer.status for answer in refused] == [403, 403]
    assert (await maria.get(f"/users/{otto.user['id']}")).status == 200
