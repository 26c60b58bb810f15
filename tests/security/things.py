"""One of every kind of thing that a person can have."""

import asyncio
import dataclasses
import json
from dataclasses import dataclass, field
from typing import Any

from famulus.kit.ids import new_id
from tests.security.place import Place, ask
from tests.serving import Client

LOOKUP = {"type": "function", "function": {"name": "lookup", "description": "Looks something up."}}


@dataclass(frozen=True)
class Things:
    """The ids of what one person has."""

    user: str
    assistant: str
    conversation: str
    message: str
    ended_run: str
    waiting_conversation: str
    run: str
    call: str
    key: str
    session: str
    invitation: str
    memory: str
    proposal: str
    goal: str
    step: str
    calendar: str
    event: str
    file: str
    notification: str
    channel: str
    delivery: str
    reminder: str
    occurrence: str
    # One that was given up is nobody's: whoever runs the server deals with it.
    job: str = field(default_factory=lambda: new_id("job"))


def of_nothing(things: Things) -> Things:
    """Well-formed ids of the same kinds that were never anybody's."""
    fresh = {field.name: new_id(str(getattr(things, field.name)).partition("_")[0]) for field in _fields()}
    return Things(**fresh)


async def have(person: Client, place: Place) -> Things:
    """Make one of every kind."""
    assistant = await person.post("/api/v1/assistants", {"name": "Butler"}, expect=201)
    conversation = await person.thread()
    ended = await person.ended((await person.send(conversation, "hello"))["id"])
    messages = await person.get(f"/api/v1/conversations/{conversation}/messages")
    waiting_conversation = await person.thread()
    run = await waiting_run(person, waiting_conversation)
    calls = run["required_action"]["submit_tool_outputs"]["tool_calls"]
    key = await person.post("/api/v1/api-keys", {"name": "a spare one"}, expect=201)
    memory = await person.post(f"/memories/{person.user_id}", {"text": f"Likes {new_id('tea')}."}, expect=201)
    invitation = await place.owner.post("/api/v1/invitations", {}, expect=201)
    goal = await person.post("/api/v1/goals", {"title": "Sail", "steps": ["Buy a boat"]}, expect=201)
    roadmap = await person.get(f"/api/v1/goals/{goal['id']}/roadmap")
    channel = await a_channel(person)
    notification, delivery = await a_notification(person)
    return Things(
        user=person.user_id,
        assistant=assistant["id"],
        conversation=conversation,
        message=messages["data"][-1]["id"],
        ended_run=ended["id"],
        waiting_conversation=waiting_conversation,
        run=run["id"],
        call=calls[0]["id"],
        key=key["id"],
        session=await a_session(person),
        invitation=invitation["id"],
        memory=memory["id"],
        proposal=a_proposal(person, place),
        goal=goal["id"],
        step=roadmap["steps"][0]["id"],
        **await _a_calendar(person),
        file=await a_file(person),
        notification=notification,
        channel=channel,
        delivery=delivery,
        reminder=await a_reminder(person),
        occurrence=new_id("occ"),
    )


async def _a_calendar(person: Client) -> dict[str, str]:
    kept = (await person.get("/api/v1/calendars?limit=100"))["data"]
    if not kept:
        # The first calendar is the one that cannot be deleted.
        await person.post("/api/v1/calendars", {"name": "First"}, expect=201)
    # Of those that earlier tests have left there must not be too many.
    for spare in [one for one in kept if one["name"] == "Work"][20:]:
        await person.request("DELETE", f"/api/v1/calendars/{spare['id']}")
    calendar = await person.post("/api/v1/calendars", {"name": "Work"}, expect=201)
    draft = {"title": "Meeting", "start": "2030-01-07T09:00", "rule": "FREQ=DAILY", "calendar_id": calendar["id"]}
    event = await person.post("/api/v1/events", draft, expect=201)
    return {"calendar": calendar["id"], "event": event["id"]}


async def waiting_run(person: Client, conversation: str) -> Any:
    """A run that waits for its client to make a call."""
    sent = await person.send(conversation, "use lookup {}", tools=[LOOKUP])
    async for event in person.follow(sent["id"]):
        if event.name == "thread.run.requires_action":
            break
    return await person.get(f"/runs/{sent['id']}")


async def a_file(person: Client) -> str:
    """A file that nobody else has."""
    answer = await ask(
        f"{person.url}/api/v1/files?name=notes.txt", "POST", headers=person.headers, data=new_id("words").encode()
    )
    assert answer.status == 201, answer.text
    return str(answer.body["data"][0]["id"])


async def a_channel(person: Client) -> str:
    """A webhook at an address where nobody is."""
    draft = {"kind": "webhook", "name": "Hook", "target": f"http://127.0.0.1:1/{new_id('hook')}"}
    return str((await person.post("/api/v1/notifications/channels", draft, expect=201))["id"])


async def a_notification(person: Client) -> tuple[str, str]:
    """Something told, and a delivery of it that was given up."""
    dismiss = {"id": "dismiss", "label": "Done", "kind": "dismiss"}
    told = await person.post("/api/v1/notifications", {"title": "Tea", "actions": [dismiss]}, expect=201)
    async with asyncio.timeout(20):
        while True:
            found = await person.get(f"/api/v1/notifications/{told['id']}")
            if dead := [one["id"] for one in found["deliveries"] if one["state"] == "dead"]:
                return told["id"], dead[0]
            await asyncio.sleep(0.02)


def a_proposal(person: Client, place: Place) -> str:
    """Something that the person has to agree to."""
    proposal_id = new_id("prop")
    change = json.dumps({"do": "remember", "draft": {"text": f"Likes {new_id('tea')}."}})
    place.server.kept.change(
        "INSERT INTO memory_proposals (id, user_id, key, change, created_at) VALUES (?, ?, ?, ?, CURRENT_TIMESTAMP)",
        [(proposal_id, person.user_id, proposal_id, change)],
    )
    return proposal_id


async def a_reminder(person: Client) -> str:
    """A reminder that is not due for a while."""
    draft = {"title": "Tea", "schedule": {"kind": "rrule", "rule": "FREQ=DAILY"}}
    return str((await person.post("/api/v1/reminders", draft, expect=201))["id"])


async def a_session(person: Client) -> str:
    """Where the person was signed in when their key was made, unless that session has been ended."""
    page = await person.get("/api/v1/auth/sessions")
    return next((str(session["id"]) for session in page["data"]), new_id("sess"))


async def gone(person: Client, place: Place) -> Things:
    """Make one of every kind, and delete it all again: these ids were the person's once."""
    things = await have(person, place)
    leaver = await place.server.member(place.owner, "Linus")
    answer = await ask(
        f"{leaver.url}/api/v1/users/me",
        "DELETE",
        headers=leaver.headers,
        body={"confirm": "erase", "password": "a long enough one"},
    )
    assert answer.status == 204, answer.text
    for path in (
        f"conversations/{things.conversation}",
        f"conversations/{things.waiting_conversation}",
        f"assistants/{things.assistant}",
        f"api-keys/{things.key}",
        f"notifications/{things.notification}",
        f"reminders/{things.reminder}",
        f"notifications/channels/{things.channel}",
        f"goals/{things.goal}",
        f"calendars/{things.calendar}",
        f"files/{things.file}",
    ):
        status, body = await person.request("DELETE", f"/api/v1/{path}")
        assert status == 204, body
    await person.request("DELETE", f"/memories/{person.user_id}/{things.memory}")
    await person.request("POST", f"/memories/{person.user_id}/proposals/{things.proposal}/reject")
    await place.owner.request("DELETE", f"/api/v1/invitations/{things.invitation}")
    return dataclasses.replace(things, user=leaver.user_id, session=new_id("sess"))


def _fields() -> tuple[dataclasses.Field[str], ...]:
    return dataclasses.fields(Things)
