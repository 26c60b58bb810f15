"""What an answer, or a search, has found in somebody's things is opened at its place."""

import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.features.files import documents
from tests.serving import Server
from tests.web.conftest import Watch, begin, join
from tests.web.talking import ask, turn, visit, wait_until_answered
from tests.web.test_looks import look

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror='window.pwned=1'>.txt"
PAGES = [f"Nothing much stands on page {number}." for number in range(1, 40)]
PAGES[28] = "The ketch lies in Cascais and is eleven metres long."


@pytest.fixture(scope="module")
def anna(browser: Browser, signed_in: BrowserContext, site: Server) -> Iterator[BrowserContext]:
    """Somebody who has uploaded a book and has it read."""
    context = join(browser, signed_in, site)
    headers = {"Origin": site.url, "Content-Type": "application/octet-stream"}
    book = documents.pdf(*PAGES)
    kept = context.request.post(f"{site.url}/api/v1/files?name=Sailing%20book.pdf", data=book, headers=headers).json()
    read = context.request.get(f"{site.url}/api/v1/files/{kept['data'][0]['id']}?wait=30").json()
    assert read["status"] == "ready"
    yield context
    context.close()


@pytest.fixture
def page(anna: BrowserContext, watch: Watch, site: Server) -> Iterator[Page]:
    page = begin(anna, watch, site)
    yield page
    page.close()


def test_what_an_answer_has_read_is_named_under_it_and_opened_there(page: Page) -> None:
    ask(page, 'use search_files {"query": "ketch Cascais"}')
    wait_until_answered(page, 1)

    sources = turn(page, 1).get_by_role("list", name="From your files")
    expect(sources.get_by_role("link", name="Sailing book.pdf")).to_be_visible()
    problems = look(page, "cited")
    sources.get_by_role("link", name="page 29").click()

    expect(page.get_by_role("heading", name="Sailing book.pdf", level=1)).to_be_visible()
    meant = page.locator(".meant")
    expect(meant).to_contain_text("The ketch lies in Cascais")
    expect(meant).to_be_in_viewport()
    page.get_by_role("button", name="What comes before").click()
    expect(page.get_by_role("heading", name="page 28", exact=True)).to_have_count(1)
    expect(page.get_by_role("heading", name="page 39", exact=True)).to_have_count(1)
    assert problems + look(page, "file") == []


def test_a_file_of_a_hostile_name_is_cited_as_text(page: Page) -> None:
    headers = {"Origin": page.url.partition("/#")[0].rstrip("/"), "Content-Type": "application/octet-stream"}
    at = f"{headers['Origin']}/api/v1/files"
    said = b"The sloop </p><script>window.pwned=1</script> is small."
    kept = page.context.request.post(f"{at}?name={quote(HOSTILE)}", data=said, headers=headers).json()["data"][0]
    page.context.request.get(f"{at}/{kept['id']}?wait=30")

    ask(page, 'use search_files {"query": "sloop"}')
    wait_until_answered(page, 1)
    sources = turn(page, 1).get_by_role("list", name="From your files")
    expect(sources).to_contain_text("img src=x onerror=")
    sources.get_by_role("link", name="line 1").click()

    expect(page.locator(".meant")).to_contain_text("<script>")
    assert page.evaluate("window.pwned ?? null") is None


def test_a_place_in_a_file_is_found_and_opened_by_keys_alone(page: Page) -> None:
    page.keyboard.press("Control+k")
    page.keyboard.type("lies in cascais")
    expect(page.get_by_role("option", name=re.compile("In a file")).first).to_be_visible()
    for _ in range(9):
        if "In a file" in page.locator("[role=option][aria-selected=true]").inner_text():
            break
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    expect(page.locator(".meant")).to_contain_text("The ketch lies in Cascais")


def test_a_memory_that_is_found_is_opened_by_itself(page: Page) -> None:
    visit(page, "memory")
    page.get_by_role("button", name="Add").click()
    page.get_by_label("What should be remembered?").fill("My uncle builds harpsichords.")
    page.get_by_role("button", name="Remember", exact=True).click()
    expect(page.locator(".row", has_text="harpsichords")).to_be_visible()

    page.keyboard.press("Control+k")
    page.keyboard.type("harpsichords")
    page.get_by_role("option", name=re.compile("builds.*Memory")).click()

    expect(page).to_have_url(re.compile("#/memory/mem"))
    expect(page.locator(".row")).to_have_count(1)
    page.get_by_role("button", name="Forget", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Forget").click()
    expect(page.get_by_role("heading", name="Memory", level=1)).to_be_visible()
    expect(page.get_by_label("Search your memories")).to_be_visible()
