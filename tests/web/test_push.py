"""A browser is told while its page is closed: all of the way but the push service of its maker, which is here a stub.

A browser without a window reaches no push service, so what it would say when it subscribes is put in its place. The
rest is real: the page asks and registers, the server encrypts and posts, and what only this browser's keys can read is
handed to its worker by the browser itself, as a push.
"""

import base64
import json
import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import Page, expect

from tests.serving import Server
from tests.web.conftest import MILLISECONDS
from tests.web.talking import visit

pytestmark = pytest.mark.browser

SUBSCRIBING = """([endpoint, keys]) => {
  let current = null;
  PushManager.prototype.getSubscription = async () => current;
  PushManager.prototype.subscribe = async (options) => {
    globalThis.subscribedWith = options.applicationServerKey;
    const end = async () => (current = null);
    return (current = { toJSON: () => ({ endpoint, expirationTime: null, keys }), unsubscribe: end });
  };
}"""
SHOWN = """async () => {
  const registration = await navigator.serviceWorker.getRegistration("/static/");
  return (await registration.getNotifications()).map(({ title, body, tag }) => [title, body, tag]);
}"""
TELL = """(title) => fetch("/api/v1/notifications", {
  method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ title, body: "Green." }),
})"""


@dataclass
class PushService:
    """Takes what is pushed to one subscription, whose keys are here and nowhere else."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = b"\2" * 16
    taken: "queue.Queue[bytes]" = field(default_factory=queue.Queue)
    endpoint: str = ""

    @property
    def keys(self) -> dict[str, str]:
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {name: _coded(raw) for name, raw in (("p256dh", point), ("auth", self.auth))}

    def next(self) -> dict[str, Any]:
        """What is pushed next, as the browser reads it."""
        sealed = self.taken.get(timeout=MILLISECONDS / 1_000)
        said: dict[str, Any] = json.loads(
            http_ece.decrypt(sealed, private_key=self.key, auth_secret=self.auth, version="aes128gcm")
        )
        return said


def _coded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@pytest.fixture
def service() -> Iterator[PushService]:
    service = PushService()

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            service.taken.put(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(201)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Taking) as server:
        service.endpoint = f"http://127.0.0.1:{server.server_port}/send/this-browser"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield service
        server.shutdown()
        thread.join()


@pytest.fixture
def pushed(newcomer: Page, service: PushService) -> Page:
    """A page whose browser subscribes to that service."""
    newcomer.add_init_script(f"({SUBSCRIBING})({json.dumps([service.endpoint, service.keys])})")
    newcomer.reload()
    newcomer.get_by_label("Message", exact=True).wait_for()
    return newcomer


def deliver(page: Page, said: dict[str, Any]) -> None:
    """Have the browser hand its worker what its push service would bring."""
    devtools = page.context.new_cdp_session(page)
    registrations: list[dict[str, Any]] = []
    devtools.on("ServiceWorker.workerRegistrationUpdated", lambda event: registrations.extend(event["registrations"]))
    devtools.send("ServiceWorker.enable")
    while not registrations:
        page.wait_for_timeout(10)
    (registration,) = [one for one in registrations if not one["isDeleted"]]
    push = {"origin": page.url.partition("/#")[0], "registrationId": registration["registrationId"]}
    devtools.send("ServiceWorker.deliverPushMessage", push | {"data": json.dumps(said)})


def test_a_browser_is_told_while_its_page_is_closed_until_it_is_told_no_more(
    pushed: Page, service: PushService
) -> None:
    visit(pushed, "notifications")
    pushed.get_by_role("button", name="Ways to reach you").click()
    pushed.get_by_role("button", name="Tell me here").click()
    expect(pushed.get_by_role("button", name="Stop telling me here")).to_be_visible()
    key = pushed.evaluate("async () => (await (await fetch('/api/v1/notifications/push-key')).json()).public_key")
    assert pushed.evaluate("subscribedWith") == key

    pushed.evaluate(TELL, "Tea is ready")
    said = service.next()
    deliver(pushed, said)
    deliver(pushed, said)
    pushed.wait_for_function(f"async () => (await ({SHOWN})()).length > 0")
    assert pushed.evaluate(SHOWN) == [["Tea is ready", "Green.", said["id"]]]

    way = pushed.locator(".row", has_text="push")
    way.get_by_role("button", name="Test").click()
    expect(pushed.locator(".toast", has_text="The test has arrived there.")).to_be_visible()
    assert service.next()["type"] == "test"
    # It shows what the server has: until that has answered, the box may look as before.
    way.get_by_label("everything").click()
    expect(way.get_by_label("reminders")).to_be_checked()
    pushed.get_by_role("button", name="What was sent").click()
    pushed.get_by_role("button", name="Delivered").click()
    expect(pushed.locator(".row", has_text="Tea is ready").first).to_contain_text("one try")
    pushed.get_by_role("button", name="Ways to reach you").click()
    pushed.get_by_role("button", name="Stop telling me here").click()
    expect(pushed.get_by_role("button", name="Tell me here")).to_be_visible()
    expect(way).to_have_count(0)


def test_whoever_signs_out_is_told_nothing_more_in_this_browser(
    pushed: Page, site: Server, service: PushService
) -> None:
    visit(pushed, "settings")
    pushed.get_by_role("button", name="Tell me here").click()
    expect(pushed.get_by_role("button", name="Stop telling me here")).to_be_visible()
    ((before,),) = site.kept.rows("SELECT count(*) FROM notification_channels WHERE kind = 'push'")

    pushed.get_by_role("button", name="Sign out").first.click()
    expect(pushed.get_by_role("heading", name="Welcome back")).to_be_visible()

    assert before > 0
    assert site.kept.rows("SELECT count(*) FROM notification_channels WHERE kind = 'push'") == [(before - 1,)]
