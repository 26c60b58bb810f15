"""Those who run the server look after its people and its work; nobody else gets there."""

import sqlite3
from contextlib import closing

import pytest
from playwright.sync_api import Page, expect

from famulus.kit.ids import new_id
from tests.serving import Server
from tests.web.conftest import Watch
from tests.web.talking import ask, visit, wait_until_answered

pytestmark = pytest.mark.browser

COUNTED = """async () => {
  const { tools, totals } = await (await fetch("/api/v1/admin/analytics?bucket=day")).json();
  return tools.length > 0 && totals.runs.completed > 0;
}"""


def give_up(site: Server, *kinds: str) -> None:
    """Leave jobs behind that were given up."""
    path = site.folder / "data" / "famulus.db"
    columns = "id, kind, payload, priority, due_at, attempts, fence, dead, last_error, created_at"
    at = "2026-11-20 10:00:00.000000"
    with closing(sqlite3.connect(path, timeout=60)) as database, database:
        for kind in kinds:
            row = (new_id("job"), kind, '{"events": []}', 10, at, 5, 5, 1, "target_failed", at)
            database.execute(f"INSERT INTO jobs ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)


def test_a_person_is_found_promoted_disabled_let_back_in_and_removed(page: Page, newcomer: Page) -> None:
    email = newcomer.evaluate("fetch('/api/v1/users/me').then(answer => answer.json()).then(me => me.email)")
    visit(page, "admin/people")
    page.get_by_label("Search people").fill(email)
    row = page.locator(".row", has_text=email)

    row.get_by_role("button", name="Make admin").click()
    expect(row.locator(".tag")).to_have_text("admin")
    row.get_by_role("button", name="Make member").click()
    row.get_by_role("button", name="Disable").click()
    page.get_by_role("dialog").get_by_role("button", name="Disable").click()
    expect(row.locator(".tag")).to_have_text("disabled")
    row.get_by_role("button", name="Enable").click()
    expect(row.locator(".tag")).to_have_count(0)
    row.get_by_role("button", name="Reset password").click()
    expect(row.get_by_role("status")).to_contain_text("/#/reset?token=")

    row.get_by_role("button", name="Delete…").click()
    row.get_by_label("Write “erase”").fill("erase")
    row.get_by_role("button", name="Delete Anna").click()
    expect(row).to_have_count(0)


def test_what_was_given_up_is_tried_again_or_let_go(page: Page, site: Server) -> None:
    give_up(site, "analytics.forward", "test.never")
    visit(page, "admin/jobs")

    never = page.locator(".row", has_text="test.never")
    expect(never).to_contain_text("target_failed · 5 tries")
    never.get_by_role("button", name="Discard test.never").click()
    page.get_by_role("dialog").get_by_role("button", name="Discard").click()
    expect(never).to_have_count(0)
    page.get_by_role("button", name="Try again: analytics.forward").click()
    expect(page.locator(".row", has_text="analytics.forward")).to_have_count(0)


def test_how_the_server_is_used_and_how_it_stands_is_seen(page: Page) -> None:
    ask(page, "what is 6 * 7")
    wait_until_answered(page, 1)
    page.wait_for_function(COUNTED)

    visit(page, "admin/analytics")
    expect(page.get_by_role("table", name="Tools")).to_contain_text("100 %")
    expect(page.get_by_role("table", name="How runs ended")).to_contain_text("completed")
    expect(page.locator(".chart canvas")).to_be_visible()
    page.get_by_role("button", name="Waits").click()
    expect(page.get_by_role("table", name="Waits by day")).to_have_count(1)
    visit(page, "admin/usage")
    mine = page.locator(".row", has_text="(you)")
    expect(mine).to_contain_text("plan “free”")
    mine.get_by_text("Change plan").click()
    mine.get_by_label("Plan of").select_option("pro")
    mine.get_by_role("button", name="Put on it").click()
    expect(mine).to_contain_text("plan “pro”")
    mine.get_by_label("Plan of").select_option("free")
    mine.get_by_role("button", name="Put on it").click()
    expect(mine).to_contain_text("plan “free”")
    visit(page, "admin/health")
    expect(page.get_by_role("heading", name="All is well")).to_be_visible()
    expect(page.locator(".stands")).to_contain_text("SQLite")


def test_a_member_sees_no_way_there_and_nothing_there(newcomer: Page, watch: Watch) -> None:
    expect(newcomer.get_by_role("navigation", name="Pages").get_by_role("link", name="Server")).to_have_count(0)

    visit(newcomer, "admin/people")

    expect(newcomer.get_by_role("heading", name="This is not for you")).to_be_visible()
    assert watch.left() == []
