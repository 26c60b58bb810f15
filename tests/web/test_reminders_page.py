"""Reminders on the page: made in words after a look at what comes of them, put off, stopped, looked back on."""

import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import Watch
from tests.web.talking import visit
from tests.web.test_looks import look

pytestmark = pytest.mark.browser


@pytest.fixture
def page(newcomer: Page) -> Page:
    """The page of somebody who has nothing to be reminded of yet."""
    return newcomer


def test_a_reminder_is_looked_at_before_it_is_kept_and_then_paused_moved_and_cancelled(
    page: Page, watch: Watch
) -> None:
    watch.forgive("422")
    visit(page, "reminders")

    page.get_by_role("button", name="New reminder").click()
    page.get_by_label("Remind me of").fill("Bake bread")
    page.get_by_label("When", exact=True).fill("some time")
    expect(page.locator(".coming")).to_contain_text("not understood")
    page.get_by_label("When", exact=True).fill("every other Friday at 14:00")
    expect(page.locator(".coming li")).to_have_count(3)
    expect(page.locator(".coming li").first).to_contain_text("Friday")
    problems = look(page, "reminders-new")
    page.get_by_role("button", name="Remind me").click()

    row = page.locator(".row", has_text="Bake bread")
    expect(row).to_contain_text("Every 2 weeks on Fri")
    expect(row).to_contain_text("14:00 (UTC)")
    row.get_by_role("button", name="Pause").click()
    expect(row).to_have_count(0)
    page.get_by_role("button", name="Paused", exact=True).click()
    row.get_by_role("button", name="Resume").click()
    page.get_by_role("button", name="Coming").click()
    row.get_by_role("link", name="Bake bread").click()

    expect(page.locator(".times li")).to_have_count(5)
    page.get_by_role("button", name="Change the reminder").click()
    page.get_by_role("button", name="At another time").click()
    page.get_by_role("button", name="Again and again").click()
    page.get_by_label("Mon").check()
    page.get_by_label("Thu").check()
    expect(page.locator(".coming li")).to_have_count(3)
    problems += look(page, "reminder-changed")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Every week on Mon, Thu")).to_be_visible()
    page.get_by_role("button", name="Cancel Bake bread").click()
    expect(page.locator(".panel strong", has_text="Cancelled")).to_be_visible()
    assert problems == []


def test_what_was_said_is_listed_and_said_again_later(page: Page) -> None:
    visit(page, "reminders")
    page.get_by_role("button", name="New reminder").click()
    page.get_by_label("Remind me of").fill("Tea is ready")
    page.get_by_label("When", exact=True).fill("in 1 second")
    page.get_by_role("button", name="Remind me").click()
    expect(page.locator(".toast", has_text="Tea is ready")).to_be_visible()

    page.get_by_role("button", name="All", exact=True).click()
    row = page.locator(".row", has_text="Tea is ready")
    row.get_by_role("button", name="Snooze").click()
    page.get_by_role("dialog").get_by_role("button", name="In an hour").click()
    expect(page.locator(".toast", has_text="Again on")).to_be_visible()
    row.get_by_role("link", name="Tea is ready").click()

    expect(page.locator(".row", has_text="said")).to_have_count(1)
    assert look(page, "reminder") == []
    page.get_by_role("button", name="Delete the reminder").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="Reminders", level=1)).to_be_visible()


def test_the_palette_leads_to_reminders(page: Page) -> None:
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").fill("remind")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Reminders", level=1)).to_be_visible()
