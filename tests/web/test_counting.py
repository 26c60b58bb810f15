"""Which pages are opened is told to those who run the server, and of whoever does not like that, nothing."""

import json

import pytest
from playwright.sync_api import Page, Request, expect

from tests.web.conftest import Watch
from tests.web.talking import visit

pytestmark = pytest.mark.browser

LOOK_AWAY = """() => {
  Object.defineProperty(document, "hidden", { get: () => true, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
  delete document.hidden;
  document.dispatchEvent(new Event("visibilitychange"));
}"""


def is_telling(request: Request) -> bool:
    return request.url.endswith("/analytics/events")


def test_pages_are_counted_by_their_names_alone_until_somebody_is_left_out(newcomer: Page, watch: Watch) -> None:
    # There is no such file.
    watch.forgive("404")
    page = newcomer
    later: list[Request] = []
    visit(page, "files/file_of_mine?first=3")
    visit(page, "search?q=secret")
    with page.expect_request(is_telling) as telling:
        page.evaluate(LOOK_AWAY)
    told = [event["properties"]["page"] for event in json.loads(telling.value.post_data or "")["events"]]
    assert told == ["chat", "files", "search"]

    visit(page, "settings")
    page.get_by_label("Leave me out").click()
    expect(page.locator(".toast", has_text="You are left out")).to_be_visible()
    page.on("request", lambda request: later.append(request) if is_telling(request) else None)
    visit(page, "goals")
    page.evaluate(LOOK_AWAY)
    visit(page, "settings")
    expect(page.get_by_label("Leave me out")).to_be_checked()
    assert later == []
