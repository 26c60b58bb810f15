"""What a person does with a conversation: change, ask again, find, go on after an outage."""

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.serving import Server
from tests.web.conftest import Watch, restart
from tests.web.talking import Held, answer, ask, counted, turn, wait_until_answered

pytestmark = pytest.mark.browser


def test_a_message_is_edited_and_what_came_after_it_leaves(page: Page) -> None:
    ask(page, "Count to 3")
    wait_until_answered(page, 1)
    ask(page, "Count to 4")
    wait_until_answered(page, 2)

    turn(page, 1).hover()
    turn(page, 1).get_by_role("button", name="Edit and send again").click()
    page.get_by_label("Your message").fill("Count to 5")
    page.keyboard.press("Enter")

    expect(answer(page, 1)).to_have_text(counted(5))
    expect(page.locator(".turn")).to_have_count(1)
    page.reload()
    expect(answer(page, 1)).to_have_text(counted(5))
    expect(page.locator(".turn")).to_have_count(1)


def test_an_answer_under_way_is_stopped_when_its_question_is_edited(page: Page) -> None:
    ask(page, "Count to 5000")
    expect(answer(page, 1)).to_contain_text("1 2 3")

    page.keyboard.press("ArrowUp")
    page.get_by_label("Your message").fill("Count to 2")
    page.keyboard.press("Enter")

    expect(answer(page, 1)).to_have_text(counted(2))
    expect(page.locator(".turn")).to_have_count(1)


def test_an_answer_is_made_once_more(page: Page) -> None:
    ask(page, "What time is it?")
    wait_until_answered(page, 1)
    before = answer(page, 1).inner_text()
    run = page.locator(".facts")

    turn(page, 1).get_by_role("button", name="Answer once more").click()
    expect(page.locator(".turn")).to_have_count(1)
    wait_until_answered(page, 1)
    turn(page, 1).get_by_role("button", name="How this answer was made").click()

    expect(run).to_contain_text("offline")
    expect(run).to_contain_text("tokens")
    assert before.startswith("Here is what I found")


def test_what_is_sent_during_an_outage_is_kept_and_sent_when_it_ends(page: Page, site: Server, watch: Watch) -> None:
    watch.forgive("ERR_")
    ask(page, "Count to 2")
    wait_until_answered(page, 1)

    site.kill()
    ask(page, "Count to 3")
    expect(turn(page, 2)).to_contain_text("Kept here, and sent as soon as")
    expect(page.get_by_text("cannot be reached. What you send is kept")).to_be_visible()
    restart(site)

    expect(answer(page, 2)).to_have_text(counted(3))
    expect(page.get_by_text("cannot be reached")).to_have_count(0)
    expect(page.locator(".turn")).to_have_count(2)


def test_what_is_said_before_a_conversation_is_there_stays_with_it(page: Page) -> None:
    ask(page, "Count to 2")
    wait_until_answered(page, 1)
    held = Held(page, "/messages[?]")
    page.reload()
    ask(page, "Count to 3")
    expect(answer(page, 1)).to_have_text(counted(3))

    held.let_go()

    expect(answer(page, 1)).to_have_text(counted(2))
    expect(answer(page, 2)).to_have_text(counted(3))
    expect(page.locator(".turn")).to_have_count(2)
    expect(page.get_by_text("Not sent.")).to_have_count(0)


def test_another_tab_sees_the_answer_as_it_is_made(page: Page, signed_in: BrowserContext, watch: Watch) -> None:
    ask(page, "Count to 80")
    expect(answer(page, 1)).to_contain_text("1 2 3")

    other = signed_in.new_page()
    watch.over(other)
    other.goto(page.url)

    expect(answer(other, 1)).to_contain_text("1 2 3")
    expect(answer(other, 1)).to_have_text(counted(80))
    expect(answer(page, 1)).to_have_text(counted(80))
    other.close()


def test_the_palette_goes_anywhere_by_keys_alone(page: Page) -> None:
    ask(page, "Count to 7, slowly")
    wait_until_answered(page, 1)
    expect(page.locator(".item.here")).to_contain_text("Count to 7, slowly")
    conversation = page.url

    page.keyboard.press("Control+k")
    page.keyboard.type("settings")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Settings", level=1)).to_be_focused()
    page.keyboard.press("Control+k")
    page.keyboard.type("slowly")
    page.keyboard.press("Enter")

    expect(page).to_have_url(conversation)
    expect(answer(page, 1)).to_have_text(counted(7))
    page.keyboard.press("Control+/")
    expect(page.get_by_role("dialog")).to_contain_text("New conversation")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_conversation_is_pinned_and_found_by_its_title(page: Page) -> None:
    ask(page, "Count to 6 for the pinned one")
    wait_until_answered(page, 1)

    page.locator(".item.here").get_by_role("button").click()
    page.get_by_role("button", name="Pin", exact=True).click()

    expect(page.locator("section", has=page.get_by_role("heading", name="Pinned"))).to_contain_text("pinned one")
    page.locator(".item.here").get_by_role("button").click()
    page.get_by_role("button", name="Unpin").click()
    expect(page.get_by_role("heading", name="Pinned", exact=True)).to_have_count(0)


def test_the_dark_is_chosen_and_stays(page: Page) -> None:
    page.goto(re.sub("#.*", "", page.url) + "#/settings")
    page.get_by_role("button", name="Dark").click()

    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_role("button", name="As the system").click()
    expect(page.locator("html")).not_to_have_attribute("data-theme", "dark")


def test_an_answer_says_what_it_knew_and_it_can_be_forgotten(page: Page, watch: Watch) -> None:
    # What was forgotten is asked for, and is not there.
    watch.forgive("404")
    bees = {"text": "I keep bees on the roof.", "pinned": True}
    page.evaluate(
        """async (memory) => {
          const me = await (await fetch("/api/v1/users/me")).json();
          const headers = { "Content-Type": "application/json" };
          await fetch(`/memories/${me.id}`, { method: "POST", headers, body: JSON.stringify(memory) });
        }""",
        bees,
    )
    ask(page, "Tell me about the bees on my roof.")
    wait_until_answered(page, 1)
    page.get_by_role("button", name="Why do you know this?").click()

    told = page.get_by_label("What it knew of you")
    expect(told).to_contain_text("I keep bees on the roof.")
    expect(told).to_contain_text("you pinned it")
    told.get_by_role("button", name="Forget").first.click()
    expect(told).to_contain_text("Something that was forgotten since.")
