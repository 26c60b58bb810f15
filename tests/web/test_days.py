"""Pages about days: what happens when, and what happened meanwhile."""

import re

import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.web.talking import Held, answer, ask, turn, visit, wait_until_answered

pytestmark = pytest.mark.browser

SEND = """async ([path, body]) => {
  const headers = { "Content-Type": "application/json" };
  return (await fetch(path, { method: "POST", headers, body: JSON.stringify(body) })).json();
}"""


def block(page: Page, title: str) -> Locator:
    return page.locator(".event-block", has_text=title)


def drag(page: Page, block: Locator, *, days: int = 0, hours: int = 0) -> None:
    """Take an event by its head and let it go elsewhere."""
    box = block.bounding_box()
    assert box is not None
    x, y = box["x"] + 20, box["y"] + 10
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + days * box["width"], y + hours * 52, steps=6)
    page.mouse.up()


def test_an_event_is_made_dragged_to_another_time_and_back(page: Page) -> None:
    visit(page, "calendar/week/2027-03-10")

    page.get_by_role("button", name="New event").click()
    page.get_by_label("What").fill("Tea with Ana")
    page.get_by_role("button", name="Add", exact=True).click()
    tea = block(page, "Tea with Ana")
    expect(tea).to_contain_text("09:00")
    expect(page.get_by_role("dialog")).to_have_count(0)
    drag(page, tea, days=1, hours=1)

    expect(tea).to_contain_text("10:00")
    page.get_by_role("button", name="Undo").click()
    expect(tea).to_contain_text("09:00")


def test_one_of_many_is_deleted_and_the_others_stay(page: Page) -> None:
    draft = {"title": "Stand-up", "start": "2027-04-05T09:30", "end": "2027-04-05T10:30", "rule": "FREQ=DAILY;COUNT=5"}
    page.evaluate(SEND, ["/api/v1/events", draft])
    visit(page, "calendar/week/2027-04-07")
    expect(block(page, "Stand-up")).to_have_count(5)

    block(page, "Stand-up").nth(2).click()
    page.get_by_role("button", name="Delete this event").click()
    page.get_by_role("button", name="Only this one").click()

    expect(block(page, "Stand-up")).to_have_count(4)
    page.get_by_role("button", name="Month").click()
    expect(page.locator(".event-chip", has_text="Stand-up")).to_have_count(4)


def test_one_of_many_is_changed_and_then_all(page: Page) -> None:
    draft = {"title": "Choir", "start": "2027-05-03T18:00", "end": "2027-05-03T19:00", "rule": "FREQ=DAILY;COUNT=5"}
    page.evaluate(SEND, ["/api/v1/events", draft])
    visit(page, "calendar/week/2027-05-05")
    expect(block(page, "Choir")).to_have_count(5)

    block(page, "Choir").nth(2).click()
    page.get_by_label("What").fill("Concert")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Only this one").click()
    expect(block(page, "Concert")).to_have_count(1)
    expect(block(page, "Choir")).to_have_count(4)

    block(page, "Choir").first.click()
    page.get_by_label("What").fill("Singing")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="All of them").click()
    expect(block(page, "Singing")).not_to_have_count(0)
    expect(block(page, "Choir")).to_have_count(0)


def test_one_of_many_is_dragged_alone_with_all_or_not_at_all(page: Page) -> None:
    draft = {"title": "Yoga", "start": "2027-06-07T09:00", "end": "2027-06-07T10:00", "rule": "FREQ=DAILY;COUNT=4"}
    page.evaluate(SEND, ["/api/v1/events", draft])
    visit(page, "calendar/week/2027-06-09")
    times = block(page, "Yoga").locator("small")
    expect(times).to_have_text(["09:00"] * 4)

    drag(page, block(page, "Yoga").nth(1), hours=2)
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(times).to_have_text(["09:00"] * 4)
    drag(page, block(page, "Yoga").nth(1), hours=2)
    page.get_by_role("button", name="Only this one").click()
    expect(times).to_have_text(["09:00", "11:00", "09:00", "09:00"])
    expect(page.locator(".toast", has_text="Moved.")).to_have_count(1)

    drag(page, block(page, "Yoga").nth(2), hours=1)
    page.get_by_role("button", name="All of them").click()
    expect(times.nth(0)).to_have_text("10:00")
    expect(times.nth(2)).to_have_text("10:00")
    expect(times.nth(3)).to_have_text("10:00")


def test_what_happens_is_told_at_once_and_counted_until_it_is_read(newcomer: Page) -> None:
    page = newcomer
    news = page.get_by_role("link", name=re.compile("News"))
    page.evaluate(SEND, ["/api/v1/notifications", {"title": "Water the plants", "kind": "reminder"}])

    expect(page.locator(".toast")).to_contain_text("Water the plants")
    expect(news.locator(".badge")).to_contain_text("1")
    news.click()
    page.get_by_role("button", name="Mark Water the plants as read").click()
    expect(news.locator(".badge")).to_have_count(0)
    expect(page.get_by_text("Nothing new")).to_be_visible()

    page.get_by_role("button", name="Ways to reach you").click()
    page.get_by_label("From").fill("22:00")
    page.get_by_label("Until").fill("07:00")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".toast", has_text="Saved.")).to_be_visible()


def test_a_file_is_attached_to_what_is_said(page: Page) -> None:
    boat = FilePayload(name="Boat.txt", mimeType="text/plain", buffer=b"A ketch of eleven metres.")
    page.locator("form input[type=file]").set_input_files([boat])
    expect(page.locator(".choosing progress")).to_have_count(0)
    ask(page, "Count to 3")
    wait_until_answered(page, 1)

    expect(turn(page, 1).get_by_role("link", name="Boat.txt")).to_be_visible()
    page.reload()
    expect(turn(page, 1).get_by_role("link", name="Boat.txt")).to_be_visible()
    expect(answer(page, 1)).to_contain_text("1 2 3")


def test_enter_beside_a_file_on_its_way_waits_for_the_file(page: Page) -> None:
    held = Held(page, "/api/v1/files[?]")
    boat = FilePayload(name="Ship.txt", mimeType="text/plain", buffer=b"A brig of twenty metres.")
    page.locator("form input[type=file]").set_input_files([boat])
    ask(page, "Count to 3")
    expect(page.get_by_text("Sent as soon as its files are here.")).to_be_visible()
    expect(page.locator(".turn")).to_have_count(0)

    held.let_go()

    expect(turn(page, 1).get_by_role("link", name="Ship.txt")).to_be_visible()
    wait_until_answered(page, 1)
    expect(page.locator(".turn")).to_have_count(1)
