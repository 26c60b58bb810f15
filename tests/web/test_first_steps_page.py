"""Somebody new is asked a few questions, if they like: one at a time, left out or answered, and resumed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.serving import Server
from tests.web.axe import barriers
from tests.web.conftest import Watch
from tests.web.talking import answer, ask, wait_until_answered

pytestmark = pytest.mark.browser

ARTEFACTS = Path(__file__).parents[1] / "artefacts" / "web"
DESK = {"width": 1280, "height": 820}
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def seen(newcomer: Page) -> Iterator[list[str]]:
    """What keeps somebody out, on any of the screens that are looked at."""
    found: list[str] = []
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    yield found
    assert found == []


def look(page: Page, name: str, found: list[str]) -> None:
    """Keep pictures of what is shown, in the light on a desk and in the dark on a phone; is anybody kept out?"""
    for scheme, size in (("light", DESK), ("dark", PHONE)):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # the words it knows
        page.set_viewport_size(size)  # type: ignore[arg-type]  # a size
        found += [f"{name} {scheme} {size['width']}: {one}" for one in barriers(page)]
        wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert not wide, name
        page.screenshot(path=ARTEFACTS / f"start-{name}-{scheme}-{size['width']}.png")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(DESK)  # type: ignore[arg-type]  # a size


def test_from_the_invitation_through_the_questions_to_the_first_conversation(newcomer: Page, seen: list[str]) -> None:
    page = newcomer
    look(page, "card", seen)
    page.get_by_role("link", name="Begin").click()

    expect(page.get_by_role("heading", name="Nice to meet you")).to_be_focused()
    page.get_by_label("What should I call you?").fill("Zoë 林")
    page.get_by_label("What do you do?").fill("Astronaut")
    page.get_by_label("Brief").check()
    look(page, "preferences", seen)
    page.get_by_role("button", name="Continue").click()

    expect(page.get_by_role("heading", name="Who should answer?")).to_be_focused()
    page.get_by_role("button", name="Test this model").click()
    expect(page.get_by_role("status").filter(has_text="no language model")).to_be_visible()
    look(page, "model", seen)
    page.reload()
    page.get_by_role("button", name="Continue").click()

    expect(page.get_by_role("heading", name="What should I know about you?")).to_be_visible()
    page.get_by_label("One thing a line").fill("My ship is called Tern.\nI am afraid of heights.")
    page.get_by_role("button", name="Remember").click()

    expect(page.get_by_role("heading", name="Is there something not to forget?")).to_be_visible()
    page.get_by_role("button", name="Skip this question").click()
    expect(page.get_by_role("heading", name="That is all, Zoë 林")).to_be_visible()
    look(page, "done", seen)
    page.get_by_role("link", name="To your first conversation").click()

    expect(page.get_by_label("First steps")).to_have_count(0)
    ask(page, "hello")
    wait_until_answered(page, 1)
    expect(answer(page, 1)).not_to_be_empty()
    page.goto(page.url.partition("#")[0] + "#/memory")
    expect(page.get_by_text("My ship is called Tern.")).to_be_visible()


def test_whoever_does_not_want_to_be_asked_is_not_asked_again(newcomer: Page) -> None:
    page = newcomer

    page.get_by_role("button", name="Not now").click()
    expect(page.get_by_label("First steps")).to_have_count(0)
    page.reload()
    page.get_by_label("Message", exact=True).wait_for()
    expect(page.get_by_label("First steps")).to_have_count(0)

    page.goto(page.url.partition("#")[0] + "#/settings")
    page.get_by_role("link", name="The first questions").click()
    expect(page.get_by_role("heading", name="Nice to meet you")).to_be_visible()


def test_the_settings_take_everything_out_and_bring_it_back(newcomer: Page, seen: list[str], tmp_path: Path) -> None:
    page = newcomer
    ask(page, "hello")
    wait_until_answered(page, 1)
    page.goto(page.url.partition("#")[0] + "#/settings/end")
    look(page, "archive", seen)

    with page.expect_download() as downloading:
        page.get_by_role("link", name="Export everything").click()
    kept = tmp_path / "mine.zip"
    downloading.value.save_as(kept)
    page.get_by_label("Bring it in from another Famulus").set_input_files(kept)
    page.get_by_role("button", name="Import").click()

    expect(page.get_by_text("Everything in it was here already.")).to_be_visible()
    page.goto(page.url.partition("#")[0] + "#/settings")
    page.get_by_label("What do you do?").fill("Astronaut")
    page.get_by_label("Formal").check()
    page.get_by_role("button", name="Save answers").click()
    expect(page.locator(".toast", has_text="Saved.")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Formal")).to_be_checked()


def test_an_address_is_changed_by_whoever_knows_the_password_and_a_spent_link_says_so(
    newcomer: Page, stranger: Page, site: Server, watch: Watch, seen: list[str]
) -> None:
    watch.forgive("403|401")
    page = newcomer
    page.goto(f"{site.url}/#/settings/security")
    section = page.get_by_role("region", name="E-mail")
    section.get_by_label("New address").fill("somebody.new@example.org")
    section.get_by_role("button", name="Change address").click()
    expect(section.get_by_role("alert")).to_contain_text("password")
    section.get_by_label("Your password").fill("a long enough one")
    section.get_by_role("button", name="Change address").click()
    expect(section.get_by_text("You sign in with somebody.new@example.org.")).to_be_visible()
    look(page, "address", seen)

    stranger.goto(f"{site.url}/#/address?token=spent")
    stranger.get_by_role("button", name="Yes, it is mine").click()
    expect(stranger.get_by_role("alert")).to_contain_text("not valid any more")
