"""What was said long ago is found as one types, and gone to."""

import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

SAY = """async ([before, after]) => {
  const send = async (path, body) => (await fetch(`/api/v1/${path}`, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) })).json();
  const talk = await send("conversations", { title: "Heating" });
  const say = (message) => send(`conversations/${talk.id}/runs`, { message, policy: "enqueue" });
  for (let number = 0; number < before; number += 1) await say(`remark number ${number}`);
  await say("The Bøiler hums since Tuesday 🦆.");
  for (let number = 0; number < after; number += 1) await say(`remark after it ${number}`);
  await send("goals", { title: "Replace the bøiler" });
  return talk.id;
}"""


@pytest.fixture
def talk(page: Page) -> str:
    """A conversation in which something was said before much else."""
    made: str = page.evaluate(SAY, [2, 40])
    return made


def test_a_message_is_found_as_one_types_and_gone_to(page: Page, talk: str) -> None:
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").type("hums tues")
    hit = page.get_by_role("option", name=re.compile("hums since Tuesday"))
    expect(hit).to_have_count(1)
    assert hit.locator("mark").all_inner_texts() == ["hums", "Tuesday"]

    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile(f"#/c/{talk}\\?at=msg_"))
    said = page.locator(".turn.arrived .bubble")
    expect(said).to_have_text("The Bøiler hums since Tuesday 🦆.")
    expect(said).to_be_in_viewport()


def test_everything_is_found_on_a_page_of_its_own_and_narrowed_down(page: Page, talk: str) -> None:
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").fill("bøiler")
    page.get_by_role("option", name="All that has “bøiler”").click()

    hits = page.locator(".hit")
    expect(hits.filter(has_text="Replace the bøiler").first).to_be_visible()
    expect(hits.filter(has_text="hums since").first.locator("mark")).to_have_text("Bøiler")
    page.get_by_role("group", name="Kind").get_by_role("button", name="Goals").click()
    expect(hits.filter(has_text="hums since")).to_have_count(0)
    expect(page).to_have_url(re.compile("kinds=goal"))

    page.get_by_label("Search everything").fill("zzz nothing has this")
    expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()
    page.get_by_label("Search everything").fill('"replace the bøiler"')
    hits.first.get_by_role("link").click()
    expect(page.get_by_role("heading", name="Replace the bøiler", level=1)).to_be_visible()
