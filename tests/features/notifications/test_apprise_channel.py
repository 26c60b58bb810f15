"""Apprise: a message by an address of its own scheme, as far as the operator lets it, and no secret shown back."""

import importlib.util
from pathlib import Path

import pytest

from famulus.apps.carriers import make_carriers
from famulus.features.notifications.errors import ChannelUnavailable
from famulus.features.notifications.records import Channel
from famulus.features.notifications.schemas import Action, ChannelDraft, ChannelView, NewChannelView
from famulus.infra.outbound import AddressRefused, Outbound
from famulus.kit.errors import FamulusError
from famulus.settings import Settings
from tests.databases import sqlite_url
from tests.features.notifications.place import Place

# The library still looks for a module that Python 3.13 will not have.
pytestmark = [pytest.mark.anyio, pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")]


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return sqlite_url(tmp_path)


async def opened(place: Place, target: str) -> Channel:
    draft = ChannelDraft(kind="apprise", name="Phone", target=target)
    channel: Channel = await place.with_channels(lambda them: them.open(draft))
    return channel


async def test_a_message_arrives_by_an_address_of_a_listed_scheme(place: Place) -> None:
    await opened(place, f"json://127.0.0.1:{place.receiver.port}/here")
    link = Action(id="open", label="Open", kind="open", url="https://example.org/")
    told = await place.notify("Tea is ready", body="Green.", actions=[link])

    await place.deliver()

    (request,) = place.receiver.requests
    assert (request.json["title"], request.json["message"]) == ("Tea is ready", "Green.\n\nhttps://example.org/")
    assert (await place.delivery(told, "apprise")).state == "delivered"


async def test_a_service_that_refuses_is_tried_again(place: Place) -> None:
    await opened(place, f"json://127.0.0.1:{place.receiver.port}")
    place.receiver.answers = [500]
    told = await place.notify()

    await place.deliver()
    failed = await place.delivery(told, "apprise")
    place.clock.move(minutes=1)
    await place.deliver()

    assert (failed.state, failed.error) == ("pending", "target_failed")
    assert (await place.delivery(told, "apprise")).state == "delivered"


async def test_a_redirect_is_not_followed(place: Place) -> None:
    await opened(place, f"json://127.0.0.1:{place.receiver.port}/away")
    place.receiver.answers, place.receiver.headers = [307], {"Location": f"{place.receiver.url}/inside"}
    told = await place.notify()

    await place.deliver()

    assert len(place.receiver.requests) == 1
    assert (await place.delivery(told, "apprise")).state == "pending"


@pytest.mark.parametrize(
    ("target", "error"),
    [
        ("xml://127.0.0.1/", ChannelUnavailable),
        ("mailto://anna:secret@example.org", ChannelUnavailable),
        ("JSON://127.0.0.1/", AddressRefused),
        ("discord", AddressRefused),
        ("discord://", AddressRefused),
        ("discord://id/token xml://127.0.0.1/", AddressRefused),
        ("discord://id/token?template=/etc/passwd", AddressRefused),
        ("discord://id/token?thread=7&%74emplate=/etc/passwd", AddressRefused),
        ("discord://id/token?format=text;template=/etc/passwd", AddressRefused),
        ("json://127.0.0.1/?rto=86400", AddressRefused),
        ("json://127.0.0.1/?redirect=yes", AddressRefused),
    ],
)
async def test_other_schemes_and_options_are_refused(place: Place, target: str, error: type[FamulusError]) -> None:
    with pytest.raises(error):
        await opened(place, target)


async def test_an_address_that_the_service_does_not_know_is_given_up(place: Place) -> None:
    await opened(place, "discord://only-half")
    told = await place.notify()

    await place.deliver()

    assert (await place.delivery(told, "apprise")).state == "dead"


async def test_the_secret_in_an_address_is_not_shown_back(place: Place) -> None:
    channel = await opened(place, "discord://1234/verysecret?thread=7")

    shown = (ChannelView.of(channel).model_dump_json(), NewChannelView.once(channel).model_dump_json(), repr(channel))

    assert "discord://…" in shown[0]
    assert not [text for text in shown if "secret" in text.replace('"secret":null', "")]


async def test_without_the_extra_there_are_no_such_channels(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)

    assert "apprise" not in make_carriers(Settings(), Outbound())
    place.desk.carriers.pop("apprise")  # type: ignore[attr-defined]
    with pytest.raises(ChannelUnavailable, match="not available here"):
        await opened(place, "discord://id/token")
