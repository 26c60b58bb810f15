"""Web Push: a message that only its browser can read, from a server that shows who it is."""

import base64
import json
import stat
from pathlib import Path
from typing import Any

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02
from pydantic import ValidationError

from famulus.apps.carriers import make_push_identity
from famulus.features.notifications.carriers.push import PushCarrier
from famulus.features.notifications.errors import ChannelNotFound
from famulus.features.notifications.records import Channel
from famulus.features.notifications.schemas import ChannelDraft, ChannelView, NewChannelView
from famulus.infra.outbound import AddressRefused
from famulus.settings import Settings
from famulus.settings.outward import NotificationSettings
from tests.databases import sqlite_url
from tests.features.notifications.place import NOON, Place, Request

pytestmark = pytest.mark.anyio


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return sqlite_url(tmp_path)


def coded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decoded(text: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


class Browser:
    """A browser that has subscribed, with the keys that nobody else has."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._auth = b"\1" * 16
        self.point = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def draft(self, endpoint: str, point: bytes = b"") -> ChannelDraft:
        keys = {"p256dh": coded(point or self.point), "auth": coded(self._auth)}
        said = {"endpoint": endpoint, "expirationTime": None, "keys": keys}
        return ChannelDraft.model_validate({"kind": "push", "name": "Browser", "subscription": said})

    def read(self, request: Request) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(
            http_ece.decrypt(request.body, private_key=self._key, auth_secret=self._auth, version="aes128gcm")
        )
        return said


@pytest.fixture
def browser() -> Browser:
    return Browser()


async def subscribed(place: Place, browser: Browser, **fields: Any) -> Channel:
    draft = browser.draft(f"{place.receiver.url}/send/secret-path", **fields)
    channel: Channel = await place.with_channels(lambda them: them.open(draft))
    return channel


async def test_only_the_browser_can_read_what_is_carried(place: Place, browser: Browser) -> None:
    await subscribed(place, browser)
    told = await place.notify("Tea is ready", body="Grün.", urgent=True)

    await place.deliver()

    (request,) = place.receiver.requests
    delivery = await place.delivery(told, "push")
    said = browser.read(request)
    assert delivery.state == "delivered"
    assert (said["title"], said["body"], said["id"]) == ("Tea is ready", "Grün.", delivery.id)
    assert (request.headers["Content-Encoding"], request.headers["Urgency"]) == ("aes128gcm", "high")
    assert int(request.headers["TTL"]) > 0
    assert b"Tea" not in request.body


async def test_the_server_shows_who_it_is(place: Place, browser: Browser) -> None:
    await subscribed(place, browser)
    await place.notify()

    await place.deliver()

    (request,) = place.receiver.requests
    shown = request.headers["Authorization"]
    scheme, _, parts = shown.partition(" ")
    token, key = (part.partition("=")[2] for part in parts.split(","))
    carrier = place.desk.carriers["push"]
    assert isinstance(carrier, PushCarrier)
    assert (scheme, key) == ("vapid", carrier._identity.public_key)
    assert Vapid02.verify(shown)
    claims = decoded(token.split(".")[1])
    assert (claims["aud"], claims["sub"]) == (place.receiver.url, "mailto:famulus@example.org")
    assert 0 < claims["exp"] - NOON.timestamp() <= 86_400


@pytest.mark.parametrize("status", [404, 410])
async def test_who_has_unsubscribed_is_forgotten(place: Place, browser: Browser, status: int) -> None:
    channel = await subscribed(place, browser)
    place.receiver.answers = [status]
    told = await place.notify()

    await place.deliver()

    assert (await place.delivery(told, "push")).state == "dead"
    with pytest.raises(ChannelNotFound):
        await place.with_channels(lambda them: them.find(channel.id))


async def test_a_push_service_that_is_down_is_asked_again(place: Place, browser: Browser) -> None:
    channel = await subscribed(place, browser)
    place.receiver.answers = [503]
    told = await place.notify()

    await place.deliver()
    place.clock.move(minutes=1)
    await place.deliver()

    assert (await place.delivery(told, "push")).state == "delivered"
    await place.with_channels(lambda them: them.find(channel.id))


async def test_a_long_message_is_shortened_until_it_fits(place: Place, browser: Browser) -> None:
    await subscribed(place, browser)
    await place.notify("ü" * 200, body="🫖" * 10_000)

    await place.deliver()

    (request,) = place.receiver.requests
    assert len(request.body) <= 4_096
    assert browser.read(request)["body"].startswith("🫖🫖")


async def test_a_key_that_is_none_is_given_up(place: Place, browser: Browser) -> None:
    await subscribed(place, browser, point=b"\4" + b"\5" * 64)
    told = await place.notify()

    await place.deliver()

    delivery = await place.delivery(told, "push")
    assert (delivery.state, delivery.error) == ("dead", "subscription_invalid")
    assert place.receiver.requests == []


async def test_an_endpoint_inside_is_refused_and_keys_are_looked_at(place: Place, browser: Browser) -> None:
    with pytest.raises(AddressRefused):
        await place.with_channels(lambda them: them.open(browser.draft("http://169.254.169.254/latest")))
    for wrong in (
        {"kind": "push", "name": "B", "target": "https://example.org"},
        {"kind": "webhook", "name": "B", "subscription": browser.draft("https://example.org").subscription},
        {
            "kind": "push",
            "name": "B",
            "subscription": {"endpoint": "https://e.org", "keys": {"p256dh": "", "auth": ""}},
        },
        {"kind": "webhook", "name": "B"},
    ):
        with pytest.raises(ValidationError):
            ChannelDraft.model_validate(wrong)


async def test_neither_keys_nor_endpoint_are_shown_back(place: Place, browser: Browser) -> None:
    channel = await subscribed(place, browser)

    for shown in (ChannelView.of(channel).model_dump_json(), NewChannelView.once(channel).model_dump_json()):
        assert "secret-path" not in shown
        assert coded(browser.point) not in shown


def test_the_key_is_kept_in_the_data_folder_or_made_from_a_setting(tmp_path: Path) -> None:
    def key(settings: Settings) -> str:
        identity = make_push_identity(settings)
        assert identity is not None
        return identity.public_key

    kept = Settings(data_dir=tmp_path / "kept")
    first = key(kept)

    assert key(kept) == first
    assert stat.S_IMODE((tmp_path / "kept" / "push.key").stat().st_mode) == 0o600
    given = NotificationSettings.model_validate({"push_key": "a long and random text, of which nobody knows"})
    here, there = (key(Settings(data_dir=tmp_path / name, notifications=given)) for name in ("here", "there"))
    assert here == there != first
