"""Another e-mail address: its owner proves to know the password and to have it, and the old one hears of it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from famulus.apps.addresses import ADDRESS_JOB, NOTICE_JOB, AddressMail
from famulus.infra.sqlite import SqliteDatabase
from famulus.jobs.queue import JobQueue
from famulus.kit.clock import utc_now
from famulus.settings import ServerSettings, Settings
from tests.features.accounts.place import MARIA, OTTO, Answer, Browser, Place, open_place
from tests.features.notifications.place import Mailbox

pytestmark = pytest.mark.anyio

NEW = "otto@new.example"


@dataclass
class Post:
    """The place, and its jobs, which are done when a test says so."""

    place: Place
    mail: AddressMail
    queue: JobQueue
    mailbox: Mailbox

    async def send(self) -> None:
        """Do what is in the queue."""
        claims = await self.place.database.write(lambda session: self.queue.claim(session, worker="w", most=10))
        for claim in claims:
            assert claim.kind in (ADDRESS_JOB, NOTICE_JOB)
            await self.mail.handlers[claim.kind](claim)

    async def confirm(self, token: str) -> Answer:
        return await self.place.browser().post("/auth/email/confirm", {"token": token})

    def token(self) -> str:
        """What was sent to the new address the last time."""
        text = next(str(one.get_content()) for one in reversed(self.mailbox.messages) if one["To"] == NEW)
        return text.partition("https://famulus.example/#/address?token=")[2].split()[0]


@pytest.fixture
async def post(database: SqliteDatabase) -> AsyncIterator[Post]:
    mailbox = Mailbox()
    mailbox.start()
    settings = Settings(mail=mailbox.settings, server=ServerSettings(public_url="https://famulus.example"))
    queue = JobQueue()
    mail = AddressMail(database, queue, settings)
    async with open_place(database, on_new_address=mail.ask) as place:
        # Tokens are made by the sender, by the clock on the wall.
        place.clock.moment = utc_now()
        yield Post(place, mail, queue, mailbox)
    mailbox.stop()


@pytest.fixture
async def otto(post: Post) -> Browser:
    return await post.place.member(await post.place.owner())


async def wish(otto: Browser, email: str = NEW, password: str | None = OTTO["password"]) -> Answer:
    return await otto.post("/users/me/email", {"email": email, "password": password})


async def test_the_link_makes_it_the_address_and_the_old_one_is_told(post: Post, otto: Browser) -> None:
    asked = await wish(otto)
    await post.send()
    before = (await otto.get("/users/me")).body["email"]

    confirmed = await post.confirm(post.token())

    assert (asked.status, asked.body["changed"], before) == (200, False, OTTO["email"])
    assert (confirmed.status, confirmed.body["email"]) == (200, NEW)
    assert (await otto.get("/users/me")).body["email"] == NEW
    assert (await post.place.browser().sign_in({**OTTO, "email": NEW})).status == 200
    assert (await post.place.browser().sign_in(OTTO)).status == 401
    notice = next(one for one in post.mailbox.messages if one["To"] == OTTO["email"])
    assert NEW in notice.get_content()
    assert "token" not in notice.get_content()


async def test_a_link_works_once_and_only_the_latest_does(post: Post, otto: Browser) -> None:
    await wish(otto)
    await post.send()
    first = post.token()
    await wish(otto)
    await post.send()
    second = post.token()

    assert (await post.confirm(first)).status == 401
    assert (await post.confirm(second)).status == 200
    assert (await post.confirm(second)).code == "address_link_not_valid"


async def test_a_link_is_worth_nothing_after_a_day_or_another_password(post: Post, otto: Browser) -> None:
    await wish(otto)
    await post.send()
    post.place.clock.moment += timedelta(hours=25)
    late = await post.confirm(post.token())
    post.place.clock.moment = utc_now()
    password = {"current": OTTO["password"], "new": "eleven quiet lighthouses"}
    assert (await otto.post("/users/me/password", password)).status == 204

    assert late.status == 401
    assert (await post.confirm(post.token())).status == 401


async def test_it_takes_the_password_and_an_address_that_nobody_has(post: Post, otto: Browser) -> None:
    refused = [
        await wish(otto, password=None),
        await wish(otto, password="a guess"),
        await wish(otto, email=MARIA["email"].upper()),
        await wish(otto, email="no address"),
    ]
    await post.send()

    assert [one.status for one in refused] == [403, 403, 409, 422]
    assert post.mailbox.messages == []


async def test_an_address_that_was_taken_meanwhile_is_refused_by_its_link(post: Post, otto: Browser) -> None:
    await wish(otto)
    await post.send()
    await post.place.sql(f"UPDATE users SET email = '{NEW}' WHERE email = '{MARIA['email']}'")

    assert (await post.confirm(post.token())).code == "email_taken"
    assert (await otto.get("/users/me")).body["email"] == OTTO["email"]
