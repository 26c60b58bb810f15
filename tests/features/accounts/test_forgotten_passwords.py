"""Whoever has forgotten their password gets mail with a way to a new one, from a real mail server."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest

from famulus.apps.resets import RESET_JOB, ResetMail
from famulus.infra.sqlite import SqliteDatabase
from famulus.jobs.queue import JobQueue
from famulus.jobs.tables import jobs
from famulus.kit.clock import utc_now
from famulus.settings import ServerSettings, Settings
from tests.features.accounts.place import OTTO, Answer, Browser, Place, open_place
from tests.features.notifications.place import Mailbox

pytestmark = pytest.mark.anyio

NEW = "eleven quiet lighthouses"


@dataclass
class Post:
    """The place, and its jobs, which are done when a test says so."""

    place: Place
    mail: ResetMail
    queue: JobQueue

    async def forget(self, email: str) -> Answer:
        return await self.place.browser().post("/auth/password/forgotten", {"email": email})

    async def reset(self, token: str, new: str = NEW) -> Answer:
        return await self.place.browser().post("/auth/password/reset", {"token": token, "new": new})

    async def send(self) -> None:
        """Do what is in the queue."""
        claims = await self.place.database.write(lambda session: self.queue.claim(session, worker="w", most=10))
        for claim in claims:
            assert claim.kind == RESET_JOB
            await self.mail.send(claim)


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    mailbox = Mailbox()
    mailbox.start()
    yield mailbox
    mailbox.stop()


@pytest.fixture
async def post(database: SqliteDatabase, mailbox: Mailbox) -> AsyncIterator[Post]:
    settings = Settings(mail=mailbox.settings, server=ServerSettings(public_url="https://famulus.example"))
    queue = JobQueue()
    mail = ResetMail(database, queue, settings)
    async with open_place(database, on_forgotten=mail.ask) as place:
        # Tokens are made by the sender, by the clock on the wall.
        place.clock.moment = utc_now()
        yield Post(place, mail, queue)


@pytest.fixture
async def otto(post: Post) -> Browser:
    return await post.place.member(await post.place.owner())


def token_in(mailbox: Mailbox) -> str:
    text: str = mailbox.messages[-1].get_content()
    link = next(line for line in text.splitlines() if line.startswith("https://"))
    base, _, token = link.partition("/#/reset?token=")
    assert base == "https://famulus.example"
    return token


async def test_the_mail_leads_to_a_new_password_and_out_of_every_session(
    post: Post, otto: Browser, mailbox: Mailbox
) -> None:
    assert (await post.forget("OTTO@example.com")).status == 202
    await post.send()

    assert mailbox.messages[0]["To"] == OTTO["email"]
    assert (await post.reset(token_in(mailbox))).status == 204

    assert (await otto.get("/users/me")).status == 401
    assert (await post.place.browser().sign_in(OTTO)).status == 401
    assert (await post.place.browser().sign_in({**OTTO, "password": NEW})).status == 200
    lines = await post.place.sql("SELECT what FROM audit_log")
    assert {"what": "password.reset"} in lines


async def test_it_works_once_and_a_newer_one_takes_its_place(post: Post, otto: Browser, mailbox: Mailbox) -> None:
    tokens = []
    for _ in range(2):
        await post.forget(OTTO["email"])
        await post.send()
        tokens.append(token_in(mailbox))

    answers = [(await post.reset(token)).status for token in (tokens[0], tokens[1], tokens[1])]

    assert answers == [401, 204, 401]


async def test_it_is_too_late_after_half_an_hour(post: Post, otto: Browser, mailbox: Mailbox) -> None:
    await post.forget(OTTO["email"])
    await post.send()
    post.place.clock.advance(minutes=31)

    answer = await post.reset(token_in(mailbox))

    assert (answer.status, answer.code) == (401, "reset_not_valid")


async def test_nobody_learns_who_has_an_account(post: Post, otto: Browser, mailbox: Mailbox) -> None:
    known, unknown = await post.forget(OTTO["email"]), await post.forget("nobody@example.com")
    await post.send()

    assert (known.status, known.body) == (unknown.status, unknown.body)
    assert [message["To"] for message in mailbox.messages] == [OTTO["email"]]


async def test_a_mailbox_is_not_filled(post: Post, otto: Browser) -> None:
    for email in (OTTO["email"], "nobody@example.com"):
        assert [(await post.forget(email)).status for _ in range(3)] == [202, 202, 429]


async def test_nothing_at_rest_opens_the_door(post: Post, otto: Browser, mailbox: Mailbox) -> None:
    await post.forget(OTTO["email"])
    waiting = await post.place.sql(f"SELECT payload FROM {jobs.name}")
    await post.send()

    kept = await post.place.sql("SELECT * FROM one_time_tokens")
    assert token_in(mailbox) not in f"{waiting}{kept}"


async def test_a_mail_server_that_is_down_is_tried_again(post: Post, otto: Browser, mailbox: Mailbox) -> None:
    await post.forget(OTTO["email"])
    mailbox.answers.append("451 Try later")
    claims = await post.place.database.write(lambda session: post.queue.claim(session, worker="w", most=10))
    with pytest.raises(Exception, match="451"):
        await post.mail.send(claims[0])
    assert len(await post.place.sql(f"SELECT id FROM {jobs.name}")) == 1

    await post.mail.send(claims[0])

    assert (await post.reset(token_in(mailbox))).status == 204
    assert await post.place.sql(f"SELECT id FROM {jobs.name}") == []


async def test_a_weak_password_uses_nothing_up(post: Post, otto: Browser, mailbox: Mailbox) -> None:
    await post.forget(OTTO["email"])
    await post.send()
    token = token_in(mailbox)

    assert (await post.reset(token, "password1")).code == "weak_password"
    assert (await post.reset(token)).status == 204


async def test_whoever_may_not_come_in_gets_no_mail(post: Post, otto: Browser, mailbox: Mailbox) -> None:
    await post.forget(OTTO["email"])
    await post.place.sql("UPDATE users SET disabled_at = created_at WHERE role = 'member'")

    await post.send()

    assert mailbox.messages == []


async def test_without_a_mail_server_there_is_a_hint(database: SqliteDatabase) -> None:
    async with open_place(database) as place:
        answer = await place.browser().post("/auth/password/forgotten", {"email": OTTO["email"]})

    assert (answer.status, answer.code) == (409, "no_mail")
    assert "famulus user link" in answer.body["error"]["message"]
