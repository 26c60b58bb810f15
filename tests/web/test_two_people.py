"""Two people on one server: neither sees anything of the other, wherever they look."""

import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import Watch
from tests.web.talking import ask, visit, wait_until_answered

pytestmark = pytest.mark.browser

WORD = "Zanzibar"
MAKE = """async (word) => {
  const headers = { "Content-Type": "application/json" };
  const post = (path, body, headers) => fetch(path, { method: "POST", headers, body });
  const send = async (path, body) => (await post(path, JSON.stringify(body), headers)).json();
  const me = await (await fetch("/api/v1/users/me")).json();
  const goal = await send("/api/v1/goals", { title: word, steps: [word] });
  const memory = await send(`/memories/${me.id}`, { text: `I was in ${word}.` });
  await send("/api/v1/events", { title: word, start: "2027-09-06T10:00", end: "2027-09-06T11:00" });
  const schedule = { kind: "phrase", text: "every Monday at 9" };
  const reminder = await send("/api/v1/reminders", { title: word, schedule });
  await send("/api/v1/notifications", { title: word });
  const raw = { "Content-Type": "application/octet-stream" };
  const file = await (await post(`/api/v1/files?name=${word}.txt`, word, raw)).json();
  const memories = Array.isArray(memory.data) ? memory.data : [memory];
  return { goal: goal.id, memory: memories[0].id, reminder: reminder.id, file: file.data[0].id };
}"""


def test_nothing_of_one_person_is_seen_by_another(page: Page, newcomer: Page, watch: Watch) -> None:
    # What is not theirs is not there.
    watch.forgive("404")
    ask(page, f"Tell me about {WORD}")
    wait_until_answered(page, 1)
    page.wait_for_url("**/#/c/*")
    talk = page.url.rpartition("/")[2]
    made = page.evaluate(MAKE, WORD)
    visit(page, "goals")
    expect(page.get_by_text(WORD).first).to_be_visible()

    places = ["goals", "memory", "calendar/day/2027-09-06", "reminders", "notifications", "files", f"search?q={WORD}"]
    for place in places:
        visit(newcomer, place)
        expect(newcomer.locator("main")).not_to_be_empty()
        expect(newcomer.locator("main li, main .event-block").filter(has_text=WORD)).to_have_count(0)
    for place in (
        f"goals/{made['goal']}",
        f"memory/{made['memory']}",
        f"reminders/{made['reminder']}",
        f"files/{made['file']}",
    ):
        visit(newcomer, place)
        expect(newcomer.get_by_role("alert")).to_contain_text("There is no such")
    visit(newcomer, f"c/{talk}")
    expect(newcomer.get_by_role("heading", name="There is no such conversation")).to_be_visible()
    expect(newcomer.locator(".item")).to_have_count(0)
