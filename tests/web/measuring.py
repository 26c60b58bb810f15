"""How long a browser is busy: in time of its processor, which others who are busy beside it do not add to."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Browser, Page

_CATEGORIES = ["disabled-by-default-devtools.timeline", "__metadata"]
# What this takes of the processor on the machine on which the limits were set.
_USUAL_MILLISECONDS = 37.0
_TASK = """() => {
  let found = 0;
  for (let number = 0; number < 4_000_000; number += 1) found += String(number % 977).length;
  return found;
}"""


@dataclass
class Busy:
    """What the page's main thread was busy with: the milliseconds of each of its tasks."""

    tasks: list[float] = field(default_factory=list)

    @property
    def longest(self) -> float:
        return max(self.tasks, default=0.0)


def slowness(browser: Browser, page: Page) -> float:
    """How many times slower this machine is than the usual one; 1 if it is faster."""
    with busy(browser, page) as found:
        page.evaluate(_TASK)
    return max(1.0, found.longest / _USUAL_MILLISECONDS)


@contextmanager
def busy(browser: Browser, page: Page) -> Iterator[Busy]:
    """Note what the page is busy with meanwhile."""
    found = Busy()
    browser.start_tracing(page=page, categories=_CATEGORIES)
    try:
        yield found
    finally:
        events = json.loads(browser.stop_tracing())["traceEvents"]
    mains = {
        (one["pid"], one["tid"])
        for one in events
        if one["name"] == "thread_name" and one["args"]["name"] == "CrRendererMain"
    }
    found.tasks = [
        one["tdur"] / 1_000
        for one in events
        if one["name"] == "RunTask" and "tdur" in one and (one["pid"], one["tid"]) in mains
    ]
