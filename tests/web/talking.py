"""What a person does and sees on the page."""

from playwright.sync_api import Locator, Page, expect


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


def counted(most: int) -> str:
    """What the stand-in says when asked to count."""
    return " ".join(map(str, range(1, most + 1)))
