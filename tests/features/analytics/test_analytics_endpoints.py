"""Whoever runs the server sees how it is used, and nobody else does."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from tests.serving import Client, Server, serving
from tests.storage import apart

pytestmark = pytest.mark.anyio
FIGURES = "/api/v1/admin/analytics"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("server"), FAMULUS_ANALYTICS__FLUSH_SECONDS="0.02") as server:
        yield apart(server.start())


async def figures_with(owner: Client, name: str, many: int) -> Any:
    """The figures, as soon as so many events of a name are in them."""
    while True:
        seen = await owner.get(f"{FIGURES}?bucket=hour")
        if sum(one["many"] for one in seen["events"] if one["name"] == name) >= many:
            return seen
        await asyncio.sleep(0.01)


async def test_a_conversation_is_seen_in_the_figures_and_what_was_said_is_not(owner: Client) -> None:
    run = await owner.send(await owner.thread(), "what is 6 * 7")
    await owner.ended(run["id"])

    seen = await figures_with(owner, "run.ended", 1)

    (moment,) = seen["data"]
    assert (moment["messages"], moment["active_people"], moment["runs"]) == (1, 1, {"completed": 1})
    assert moment["input_tokens"] > 0 < moment["output_tokens"]
    waits = seen["totals"]["waits"]
    assert 0 <= waits["first_words"]["p50"] <= waits["whole_turn"]["p50"]
    (tool,) = seen["tools"]
    assert (tool["calls"], tool["succeeded"]) == (1, 1)
    assert "6 * 7" not in str(seen)


async def test_a_page_notes_what_is_done_in_it(owner: Client, person: Client) -> None:
    events = [{"name": "page.opened", "properties": {"page": "goals", "seconds": 1.5}}, {"name": "page.opened"}]

    taken = await person.post("/api/v1/analytics/events", {"events": events}, expect=202)

    assert taken == {"accepted": 2}
    seen = await figures_with(owner, "page.opened", 2)
    assert {"name": "page.opened", "many": 2, "people": 1} in seen["events"]


@pytest.mark.parametrize(
    "event",
    [
        {"name": "message.sent"},
        {"name": "Page opened"},
        {"name": "page.opened", "properties": {"title": "what somebody has written"}},
        {"name": "page.opened", "properties": {"nested": {"a": 1}}},
        {"name": "page.opened", "properties": {f"p{number}": 1 for number in range(21)}},
    ],
)
async def test_what_says_too_much_or_what_the_server_notes_itself_is_refused(person: Client, event: Any) -> None:
    status, _ = await person.request("POST", "/api/v1/analytics/events", {"events": [event]})

    assert status == 422


async def test_a_person_chooses_to_be_left_out(person: Client) -> None:
    known = await person.post("/api/v1/analytics/identify", {"traits": {"client": "cli"}}, expect=200)
    status, left = await person.request("PATCH", "/api/v1/analytics/preferences", {"opted_out": True})

    assert (known["traits"], status) == ({"client": "cli"}, 200)
    assert left == await person.get("/api/v1/analytics/preferences")
    assert left == {"enabled": True, "opted_out": True, "traits": {}}


async def test_a_member_sees_no_figures(person: Client) -> None:
    status, answer = await person.request("GET", FIGURES)

    assert (status, answer["error"]["code"]) == (403, "administrators_only")


@pytest.mark.parametrize("query", ["from=2020-01-01", "from=2026-02-01&to=2026-01-01", "bucket=week", "to=yesterday"])
async def test_a_span_that_is_none_is_refused(owner: Client, query: str) -> None:
    status, _ = await owner.request("GET", f"{FIGURES}?{query}")

    assert status == 422
