"""A real server in its own process, and a real browser."""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.request import Request as Asking
from urllib.request import urlopen

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    expect,
    sync_playwright,
)

from tests.serving import Server, serving

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
# A machine may be ten times slower than the one on which this was written.
MILLISECONDS = 40_000
WORDS_PER_SECOND = "40"
# How many times slower the browser is made than it is: what is found at 6 is found on somebody's machine.
SLOWER = float(os.environ.get("SLOWER_BROWSER", "1"))

expect.set_options(timeout=MILLISECONDS)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose stand-in speaks slowly enough to be interrupted."""
    # A busy machine may take its time to read a model of meaning: what is tested is what the page shows of it.
    settings = {
        "FAMULUS_MEMORY__DEADLINE_SECONDS": "60",
        "FAMULUS_OUTBOUND__ALLOWED_HOSTS": '["127.0.0.1"]',
        "FAMULUS_ANALYTICS__FLUSH_SECONDS": "0.05",
    }
    with serving(tmp_path_factory.mktemp("site"), **settings) as server:
        restart(server)
        yield server


def restart(site: Server, words_per_second: str = WORDS_PER_SECOND) -> None:
    """Start the server's process; in a thread, since the browser's own event loop is in this one."""
    starting = site.start(FAMULUS_MODEL__OFFLINE_WORDS_PER_SECOND=words_per_second)
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, starting).result()


def fresh_token(site: Server) -> str:
    """What the operator types to be let in, and what it prints."""
    command = [sys.executable, "-m", "famulus", "user", "link"]
    environment = {**os.environ, "FAMULUS_DATA_DIR": str(site.folder / "data"), "PYTHONPATH": str(ROOT / "src")}
    told = subprocess.run(command, cwd=site.folder, env=environment, capture_output=True, check=True)
    return told.stdout.decode().strip().partition("?token=")[2]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("Debian's chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def owner(site: Server) -> tuple[str, str]:
    """The cookie of a browser in which the owner has signed in: its name, and what it says."""
    body = json.dumps({"token": fresh_token(site)}).encode()
    headers = {"Origin": site.url, "Content-Type": "application/json"}
    with urlopen(Asking(f"{site.url}/api/v1/auth/token", body, headers)) as answer:
        (cookie,) = SimpleCookie(answer.headers["Set-Cookie"]).values()
    return cookie.key, cookie.value


@pytest.fixture(scope="module")
def signed_in(browser: Browser, owner: tuple[str, str], site: Server) -> Iterator[BrowserContext]:
    """The owner's browser."""
    context = browser.new_context()
    name, value = owner
    context.add_cookies([{"name": name, "value": value, "url": site.url}])
    context.set_default_timeout(MILLISECONDS)
    yield context
    context.close()


@dataclass
class Watch:
    """What a page must not do: complain, or ask anybody but its server."""

    origin: str
    complaints: list[str] = field(default_factory=list)
    forgiven: list[str] = field(default_factory=list)

    def over(self, page: Page) -> None:
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._asked)
        if SLOWER > 1:
            page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})

    def forgive(self, pattern: str) -> None:
        """For what a test breaks on purpose."""
        self.forgiven.append(pattern)

    def left(self) -> list[str]:
        return [text for text in self.complaints if not any(re.search(known, text) for known in self.forgiven)]

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((f"{self.origin}/", "data:", "blob:")):
            self.complaints.append(f"asked {request.url}")


@pytest.fixture
def watch(site: Server) -> Iterator[Watch]:
    watch = Watch(site.url)
    yield watch
    assert watch.left() == []


@pytest.fixture
def stranger(browser: Browser, watch: Watch) -> Iterator[Page]:
    """A page of somebody who is not signed in."""
    context = browser.new_context()
    context.set_default_timeout(MILLISECONDS)
    page = context.new_page()
    watch.over(page)
    yield page
    context.close()


@pytest.fixture
def page(signed_in: BrowserContext, watch: Watch, site: Server) -> Iterator[Page]:
    """A page of the owner, at a new conversation."""
    page = begin(signed_in, watch, site)
    yield page
    page.close()


def join(browser: Browser, owner: BrowserContext, site: Server) -> BrowserContext:
    """The browser of somebody of whom nobody has heard before; it may show notifications."""
    origin = {"Origin": site.url}
    invitation = owner.request.post(f"{site.url}/api/v1/invitations", data={}, headers=origin).json()
    token = invitation["link"].rpartition("token=")[2]
    somebody = {
        "token": token,
        "name": "Anna",
        "email": f"{token[:12].lower()}@example.org",
        "password": "a long enough one",
    }
    context = browser.new_context(permissions=["notifications"], reduced_motion="reduce", color_scheme="light")
    context.set_default_timeout(MILLISECONDS)
    assert context.request.post(f"{site.url}/api/v1/auth/join", data=somebody, headers=origin).ok
    return context


def begin(context: BrowserContext, watch: Watch, site: Server) -> Page:
    """A page at a new conversation."""
    page = context.new_page()
    watch.over(page)
    page.goto(site.url)
    page.get_by_label("Message", exact=True).wait_for()
    return page


@pytest.fixture
def newcomer(browser: Browser, signed_in: BrowserContext, site: Server, watch: Watch) -> Iterator[Page]:
    """A page of somebody new."""
    context = join(browser, signed_in, site)
    yield begin(context, watch, site)
    context.close()
