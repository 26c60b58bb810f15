"""What was said long ago is found as one types, and gone to."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.serving import Server
from tests.web.conftest import Watch, begin, join

pytestmark = pytest.mark.browser

SAY = """async ([before, after]) => {
  const send = async (path, body) => (await fetch(`/api/v1/${path}`, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) })).json();
  const talk = await send("conversations", { title: "Heating" });
  const say = (message) => send(`conversations/${talk.id}/runs`, { message, policy: "enqueue" });
  for (let number = 0; number < before; number += 1) await say(`remark number ${number}`);
  await say("The Bøiler hums since Tuesday 🦆.");
  for (let number = 0; number < after; number += 1) await say(`remark after it ${number}`);
  await send("goals", { title: "Replace the bøiler" });
  await send("goals", { title: "Paint the kitchen" });
  return talk.id;
}"""


@pytest.fixture(scope="module")
def anna(browser: Browser, signed_in: BrowserContext, site: Server) -> Iterator[BrowserContext]:
    """Somebody who has said nothing but what is searched for here."""
    context = join(browser, signed_in, site)
    yield context
    context.close()


@pytest.fixture(scope="module")
def talk(anna: BrowserContext, site: Server) -> str:
    """A conversation in which something was said before much else."""
    page = anna.new_page()
    page.goto(site.url)
    made: str = page.evaluate(SAY, [2, 40])
    page.close()
    return made


@pytest.fixture
def page(anna: BrowserContext, talk: str, watch: Watch, site: Server) -> Iterator[Page]:
    page = begin(anna, watch, site)
    yield page
    page.close()


class Slow:
    """A search whose answers are held back until they are let go."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.held: dict[str, Route] = {}
        page.route(re.compile(r"/api/v1/search\?"), self._hold)

    def _hold(self, route: Route) -> None:
        words = parse_qs(urlsplit(route.request.url).query)["q"][0]
        self.held[words] = route

    def answer(self, words: str) -> None:
        while words not in self.held:
            self.page.wait_for_timeout(10)
        self.held.pop(words).continue_()


def test_a_message_is_found_as_one_types_and_gone_to(page: Page, talk: str) -> None:
    page.keyboard.press("Control+k")
    page.keyboard.type("hums tues")
    # What was said may be remembered by now, and is then found as a memory too.
    hit = page.get_by_role("option", name=re.compile("hums since Tuesday.*Message"))
    expect(hit).to_have_count(1)
    expect(hit.locator("mark")).to_have_text(["hums", "Tuesday"])

    hit.click()

    expect(page).to_have_url(re.compile(f"#/c/{talk}\\?at=msg_"))
    said = page.locator(".turn.arrived .bubble")
    expect(said).to_have_text("The Bøiler hums since Tuesday 🦆.")
    expect(said).to_be_in_viewport()


def test_enter_is_kept_until_what_was_typed_has_been_found(page: Page) -> None:
    slow = Slow(page)
    page.keyboard.press("Control+k")
    page.keyboard.type("replace the")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Searching…")).to_be_visible()

    slow.answer("replace the")

    expect(page.get_by_role("heading", name="Replace the bøiler", level=1)).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_enter_opens_nothing_that_was_found_for_other_words(page: Page) -> None:
    slow = Slow(page)
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").fill("replace the")
    slow.answer("replace the")
    expect(page.get_by_role("option", name="Replace the bøiler")).to_have_count(1)

    page.get_by_role("combobox").fill("paint the")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Searching…")).to_be_visible()
    slow.answer("paint the")

    expect(page.get_by_role("heading", name="Paint the kitchen", level=1)).to_be_visible()


def test_enter_is_not_for_what_is_typed_after_it(page: Page) -> None:
    slow = Slow(page)
    page.keyboard.press("Control+k")
    page.keyboard.type("replace")
    page.keyboard.press("Enter")
    page.keyboard.type(" the")
    slow.answer("replace the")

    expect(page.get_by_role("option", name="Replace the bøiler")).to_have_count(1)
    expect(page.get_by_role("combobox")).to_be_focused()


def test_enter_goes_at_once_to_what_is_known_here(page: Page) -> None:
    Slow(page)
    page.keyboard.press("Control+k")
    page.keyboard.type("settings")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Settings", level=1)).to_be_focused()


def test_everything_is_found_on_a_page_of_its_own_and_narrowed_down(page: Page, talk: str) -> None:
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").fill("bøiler")
    page.get_by_role("option", name="All that has “bøiler”").click()

    hits = page.locator(".hit")
    expect(hits.filter(has_text="Replace the bøiler").first).to_be_visible()
    expect(hits.filter(has_text="hums since").first.locator("mark")).to_have_text("Bøiler")
    page.get_by_role("group", name="Kind").get_by_role("button", name="Goals").click()
    expect(hits.filter(has_text="hums since")).to_have_count(0)
    expect(page).to_have_url(re.compile("kinds=goal"))

    page.get_by_label("Search everything").fill("zzz nothing has this")
    expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()
    page.get_by_label("Search everything").fill('"replace the bøiler"')
    hits.first.get_by_role("link").click()
    expect(page.get_by_role("heading", name="Replace the bøiler", level=1)).to_be_visible()
