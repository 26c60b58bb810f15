"""Long conversations and long answers: what is measured is kept beside the pictures."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.serving import Server
from tests.web.conftest import SLOWER, Watch, begin, restart
from tests.web.measuring import busy, slowness
from tests.web.talking import answer, ask, counted, wait_until_answered

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(SLOWER > 1, reason="nothing is measured in a browser that is made slower than it is"),
]

ARTEFACTS = Path(__file__).parents[1] / "artefacts" / "web"
MESSAGES = 2_000
WORDS = 12_000
# Sixty frames a second, and nothing that holds up a key for longer than is felt.
FRAME_MILLISECONDS = 1_000 / 60
FELT_MILLISECONDS = 100
FRAMES = 240
SCROLL = """async () => {
  const box = document.querySelector(".scroller");
  const frames = [];
  let most = 0;
  for (let last = performance.now(); frames.length < FRAMES; ) {
    box.scrollTop -= 300;
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    frames.push(now - last);
    last = now;
    most = Math.max(most, document.querySelectorAll(".turn .said").length);
  }
  frames.sort((one, other) => one - other);
  const turns = document.querySelectorAll(".turn").length;
  return { median: frames[FRAMES / 2], p95: frames[FRAMES * 0.95], most, turns };
}""".replace("FRAMES", str(FRAMES))
READY = """new MutationObserver((_, observer) => {
  if (!document.querySelector("#message")) return;
  window.readyAfter = performance.now();
  observer.disconnect();
}).observe(document, { childList: true, subtree: true })"""
CARRIED = """() => ["navigation", "resource"].flatMap((kind) => performance.getEntriesByType(kind))
  .reduce((sum, { transferSize }) => sum + transferSize, 0)"""


@pytest.fixture(scope="module")
def quick(site: Server) -> Iterator[Server]:
    """The server, whose stand-in speaks as fast as a fast model."""
    site.stop()
    restart(site, "2000")
    yield site
    site.stop()
    restart(site)


def keep(name: str, measured: Any) -> None:
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    (ARTEFACTS / f"{name}.json").write_text(json.dumps(measured))


def lengthen(site: Server, thread_id: str) -> None:
    """Put years of talk before what was said: rows, as the server writes them."""
    with sqlite3.connect(site.folder / "data" / "famulus.db", timeout=30) as database:
        database.row_factory = sqlite3.Row
        question, reply = (
            dict(row)
            for row in database.execute(
                "SELECT * FROM messages WHERE conversation_id = ? ORDER BY position", [thread_id]
            )
        )
        columns = list(question)
        statement = f"INSERT INTO messages ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
        for number in range(MESSAGES // 2):
            for offset, row in enumerate((question, reply)):
                fields = {
                    "id": f"msg_{number:06}{offset}", "run_id": f"run_{number:06}", "text": f"Number {number}. " * 30,
                    "position": -2 * MESSAGES + 2 * number + offset,
                }  # fmt: skip
                database.execute(statement, list((row | fields).values()))


def test_a_conversation_of_thousands_of_messages_is_drawn_where_it_is_read(
    browser: Browser, signed_in: BrowserContext, site: Server, quick: Server, watch: Watch
) -> None:
    # The rows are of runs that there are not: their steps are asked for, and not found.
    watch.forgive("404|422")
    page = begin(signed_in, watch, site)
    ask(page, "Count to 3")
    wait_until_answered(page, 1)
    page.wait_for_url("**/#/c/*")
    lengthen(site, page.url.rpartition("/")[2])

    page.reload()
    expect(page.get_by_text("1 2 3").last).to_be_visible()
    times = slowness(browser, page)
    with busy(browser, page) as found:
        measured = page.evaluate(SCROLL)
    a_frame = sum(found.tasks) / FRAMES
    keep("scrolling", {**measured, "busy_a_frame": a_frame, "longest_task": found.longest, "slowness": times})

    assert measured["turns"] > 60
    assert measured["most"] < 80
    assert a_frame < FRAME_MILLISECONDS * times
    assert found.longest < FELT_MILLISECONDS * times
    page.close()


def test_an_answer_of_many_thousand_words_streams_without_freezing(
    browser: Browser, signed_in: BrowserContext, site: Server, quick: Server, watch: Watch
) -> None:
    page = begin(signed_in, watch, site)
    times = slowness(browser, page)

    with busy(browser, page) as found:
        ask(page, f"Count to {WORDS}")
        expect(answer(page, 1)).to_contain_text(f"{WORDS - 1} {WORDS}", timeout=120_000)
        wait_until_answered(page, 1)
    longest = sorted(found.tasks, reverse=True)[:5]
    keep("streaming", {"longest_tasks": longest, "slowness": times})

    expect(answer(page, 1)).to_have_text(counted(WORDS))
    assert found.longest < FELT_MILLISECONDS * times
    page.close()


def test_the_first_load_is_small_and_asks_little_of_the_browser(
    browser: Browser, signed_in: BrowserContext, site: Server, watch: Watch
) -> None:
    # A browser that was never here before: nothing is in its cache.
    context = browser.new_context(storage_state=signed_in.storage_state())
    page = context.new_page()
    watch.over(page)
    page.add_init_script(READY)
    times = slowness(browser, page)

    with busy(browser, page) as found:
        page.goto(site.url)
        expect(page.get_by_label("Message", exact=True)).to_be_focused()
    ready, carried = page.evaluate("window.readyAfter"), page.evaluate(CARRIED)
    keep("loading", {"ready_after": ready, "busy": sum(found.tasks), "bytes": carried, "slowness": times})

    assert carried <= 200_000
    assert sum(found.tasks) < 1_000 * times
    context.close()
