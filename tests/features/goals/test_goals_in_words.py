"""Goals as a person meets them: in so many words, and through the API, with the offline stand-in."""

from typing import Any

import pytest

from tests.serving import Client, Event, Server, assert_whole, text_of

pytestmark = pytest.mark.anyio


async def said(person: Client, text: str) -> str:
    """What the stand-in answers."""
    run = await person.send(await person.thread(), text)
    return text_of(await person.events(run["id"]))


async def a_goal(person: Client, **fields: Any) -> str:
    goal = await person.post("/api/v1/goals", {"title": "Sail around the world", **fields}, expect=201)
    goal_id: str = goal["id"]
    return goal_id


async def drawn(person: Client, goal_id: str, **request: Any) -> tuple[dict[str, Any], list[Event]]:
    run = await person.post(f"/api/v1/goals/{goal_id}/roadmap/runs", request, expect=202)
    return run, await person.events(run["run_id"])


async def test_a_goal_is_added_and_listed_in_plain_words(person: Client) -> None:
    added = await said(person, "Add a goal to learn the cello by 2031-06-01.")
    listed = await said(person, "What are my active goals?")

    page = await person.get("/api/v1/goals")
    assert [(goal["title"], goal["target_date"]) for goal in page["data"]] == [("Learn the cello", "2031-06-01")]
    assert "Added the goal “Learn the cello”" in added
    assert "by Sunday, 01 June 2031" in added
    assert "Learn the cello" in listed


async def test_check_ins_are_asked_for_in_plain_words(person: Client) -> None:
    await said(person, "Add a goal to learn the cello.")

    answer = await said(person, "Check in on my goal to learn the cello every other Friday at 9.")

    (goal,) = (await person.get("/api/v1/goals"))["data"]
    (check_in,) = (await person.get(f"/api/v1/goals/{goal['id']}/check-ins"))["data"]
    assert check_in["rule"] == "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR"
    assert check_in["next_local"] in answer


async def test_a_roadmap_is_drawn_in_a_run_that_can_be_followed(person: Client) -> None:
    goal_id = await a_goal(person)

    run, events = await drawn(person, goal_id, steps=["Buy a boat", "Learn to sail", "Set sail"])

    assert_whole(events)
    assert "Drew the roadmap of “Sail around the world”" in text_of(events)
    roadmap = await person.get(f"/api/v1/goals/{goal_id}/roadmap")
    assert [(step["title"], step["ready"]) for step in roadmap["steps"]] == [
        ("Buy a boat", True),
        ("Learn to sail", False),
        ("Set sail", False),
    ]
    goal = await person.get(f"/api/v1/goals/{goal_id}")
    assert (goal["run_id"], goal["thread_id"]) == (run["run_id"], run["thread_id"])
    conversation = await person.get(f"/api/v1/conversations/{run['thread_id']}")
    assert conversation["title"] == "Sail around the world"


async def test_drawing_again_happens_in_the_same_conversation_and_keeps_what_was_done(person: Client) -> None:
    goal_id = await a_goal(person, steps=["Buy a boat", "Set sail"])
    boat, _ = (await person.get(f"/api/v1/goals/{goal_id}/roadmap"))["steps"]
    await person.request("PATCH", f"/api/v1/goals/{goal_id}/steps/{boat['id']}", {"done": True})

    first, _ = await drawn(person, goal_id, steps=["Learn to sail"])
    second, _ = await drawn(person, goal_id, steps=["Learn to sail", "Set sail"])

    assert first["thread_id"] == second["thread_id"]
    goal = await person.get(f"/api/v1/goals/{goal_id}")
    assert goal["progress"] == {"done": 1, "total": 3, "percent": 33}
    todos = await person.get("/api/v1/todos")
    assert [todo["title"] for todo in todos["data"]] == ["Learn to sail"]


async def test_without_a_model_and_without_steps_it_is_said_what_is_missing(person: Client) -> None:
    goal_id = await a_goal(person)

    _, events = await drawn(person, goal_id)

    assert "Send your own steps with the request" in text_of(events)
    assert (await person.get(f"/api/v1/goals/{goal_id}/roadmap"))["steps"] == []


async def test_the_same_key_starts_one_run(person: Client) -> None:
    goal_id = await a_goal(person)
    path, body = f"/api/v1/goals/{goal_id}/roadmap/runs", {"steps": ["Buy a boat"]}

    first = await person.post(path, body, expect=202, Idempotency_Key="draw")
    again = await person.post(path, body, expect=202, Idempotency_Key="draw")

    assert first == again
    page = await person.get(f"/api/v1/conversations/{first['thread_id']}/messages")
    assert sum(message["role"] == "user" for message in page["data"]) == 1


async def test_a_goal_of_somebody_else_is_unknown_to_the_tools(server: Server, owner: Client, person: Client) -> None:
    goal_id = await a_goal(person, steps=["Buy a boat"])
    stranger = await server.member(owner)

    for call in (
        f'use show_goal {{"goal_id": "{goal_id}"}}',
        f'use draw_roadmap {{"goal_id": "{goal_id}", "steps": []}}',
        f'use delete_goal {{"goal_id": "{goal_id}"}}',
    ):
        assert "goal_not_found" in await said(stranger, call)

    assert (await person.get(f"/api/v1/goals/{goal_id}"))["progress"]["total"] == 1
