"""What a person does and sees on the page."""

import re

from playwright.sync_api import Locator, Page, Route, expect

_GO = """(address) => new Promise((arrived) => {
  if (location.hash === address) return arrived();
  // Whoever listened earlier has drawn the page by then.
  addEventListener("hashchange", () => setTimeout(arrived), { once: true });
  location.hash = address;
})"""


def visit(page: Page, path: str) -> None:
    """Go to a page, and wait until it is there and has all that it shows."""
    page.evaluate(_GO, f"#/{path}")
    page.locator("main :is(.page-body, .turn, .beginning)").first.wait_for()
    expect(page.locator(".skeleton")).to_have_count(0)


def ask(page: Page, words: str) -> None:
    page.get_by_label("Message", exact=True).fill(words)
    page.keyboard.press("Enter")


def turn(page: Page, number: int) -> Locator:
    return page.locator(f".turn:nth-child({number})")


def answer(page: Page, number: int) -> Locator:
    return turn(page, number).locator(".prose")


def wait_until_answered(page: Page, number: int) -> None:
    """Wait for the end of a turn, whatever the end is."""
    expect(turn(page, number).locator(".answer[aria-busy=false] > *").first).to_be_visible()


def wait_for_first_words(page: Page) -> None:
    """Wait until an answer has begun, and not a frame longer."""
    page.wait_for_function("() => document.querySelector('.prose')?.textContent.includes('1 2 3')")


def counted(most: int) -> str:
    """What the stand-in says when asked to count."""
    return " ".join(map(str, range(1, most + 1)))


class Held:
    """What the page asks of an address is held back until it is let go."""

    def __init__(self, page: Page, pattern: str) -> None:
        self._page = page
        self._waiting: list[Route] = []
        self._is_open = False
        page.route(re.compile(pattern), self._take)

    def _take(self, route: Route) -> None:
        if self._is_open:
            route.continue_()
        else:
            self._waiting.append(route)

    def let_go(self) -> None:
        """Let go of what has been asked, once something has, and of all that is asked from now on."""
        while not self._waiting:
            self._page.wait_for_timeout(10)
        self._is_open = True
        for route in self._waiting:
            route.continue_()
