"""E-mail: to addresses whose owners have shown that messages arrive, by a real mail server."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from famulus.features.notifications.carriers import Parcel
from famulus.features.notifications.errors import ChannelUnavailable, NothingToVerify
from famulus.features.notifications.records import Channel
from famulus.features.notifications.schemas import Action, ChannelDraft
from famulus.infra.database import Database
from tests.databases import sqlite_url
from tests.features.notifications.place import Mailbox, Place, a_place

pytestmark = pytest.mark.anyio


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return sqlite_url(tmp_path)


@pytest.fixture
async def place(database: Database, mailbox: Mailbox) -> AsyncIterator[Place]:
    async with a_place(database, mailbox.settings) as place:
        yield place


async def an_address(place: Place) -> Channel:
    """A channel to an address that is verified."""
    draft = ChannelDraft(kind="email", name="Mail", target="anna@example.org")
    channel = await place.with_channels(lambda them: them.open(draft))
    _, code = await place.with_channels(lambda them: them.new_code(channel.id))
    assert await place.with_channels(lambda them: them.verify(channel.id, code))
    verified: Channel = await place.with_channels(lambda them: them.find(channel.id))
    return verified


async def test_a_message_says_what_there_is_to_say(place: Place, mailbox: Mailbox) -> None:
    await an_address(place)
    link = Action(id="open", label="Open", kind="open", url="https://example.org/?a=1&b=<2>")
    told = await place.notify("Tea\nis ready", body="Green & hot.", actions=[link], urgent=True)

    await place.deliver()

    (message,) = mailbox.messages
    assert message["Subject"] == "Tea is ready"
    assert message["To"] == "anna@example.org"
    assert message["Message-ID"] == f"<{(await place.delivery(told, 'email')).id}@famulus>"
    plain, rich = message.get_body(("plain",)), message.get_body(("html",))
    assert plain
    assert rich
    assert plain.get_content().splitlines()[:3] == ["Green & hot.", "", "https://example.org/?a=1&b=<2>"]
    assert "Green &amp; hot." in rich.get_content()
    assert 'href="https://example.org/?a=1&amp;b=&lt;2&gt;"' in rich.get_content()


async def test_nothing_goes_to_an_address_that_nobody_has_verified(place: Place, mailbox: Mailbox) -> None:
    draft = ChannelDraft(kind="email", name="Mail", target="victim@example.org")
    channel = await place.with_channels(lambda them: them.open(draft))
    await place.notify()
    await place.deliver()
    assert mailbox.messages == []

    with pytest.raises(NothingToVerify):
        await place.with_channels(lambda them: them.verify(channel.id, "00000000"))
    _, code = await place.with_channels(lambda them: them.new_code(channel.id))
    wrong = "1" + code[1:] if code[0] != "1" else "2" + code[1:]
    for _ in range(5):
        assert not await place.with_channels(lambda them: them.verify(channel.id, wrong))

    # After so many guesses even the right one is none any more.
    with pytest.raises(NothingToVerify):
        await place.with_channels(lambda them: them.verify(channel.id, code))


async def test_a_mail_server_that_is_busy_is_tried_again_and_one_that_refuses_is_not(
    place: Place, mailbox: Mailbox
) -> None:
    await an_address(place)
    mailbox.answers = ["451 Try again later"]
    busy = await place.notify("first")
    await place.deliver()
    assert ((await place.delivery(busy, "email")).state, (await place.delivery(busy, "email")).status) == (
        "pending",
        451,
    )
    place.clock.move(minutes=1)
    await place.deliver()
    assert [message["Subject"] for message in mailbox.messages] == ["first"]

    mailbox.answers = ["554 No such mailbox"]
    refused = await place.notify("second")
    await place.deliver()
    assert (await place.delivery(refused, "email")).state == "dead"


async def test_a_mail_server_that_is_away_is_tried_again(place: Place, mailbox: Mailbox) -> None:
    await an_address(place)
    told = await place.notify()
    mailbox.stop()

    await place.deliver()

    delivery = await place.delivery(told, "email")
    assert (delivery.state, delivery.attempts) == ("pending", 1)
    mailbox.start()
    place.clock.move(minutes=1)
    await place.deliver()
    assert len(mailbox.messages) == 1


async def test_a_server_without_mail_says_so(database: Database) -> None:
    async with a_place(database) as place:
        draft = ChannelDraft(kind="email", name="Mail", target="anna@example.org")
        with pytest.raises(ChannelUnavailable):
            await place.with_channels(lambda them: them.open(draft))


async def test_a_name_with_a_line_break_forges_no_header(place: Place, mailbox: Mailbox) -> None:
    channel = await an_address(place)
    carrier = place.desk.carriers["email"]
    parcel = Parcel(
        id="dlv_x", kind="notification", channel=channel, title="Hi\r\nBcc: everybody@example.org", body="",
        urgent=False, data={}, link=None, at=place.clock(),
    )  # fmt: skip

    assert (await carrier.carry(parcel)).accepted

    assert mailbox.messages[0]["Bcc"] is None
