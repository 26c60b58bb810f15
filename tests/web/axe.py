"""axe-core in a page, in a world of its own: the page's content security policy stays as strict as it is."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

_SOURCE = Path(__file__).parent / "vendor" / "axe.min.js"
_STANDARDS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")


@cache
def _source() -> str:
    return _SOURCE.read_text()


def barriers(page: Page, *, only: str | None = None) -> list[str]:
    """What keeps somebody from using the page as it is now, by all rules or one; serious and critical findings."""
    options = json.dumps({"resultTypes": ["violations"], "runOnly": [only] if only else _STANDARDS})
    run = f"axe.run(document, {options}).then(({{ violations }}) => JSON.stringify(violations))"
    session = page.context.new_cdp_session(page)
    try:
        frame = session.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
        world = session.send("Page.createIsolatedWorld", {"frameId": frame, "worldName": "axe"})["executionContextId"]
        _evaluate(session, f"{_source()}; undefined", world)
        violations = json.loads(_evaluate(session, run, world))
    finally:
        session.detach()
    return [
        f"{found['id']}: {node['html'][:160]} — {node['failureSummary'][:300]}"
        for found in violations
        if found["impact"] in ("serious", "critical")
        for node in found["nodes"]
    ]


def _evaluate(session: Any, expression: str, world: int) -> Any:
    answer = session.send(
        "Runtime.evaluate",
        {"expression": expression, "contextId": world, "awaitPromise": True, "returnByValue": True},
    )
    assert "exceptionDetails" not in answer, answer["exceptionDetails"]
    return answer["result"].get("value")
