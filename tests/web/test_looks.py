"""Every page, in the light and in the dark, on a desk and on a phone: nobody is kept out, and nothing sticks out."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, ViewportSize, expect

from tests.serving import Server
from tests.web.axe import barriers
from tests.web.conftest import Watch
from tests.web.talking import ask, visit, wait_until_answered

pytestmark = pytest.mark.browser

ARTEFACTS = Path(__file__).parents[1] / "artefacts" / "web"
DESK: ViewportSize = {"width": 1280, "height": 820}
PHONE: ViewportSize = {"width": 390, "height": 844}
PAGES = [
    "",
    "settings",
    "settings/security",
    "settings/keys",
    "settings/people",
    "memory",
    "goals",
    "goals/GOAL",
    "calendar/week/2027-03-10",
    "calendar/month/2027-03-10",
    "reminders",
    "files",
    "notifications",
    "notifications/ways",
    "notifications/sent",
    "usage",
    "search",
    "search?q=water",
    "admin/people",
    "admin/usage",
    "admin/analytics",
    "admin/jobs",
    "admin/health",
    "nowhere",
]
LETTER = """# A plan

Some *prose* with `code`, a [link](https://example.org) and a table:

| what | when |
|---|---:|
| tea | 5 |

```py
print("tea")
```"""


FURNISH = """async () => {
  const post = (path, body, kind = "application/json") =>
    fetch(path, { method: "POST", headers: { "Content-Type": kind }, body });
  const send = async (path, body) => (await post(path, JSON.stringify(body))).json();
  const me = await (await fetch("/api/v1/users/me")).json();
  const steps = ["Theory course", "Find a boat", "Set sail"];
  const goal = await send("/api/v1/goals", { title: "Sail to the Azores", description: "In June.", steps });
  const event = (title, start, end) => send("/api/v1/events", { title, start, end });
  await event("Lunch with Ana", "2027-03-11T12:30", "2027-03-11T14:00");
  await event("Review", "2027-03-11T13:00", "2027-03-11T15:00");
  await event("Ana is here", "2027-03-09", "2027-03-13");
  await send(`/memories/${me.id}`, { text: "I take my tea without milk.", pinned: true });
  const actions = [{ id: "done", label: "Done", kind: "dismiss" }];
  await send("/api/v1/notifications", { title: "Water the plants", body: "The ferns first.", urgent: true, actions });
  const words = (text) => ({ schedule: { kind: "phrase", text } });
  const remind = (title, text, more) => send("/api/v1/reminders", { title, ...words(text), ...more });
  await remind("Water the plants", "every other Friday at 9", { urgent: true });
  await remind("Summarise my day", "every weekday at 18:30", { prompt: "Summarise my day." });
  await send("/api/v1/notifications/channels", { kind: "webhook", name: "Hook", target: "http://127.0.0.1:9/" });
  await post("/api/v1/files?name=Letter.txt", "Dear Ana", "application/octet-stream");
  return goal.id;
}"""


@pytest.fixture(scope="module")
def goal(signed_in: BrowserContext, site: Server) -> str:
    """A goal of the owner, who also has one of everything else that a page shows."""
    page = signed_in.new_page()
    page.goto(site.url)
    made: str = page.evaluate(FURNISH)
    page.close()
    return made


@pytest.fixture
def looked_at(signed_in: BrowserContext, site: Server, watch: Watch) -> Iterator[Page]:
    """The owner's page, without motion."""
    page = signed_in.new_page()
    page.emulate_media(reduced_motion="reduce", color_scheme="light")
    watch.over(page)
    page.goto(site.url)
    page.get_by_label("Message", exact=True).wait_for()
    yield page
    page.close()


def look(page: Page, name: str) -> list[str]:
    """What is wrong with the page as it is now: in the light, in the dark, on a phone; each is kept as a picture."""
    page.set_viewport_size(DESK)
    found = barriers(page) + sticks_out(page)
    keep(page, f"{name}-light-desk")
    page.emulate_media(color_scheme="dark")
    found += barriers(page, only="color-contrast")
    keep(page, f"{name}-dark-desk")
    page.set_viewport_size(PHONE)
    keep(page, f"{name}-dark-phone")
    page.emulate_media(color_scheme="light")
    found += barriers(page) + sticks_out(page)
    keep(page, f"{name}-light-phone")
    page.set_viewport_size(DESK)
    return found


def keep(page: Page, name: str) -> None:
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=ARTEFACTS / f"{name}.png")


def sticks_out(page: Page) -> list[str]:
    """What is wider than the window and cannot be reached."""
    found: list[str] = page.evaluate(
        """() => document.documentElement.scrollWidth > innerWidth ? ["the page"] :
          [...document.querySelectorAll("main *")].filter((element) => {
            const box = element.getBoundingClientRect();
            const reached = element.closest(".scrolls, pre, .table, .off-screen, [hidden]");
            return box.right > innerWidth + 1 && box.width > 0 && !reached;
          }).map((element) => element.outerHTML.slice(0, 120))"""
    )
    return found


@pytest.mark.parametrize("path", PAGES, ids=lambda path: re.sub(r"[/?=]", "-", path) or "chat")
def test_a_page_is_for_everybody(path: str, goal: str, looked_at: Page) -> None:
    visit(looked_at, path.replace("GOAL", goal))

    assert look(looked_at, re.sub(r"[/?=]", "-", path) or "chat") == []


def test_a_conversation_is_for_everybody(looked_at: Page) -> None:
    ask(looked_at, "What time is it?")
    wait_until_answered(looked_at, 1)
    ask(looked_at, LETTER)
    wait_until_answered(looked_at, 2)
    looked_at.locator(".tool summary").click()

    assert look(looked_at, "conversation") == []


def test_what_opens_above_a_page_is_for_everybody(goal: str, looked_at: Page) -> None:
    looked_at.keyboard.press("Control+k")
    looked_at.get_by_role("combobox").fill("water")
    expect(looked_at.get_by_role("option", name="All that has “water”")).to_be_visible()
    found = look(looked_at, "palette")
    looked_at.keyboard.press("Escape")
    looked_at.set_viewport_size(PHONE)
    looked_at.get_by_role("button", name="Show conversations and pages").click()
    keep(looked_at, "drawer-phone")

    assert found + barriers(looked_at) == []


def test_the_door_is_for_everybody(stranger: Page, site: Server) -> None:
    stranger.goto(site.url)
    stranger.get_by_role("heading", level=1).wait_for()

    assert look(stranger, "door") == []
