"""The page as a person uses it: a real browser on a real server."""

import json
import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.serving import Server
from tests.web.conftest import Watch, fresh_token, restart
from tests.web.talking import answer, ask, counted, turn, wait_for_first_words, wait_until_answered

pytestmark = pytest.mark.browser


def test_a_link_signs_in_and_is_gone_from_the_address(stranger: Page, site: Server) -> None:
    stranger.goto(f"{site.url}/?token={fresh_token(site)}")

    expect(stranger.get_by_label("Message", exact=True)).to_be_focused()
    expect(stranger).to_have_url(f"{site.url}/")
    stranger.reload()
    expect(stranger.get_by_label("Message", exact=True)).to_be_visible()


def test_a_spent_link_says_what_to_do(stranger: Page, site: Server, watch: Watch) -> None:
    watch.forgive("401")

    stranger.goto(f"{site.url}/?token=spent")

    expect(stranger.get_by_role("alert")).to_contain_text("not valid any more")
    expect(stranger.get_by_text("famulus user link")).to_be_visible()


def test_an_answer_streams_with_the_tools_it_used(page: Page) -> None:
    page.get_by_role("button", name="Offline stand-in").click()
    expect(page.get_by_text("OPENAI_BASE_URL")).to_be_visible()
    page.keyboard.press("Escape")

    ask(page, "What time is it?")

    expect(page.locator(".tool")).to_contain_text("Current time")
    expect(page.locator(".tool")).to_contain_text("done")
    expect(answer(page, 1)).to_contain_text("Here is what I found")
    expect(page.locator(".item.here")).to_contain_text("What time is it?")
    expect(page.locator(".item.here .dot")).to_have_count(0)


def test_markup_in_a_conversation_is_shown_as_the_text_it_is(page: Page) -> None:
    markup = "<script>window.pwned = 1</script> <img src=x onerror='window.pwned = 1'> <svg onload='window.pwned = 1'>"

    ask(page, markup)

    expect(answer(page, 1)).to_contain_text(markup)
    expect(turn(page, 1).locator(".bubble")).to_have_text(markup)
    assert page.evaluate("window.pwned ?? null") is None


def test_a_reload_in_mid_answer_goes_on_to_the_same_text(page: Page) -> None:
    ask(page, "What time is it?")
    wait_until_answered(page, 1)
    ask(page, "Count to 60")
    expect(answer(page, 2)).to_contain_text("1 2 3 4 5 6 7 8 9 10")

    page.reload()

    expect(answer(page, 2)).to_have_text(counted(60))
    expect(turn(page, 1).locator(".tool")).to_contain_text("done")
    expect(page.locator(".turn")).to_have_count(2)


def test_a_lost_connection_is_said_and_loses_nothing(page: Page, watch: Watch) -> None:
    watch.forgive("ERR_INTERNET_DISCONNECTED")
    ask(page, "Count to 70")
    expect(answer(page, 1)).to_contain_text("1 2 3")

    page.context.set_offline(True)
    expect(page.get_by_text("cannot be reached")).to_be_visible()
    page.context.set_offline(False)

    expect(answer(page, 1)).to_have_text(counted(70))
    expect(page.get_by_text("cannot be reached")).to_have_count(0)


def test_a_page_that_slept_goes_on_where_it_was(page: Page, site: Server) -> None:
    ask(page, "Count to 150")
    wait_for_first_words(page)
    devtools = page.context.new_cdp_session(page)

    talk = f"{site.url}/api/v1/conversations/{page.url.rpartition('/')[2]}"
    # What a laptop does whose lid is closed, and a phone with a page that nobody looks at.
    devtools.send("Page.setWebLifecycleState", {"state": "frozen"})
    while page.context.request.get(talk).json()["active_run_id"]:
        page.wait_for_timeout(50)
    devtools.send("Page.setWebLifecycleState", {"state": "active"})

    expect(answer(page, 1)).to_have_text(counted(150))
    expect(page.get_by_text("cannot be reached")).to_have_count(0)


def test_an_answer_survives_the_death_of_its_server(page: Page, site: Server, watch: Watch) -> None:
    watch.forgive("ERR_")
    ask(page, "Count to 120")
    wait_for_first_words(page)

    site.kill()
    expect(page.get_by_text("cannot be reached")).to_be_visible()
    restart(site)

    expect(answer(page, 1).last).to_have_text(counted(120))
    expect(turn(page, 1)).to_contain_text("Interrupted here.")
    expect(page.locator(".turn")).to_have_count(1)


def test_stop_keeps_what_was_said_and_what_was_queued(page: Page) -> None:
    ask(page, "Count to 5000")
    expect(answer(page, 1)).to_contain_text("1 2 3")
    ask(page, "What is 17 * 23?")
    expect(turn(page, 2)).to_contain_text("Queued")

    page.keyboard.press("Escape")

    expect(turn(page, 1)).to_contain_text("Stopped here.")
    expect(answer(page, 2)).to_contain_text("391")
    page.reload()
    expect(turn(page, 1)).to_contain_text("Stopped here.")
    expect(turn(page, 2).locator(".tool")).to_contain_text("Calculator")


def test_a_message_whose_receipt_is_lost_is_sent_again_and_kept_once(page: Page, watch: Watch) -> None:
    watch.forgive("ERR_FAILED")
    sent: list[str] = []

    def lose_the_first_receipt(route: Route) -> None:
        sent.append(json.loads(route.request.post_data or "")["client_message_id"])
        response = route.fetch()
        if len(sent) == 1:
            route.abort()
        else:
            route.fulfill(response=response)

    page.route(re.compile(r"/runs$"), lose_the_first_receipt)

    ask(page, "Count to 5")
    expect(answer(page, 1)).to_have_text(counted(5))
    page.reload()

    expect(answer(page, 1)).to_have_text(counted(5))
    expect(page.locator(".turn")).to_have_count(1)
    assert len(sent) == 2
    assert len(set(sent)) == 1


def test_a_conversation_is_renamed_starred_and_deleted(page: Page) -> None:
    ask(page, "Count to 2")
    wait_until_answered(page, 1)
    expect(page.locator(".item.here")).to_contain_text("Count to 2")
    more = page.locator(".item.here").get_by_role("button")

    more.click()
    page.get_by_role("button", name="Rename").click()
    page.get_by_label("Title").fill("Two numbers")
    page.keyboard.press("Enter")
    more.click()
    with page.expect_response(lambda answer: answer.request.method == "PATCH" and answer.json().get("starred") is True):
        page.get_by_role("button", name="Star", exact=True).click()

    starred = page.locator("section", has=page.get_by_role("heading", name="Starred"))
    expect(starred).to_contain_text("Two numbers")
    page.reload()
    expect(starred).to_contain_text("Two numbers")
    expect(page.get_by_role("heading", name="Two numbers")).to_be_visible()

    more.click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Two numbers")).to_have_count(0)
    expect(page.locator(".turn")).to_have_count(0)


def test_an_invited_person_joins_and_sees_nothing_of_others(page: Page, stranger: Page) -> None:
    ask(page, "Count to 3")
    wait_until_answered(page, 1)
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("link", name="People").click()
    page.get_by_role("button", name="Make a link").click()

    stranger.goto(page.locator(".secret code").inner_text())
    stranger.get_by_label("Name").fill("Ana")
    stranger.get_by_label("E-mail").fill("ana@example.org")
    stranger.get_by_label("Password").fill("a horse beside a battery")
    stranger.get_by_role("button", name="Join").click()

    expect(stranger.get_by_text("Your conversations will be kept here.")).to_be_visible()
    stranger.get_by_role("link", name="Settings").click()
    stranger.get_by_role("button", name="Sign out").click()
    expect(stranger.get_by_role("heading", name="Welcome back")).to_be_visible()
    stranger.get_by_label("E-mail").fill("ana@example.org")
    stranger.get_by_label("Password").fill("a horse beside a battery")
    stranger.get_by_role("button", name="Sign in").click()
    expect(stranger.get_by_label("Message", exact=True)).to_be_visible()


def test_a_key_made_on_the_page_is_shown_once_and_opens_the_api(page: Page, stranger: Page, site: Server) -> None:
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("link", name="API keys").click()
    page.get_by_label("What is it for?").fill("Backup")
    page.get_by_role("button", name="Create key").click()
    secret = page.locator(".secret code").inner_text()

    bearer = {"Authorization": f"Bearer {secret}"}
    assert stranger.request.get(f"{site.url}/api/v1/conversations", headers=bearer).ok

    page.get_by_role("button", name="Revoke Backup").click()
    expect(page.get_by_role("button", name="Revoke Backup")).to_have_count(0)
    assert stranger.request.get(f"{site.url}/api/v1/conversations", headers=bearer).status == 401


def test_a_phone_has_room_for_everything(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 640})
    ask(page, "What time is it?")
    wait_until_answered(page, 1)

    page.get_by_role("button", name="Show conversations and pages").click()
    page.get_by_role("navigation").get_by_role("button", name="New conversation", exact=True).click()

    expect(page.get_by_text("Write a message below")).to_be_visible()
    # What slides in or out may stand out meanwhile.
    page.wait_for_function("() => document.documentElement.scrollWidth === 360")


def test_a_forgotten_password_is_asked_for_and_a_spent_link_says_so(stranger: Page, site: Server, watch: Watch) -> None:
    watch.forgive("401|409")
    stranger.goto(f"{site.url}/#/forgotten")
    stranger.get_by_label("E-mail").fill("anna@example.org")
    stranger.get_by_role("button", name="Send me a link").click()
    expect(stranger.get_by_role("alert")).to_contain_text("famulus user link")

    stranger.goto(f"{site.url}/#/reset?token=spent")
    stranger.get_by_label("New password").fill("a long enough one")
    stranger.get_by_role("button", name="Set password").click()
    expect(stranger.get_by_role("alert")).to_contain_text("not valid any more")
