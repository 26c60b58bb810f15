"""Calendars as a person meets them: in so many words, and through the API, with the offline stand-in."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.serving import Client, Server, text_of

pytestmark = pytest.mark.anyio

TOKYO = ZoneInfo("Asia/Tokyo")


async def said(person: Client, text: str) -> str:
    """What the stand-in answers."""
    run = await person.send(await person.thread(), text)
    return text_of(await person.events(run["id"]))


async def within(person: Client, first: datetime, days: int, **more: Any) -> list[dict[str, Any]]:
    query = "".join(f"&{name}={value}" for name, value in more.items())
    span = f"from={first:%Y-%m-%dT%H:%M:%SZ}&to={first + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"
    page = await person.get(f"/api/v1/occurrences?{span}{query}")
    data: list[dict[str, Any]] = page["data"]
    return data


async def test_lunch_goes_into_the_calendar_once_and_is_found_again(person: Client) -> None:
    status, _ = await person.request("PATCH", "/api/v1/users/me", {"zone": "Asia/Tokyo"})
    assert status == 200

    added = await said(person, "Put lunch with Ana on Friday at 12:30 in my calendar")

    today = datetime.now(TOKYO).date()
    friday = today + timedelta((4 - today.weekday()) % 7)
    noon = datetime.combine(friday, datetime.min.time(), TOKYO) + timedelta(hours=12, minutes=30)
    found = await within(person, datetime.now(UTC) - timedelta(days=2), 12)
    assert [(one["title"], one["start"]) for one in found] == [
        ("Lunch with Ana", f"{noon.astimezone(UTC):%Y-%m-%dT%H:%M:%S.000Z}")
    ]
    when = f"{friday:%A, %d %B %Y}, 12:30 to 13:30 (Asia/Tokyo)"
    assert f"on {when}" in added
    assert when in await said(person, "What is on Friday?")
    assert "Nothing is in the calendar" in await said(
        person, f"What is on {friday - timedelta(days=1) + timedelta(days=7)}?"
    )


async def test_free_time_is_asked_for_in_words(person: Client) -> None:
    assert "09:00 to 17:00 (UTC)" in await said(person, "When am I free next Monday?")


async def test_occurrences_come_page_by_page(person: Client) -> None:
    event = {"title": "Tea", "start": "2030-01-01T16:00", "rule": "FREQ=DAILY"}
    await person.post("/api/v1/events", event, expect=201)
    span, seen, after = "from=2030-01-01T00:00:00Z&to=2030-01-11T00:00:00Z", [], ""

    for _ in range(3):
        page = await person.get(f"/api/v1/occurrences?{span}&limit=4{after}")
        seen += [one["start"][:10] for one in page["data"]]
        after = f"&after={page['next']}"

    assert seen == [f"2030-01-{day:02}" for day in range(1, 11)]


@pytest.mark.parametrize(
    "query",
    [
        "from=2030-01-01T00:00:00Z&to=2032-01-01T00:00:00Z",
        "from=9999-01-01T00:00:00Z&to=9999-12-31T23:59:59Z",
        "from=0001-01-01T00:00:00%2B14:00&to=0001-01-02T00:00:00Z",
        "from=2030-01-01&to=2030-01-02",
        "from=2030-01-01T00:00:00Z&to=2030-01-02T00:00:00Z&zone=Mars/Olympus",
    ],
)
async def test_a_span_that_cannot_be_answered_is_refused(person: Client, query: str) -> None:
    for path in ("occurrences", "conflicts", "free-time"):
        await person.get(f"/api/v1/{path}?{query}", expect=422)


async def test_an_event_of_somebody_else_is_unknown_to_the_tools(server: Server, owner: Client, person: Client) -> None:
    event = await person.post("/api/v1/events", {"title": "Secret", "start": "2030-01-01T16:00"}, expect=201)
    stranger = await server.member(owner)

    for call in (
        f'use cancel_event {{"event_id": "{event["id"]}"}}',
        f'use move_event {{"event_id": "{event["id"]}", "start": "2030-01-02"}}',
        f'use change_event {{"event_id": "{event["id"]}", "title": "Mine"}}',
    ):
        assert "event_not_found" in await said(stranger, call)
    planted = f'use create_event {{"title": "x", "start": "2030-01-01", "calendar_id": "{event["calendar_id"]}"}}'
    assert "calendar_not_found" in await said(stranger, planted)
    assert "Nothing is" in await said(stranger, 'use find_events {"first_day": "2030-01-01"}')
