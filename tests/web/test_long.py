"""Long conversations and long answers: what is measured is kept beside the pictures."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.serving import Server
from tests.web.conftest import Watch, restart
from tests.web.talking import answer, ask, counted, wait_until_answered

pytestmark = pytest.mark.browser

ARTEFACTS = Path(__file__).parents[1] / "artefacts" / "web"
MESSAGES = 2_000
WORDS = 12_000
OBSERVE = """() => {
  window.tasks = [];
  new PerformanceObserver((list) => window.tasks.push(...list.getEntries().map(({ duration }) => Math.round(duration))))
    .observe({ type: "longtask" });
}"""
SCROLL = """async () => {
  const box = document.querySelector(".scroller");
  const frames = [];
  let most = 0;
  for (let last = performance.now(); frames.length < 240; ) {
    box.scrollTop -= 300;
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    frames.push(now - last);
    last = now;
    most = Math.max(most, document.querySelectorAll(".turn .said").length);
  }
  frames.sort((one, other) => one - other);
  return { median: frames[120], p95: frames[228], most, turns: document.querySelectorAll(".turn").length };
}"""


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
    signed_in: BrowserContext, site: Server, quick: Server, watch: Watch
) -> None:
    # The rows are of runs that there are not: their steps are asked for, and not found.
    watch.forgive("404|422")
    page = signed_in.new_page()
    watch.over(page)
    page.goto(site.url)
    ask(page, "Count to 3")
    wait_until_answered(page, 1)
    page.wait_for_url("**/#/c/*")
    lengthen(site, page.url.rpartition("/")[2])

    page.reload()
    expect(page.get_by_text("1 2 3").last).to_be_visible()
    page.evaluate(OBSERVE)
    measured = page.evaluate(SCROLL)
    tasks = page.evaluate("window.tasks")
    keep("scrolling", {**measured, "long_tasks": tasks})

    assert measured["turns"] > 60
    assert measured["most"] < 80
    assert len([task for task in tasks if task > 400]) == 0
    page.close()


def test_an_answer_of_many_thousand_words_streams_without_freezing(
    signed_in: BrowserContext, site: Server, quick: Server, watch: Watch
) -> None:
    page = signed_in.new_page()
    watch.over(page)
    page.goto(site.url)
    page.evaluate(OBSERVE)

    ask(page, f"Count to {WORDS}")
    expect(answer(page, 1)).to_contain_text(f"{WORDS - 1} {WORDS}", timeout=30_000)
    wait_until_answered(page, 1)
    tasks = page.evaluate("window.tasks")
    keep("streaming", {"long_tasks": tasks, "over_100_ms": len([task for task in tasks if task > 100])})

    assert answer(page, 1).inner_text() == counted(WORDS)
    assert len([task for task in tasks if task > 400]) == 0
    page.close()
