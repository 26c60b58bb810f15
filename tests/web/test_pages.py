"""Each page does what it is there for."""

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.web.talking import visit

pytestmark = pytest.mark.browser


def test_a_memory_is_added_put_right_brought_back_and_forgotten(page: Page) -> None:
    visit(page, "memory")

    page.get_by_role("button", name="Add").click()
    page.get_by_label("What should be remembered?").fill("I keep hens on the roof.")
    page.get_by_role("button", name="Remember", exact=True).click()
    row = page.locator(".row", has_text="hens")
    row.get_by_role("button", name="Change").click()
    row.get_by_label("Memory").fill("I keep hens in the garden.")
    row.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("in the garden")

    row.get_by_role("button", name="Earlier versions").click()
    row.get_by_role("button", name="Bring back").click()
    expect(row.locator(".remembered")).to_have_text("I keep hens on the roof.")
    page.get_by_label("Search your memories").fill("garden hens")
    expect(row).to_be_visible()
    row.get_by_role("button", name="Forget").click()
    page.get_by_role("dialog").get_by_role("button", name="Forget").click()
    expect(row).to_have_count(0)


def test_a_goal_is_set_and_its_steps_are_ticked_in_list_and_picture(page: Page) -> None:
    visit(page, "goals")

    page.get_by_role("button", name="New goal").click()
    page.get_by_label("What do you want to reach?").fill("Learn to bake bread")
    page.get_by_label("First steps, one a line").fill("Buy flour\nKeep a sourdough")
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_role("heading", name="Learn to bake bread", level=1)).to_be_visible()

    picture = page.get_by_label("The roadmap as a picture")
    picture.get_by_role("button", name="Buy flour").click()
    expect(page.get_by_role("img", name="50 percent: 1 of 2 steps")).to_be_visible()
    page.get_by_role("checkbox", name="Keep a sourdough").click()
    expect(page.get_by_role("img", name="100 percent: 2 of 2 steps")).to_be_visible()
    page.get_by_role("button", name="Add a step").click()
    page.get_by_label("Step", exact=True).fill("Bake one a week")
    page.get_by_role("button", name="Add step").click()
    expect(picture.get_by_role("button", name="Bake one a week")).to_be_visible()

    page.get_by_label("When should you be asked how far it is?").fill("every other Friday at 9")
    page.get_by_role("button", name="Ask me").click()
    expect(page.locator(".row", has_text="Every 2 weeks on Fri")).to_contain_text("09:00 (UTC)")

    visit(page, "goals")
    # Ticked, it leaves the list: there is no box left that could be seen to be ticked.
    page.get_by_role("checkbox", name="Bake one a week").click()
    expect(page.get_by_role("checkbox", name="Bake one a week")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("checkbox", name="Bake one a week")).to_be_visible()


def test_a_file_is_uploaded_found_by_what_it_says_and_deleted(page: Page) -> None:
    visit(page, "files")

    said = b"The ketch lies in Cascais and is eleven metres."
    letter = FilePayload(name="Sailing.txt", mimeType="text/plain", buffer=said)
    page.locator("input[type=file]").set_input_files([letter])
    row = page.locator(".row", has_text="Sailing.txt")
    expect(row).to_contain_text("47 bytes")
    expect(row.locator(".tag")).to_have_count(0)
    page.get_by_label("Search your files").fill("ketch")
    expect(row.locator(".passage")).to_contain_text("lies in Cascais")

    with page.expect_download() as downloading:
        row.get_by_role("link", name="Download Sailing.txt").click()
    assert downloading.value.suggested_filename == "Sailing.txt"
    row.get_by_role("button", name="Delete Sailing.txt").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)


MARKUP = "<img src=x onerror='window.pwned=1'><svg onload='window.pwned=1'>"
MAKE = """async (markup) => {
  const post = (path, body, kind = "application/json") =>
    fetch(path, { method: "POST", headers: { "Content-Type": kind }, body });
  const send = async (path, body) => (await post(path, JSON.stringify(body))).json();
  const me = await (await fetch("/api/v1/users/me")).json();
  const goal = await send("/api/v1/goals", { title: markup, description: markup, steps: [markup] });
  await send(`/memories/${me.id}`, { text: markup, speaker: markup });
  const talk = await send("/api/v1/conversations", { title: markup });
  const name = encodeURIComponent(markup + ".html");
  const page = `<script>window.pwned=1</script>${markup}`;
  const file = await post(`/api/v1/files?name=${name}`, page, "application/octet-stream");
  await send("/api/v1/events", { title: markup, place: markup, start: "2027-08-02T10:00", end: "2027-08-02T12:00" });
  const schedule = { kind: "phrase", text: "every Monday at 9" };
  await send("/api/v1/reminders", { title: markup, note: markup, schedule });
  await send("/api/v1/notifications", { title: markup, body: markup });
  const message = `use recall ${JSON.stringify({ about: markup })}`;
  await send(`/api/v1/conversations/${talk.id}/runs`, { message });
  return [goal.id, talk.id, file.status];
}"""


def test_markup_in_what_people_name_and_tools_say_is_text(page: Page) -> None:
    goal, talk, status = page.evaluate(MAKE, MARKUP)

    assert status == 201
    days = ("calendar/day/2027-08-02", "calendar/month/2027-08-02", "reminders", "notifications", "search?q=onerror")
    for path in ("goals", f"goals/{goal}", "memory", "files", *days, f"c/{talk}"):
        visit(page, path)
        expect(page.get_by_text("onerror=").first).to_be_visible()
        assert page.evaluate("window.pwned ?? null") is None, path
        expect(page.locator("main img[src=x], main svg[onload]")).to_have_count(0)
    expect(page.locator(".tool")).to_contain_text("done")
    page.locator(".tool summary").click()
    assert page.evaluate("window.pwned ?? null") is None
