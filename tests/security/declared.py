"""What the tests know of the ids and the bodies of every operation: a new one must be declared here."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from tests.security.operations import IdParameter, Operation, id_parameters
from tests.security.things import Things

# The kind of thing that an id names, by the name of its parameter; the more particular ones by operation.
KIND_BY_NAME = {
    "conversation_id": "conversation",
    "thread_id": "conversation",
    "metadata.session_id": "conversation",
    "session_id": "session",
    "run_id": "run",
    "message_id": "message",
    "assistant_id": "assistant",
    "user_id": "user",
    "key_id": "key",
    "memory_id": "memory",
    "proposal_id": "proposal",
    "invitation_id": "invitation",
    "file_id": "file",
    "tool_outputs[].tool_call_id": "call",
    "goal_id": "goal",
    "step_id": "step",
    "parent_id": "step",
    "calendar_id": "calendar",
    "event.calendar_id": "calendar",
    "event_id": "event",
    "items[].event_id": "event",
    "items[].event.calendar_id": "calendar",
    "notification_id": "notification",
    "channel_id": "channel",
    "actions[].channel_id": "channel",
    "delivery_id": "delivery",
    "reminder_id": "reminder",
    "job_id": "job",
}
KIND_OF_CURSOR = {
    "/api/v1/conversations": "conversation",
    "/api/v1/conversations/{conversation_id}/messages": "message",
    "/api/v1/assistants": "assistant",
    "/api/v1/api-keys": "key",
    "/api/v1/auth/sessions": "session",
    "/api/v1/invitations": "invitation",
    "/memories/{user_id}": "memory",
    "/memories/{user_id}/proposals": "proposal",
    "/memories/{user_id}/export": "memory",
    "/api/v1/goals": "goal",
    "/api/v1/todos": "step",
    "/api/v1/calendars": "calendar",
    "/api/v1/events": "event",
    "/api/v1/files": "file",
    "/api/v1/notifications": "notification",
    "/api/v1/notifications/deliveries": "delivery",
    "/api/v1/reminders": "reminder",
    "/api/v1/reminders/{reminder_id}/occurrences": "occurrence",
    "/api/v1/admin/usage": "user",
    "/api/v1/admin/users": "user",
    "/api/v1/admin/jobs/dead": "job",
}
# A number within one run's log or steps, which says nothing without the run; or within one's own.
CURSORS_THAT_ARE_POSITIONS = frozenset(
    {
        "/runs/{run_id}/steps",
        "/runs/{run_id}/events",
        "/api/v1/occurrences",
        "/api/v1/notifications/events",
        "/api/v1/search",
    }
)
# What an operation cannot be asked without.
QUERIES = {
    "GET /api/v1/search": "q=tea",
    "GET /api/v1/occurrences": "from=2030-01-07T00:00:00Z&to=2030-01-08T00:00:00Z",
}

_FILE = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20300107T090000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
BODIES: dict[str, Callable[[Things], dict[str, Any]]] = {
    "POST /api/v1/conversations": lambda mine: {"assistant_id": mine.assistant},
    "PATCH /api/v1/conversations/{conversation_id}": lambda _: {"title": "Taken over"},
    "POST /api/v1/conversations/{conversation_id}/messages/{message_id}/edit": lambda mine: {
        "message": "hi",
        "assistant_id": mine.assistant,
    },
    "POST /api/v1/conversations/{conversation_id}/runs": lambda mine: {"message": "hi", "assistant_id": mine.assistant},
    "PATCH /api/v1/assistants/{assistant_id}": lambda _: {"name": "Spy"},
    "POST /api/v1/calendars": lambda _: {"name": "Home"},
    "PATCH /api/v1/calendars/{calendar_id}": lambda _: {"name": "Taken over"},
    "POST /api/v1/calendars/subscriptions": lambda _: {"name": "Away", "url": "https://calendar.invalid/"},
    "POST /api/v1/calendars/connections": lambda _: {
        "name": "Away",
        "url": "https://calendar.invalid/",
        "username": "a",
        "password": "b",
    },
    "POST /api/v1/calendars/{calendar_id}/import": lambda _: {"ics": _FILE},
    "POST /api/v1/events": lambda mine: {"title": "Planted", "start": "2030-01-07", "calendar_id": mine.calendar},
    "PATCH /api/v1/events/{event_id}": lambda _: {"title": "Taken over"},
    "POST /api/v1/events/batch": lambda mine: {
        "items": [{"action": "update", "event_id": mine.event, "change": {"title": "Taken over"}}]
    },
    "POST /api/v1/goals": lambda _: {"title": "Fly"},
    "PATCH /api/v1/goals/{goal_id}": lambda _: {"title": "Taken over"},
    "PUT /api/v1/goals/{goal_id}/roadmap": lambda _: {"steps": [{"key": "1", "title": "Taken over"}]},
    "POST /api/v1/goals/{goal_id}/roadmap/runs": lambda _: {"steps": ["Taken over"]},
    "POST /api/v1/goals/{goal_id}/check-ins": lambda _: {"schedule": {"kind": "delay", "seconds": 3_600}},
    "POST /api/v1/goals/{goal_id}/steps": lambda mine: {"title": "Planted", "parent_id": mine.step},
    "PATCH /api/v1/goals/{goal_id}/steps/{step_id}": lambda _: {"done": True},
    "PUT /api/v1/admin/users/{user_id}/plan": lambda _: {"plan": "pro"},
    "PATCH /api/v1/admin/users/{user_id}": lambda _: {"disabled": False},
    "DELETE /api/v1/admin/users/{user_id}": lambda _: {"confirm": "erase"},
    "PUT /api/v1/admin/prices": lambda _: {"model": "offline", "input": 1, "output": 1},
    "PATCH /api/v1/files/{file_id}": lambda _: {"name": "taken-over.txt"},
    "POST /api/v1/notifications": lambda mine: {
        "title": "Planted",
        "actions": [{"id": "call", "label": "Call", "kind": "callback", "channel_id": mine.channel}],
    },
    "PATCH /api/v1/notifications/{notification_id}": lambda _: {"read": True},
    "POST /api/v1/notifications/{notification_id}/actions": lambda _: {"action": "dismiss"},
    "PATCH /api/v1/reminders/{reminder_id}": lambda _: {"title": "Taken over"},
    "POST /api/v1/reminders/{reminder_id}/snooze": lambda _: {"minutes": 5},
    "PATCH /api/v1/notifications/channels/{channel_id}": lambda _: {"name": "Taken over"},
    "POST /api/v1/notifications/channels/{channel_id}/verify": lambda _: {"code": "00000000"},
    "POST /memories/{user_id}": lambda _: {"text": "Planted."},
    "POST /memories/{user_id}/search": lambda _: {"query": "what is known"},
    "PATCH /memories/{user_id}/{memory_id}": lambda _: {"text": "Taken over"},
    "POST /start": lambda mine: {"assistant_id": mine.assistant},
    "POST /chat": lambda mine: {"thread_id": mine.conversation, "message": "hi", "assistant_id": mine.assistant},
    "POST /runs/{run_id}/submit_tool_outputs": lambda mine: {
        "tool_outputs": [{"tool_call_id": mine.call, "output": "taken over"}]
    },
}
SERVICE_MESSAGE = {"user_id", "metadata.session_id"}


def kind_of(parameter: IdParameter) -> str | None:
    """The kind of thing that the parameter names; None for one that names nothing by itself."""
    path = parameter.operation.path
    if parameter.name in ("after", "Last-Event-ID"):
        return None if path in CURSORS_THAT_ARE_POSITIONS else KIND_OF_CURSOR[path]
    return KIND_BY_NAME[parameter.name]


def cases() -> list[IdParameter]:
    """Every id that can be somebody else's."""
    known = []
    for parameter in id_parameters():
        try:
            kind = kind_of(parameter)
        except KeyError:
            continue  # test_every_id_is_declared says so
        if kind is not None:
            known.append(parameter)
    return known


def request_of(parameter: IdParameter, value: str, mine: Things) -> tuple[str, dict[str, str], dict[str, Any] | None]:
    """Path, headers and body of a request whose every id is one's own, except that one parameter has `value`."""
    path, body = parameter.operation.path, _body(parameter, value, mine)
    query, headers = "", {}
    for one in id_parameters():
        if one.operation != parameter.operation:
            continue
        given = value if one == parameter else getattr(mine, kind_of(one) or "run")
        if one.within == "path":
            path = path.replace(f"{{{one.name}}}", quote(given, safe=""))
        elif one == parameter and one.within == "query":
            query = f"{one.name}={quote(given)}"
        elif one == parameter and one.within == "header":
            headers[one.name] = given
    asked = [part for part in (QUERIES.get(parameter.operation.name), query) if part]
    return path + ("?" + "&".join(asked) if asked else ""), headers, body


def plain_request(operation: Operation, mine: Things) -> tuple[str, dict[str, Any] | None]:
    """Path and body of a request with nothing but one's own ids."""
    path = operation.path
    for one in id_parameters():
        if one.operation == operation and one.within == "path":
            path = path.replace(f"{{{one.name}}}", getattr(mine, kind_of(one) or "run"))
    make = BODIES.get(operation.name)
    return path, make(mine) if make else None


def _body(parameter: IdParameter, value: str, mine: Things) -> dict[str, Any] | None:
    name = parameter.operation.name
    if name == "POST /chat" and parameter.name in SERVICE_MESSAGE:
        if parameter.name == "user_id":
            return {"user_id": value, "text": "hi"}
        return {"user_id": mine.user, "text": "hi", "metadata": {"session_id": value}}
    if name not in BODIES:
        return None
    body = BODIES[name](mine)
    if parameter.within == "body":
        if parameter.name == "items[].event.calendar_id":
            event = {"title": "Planted", "start": "2030-01-07", "calendar_id": value}
            body["items"] = [{"action": "create", "event": event}]
            return body
        several, _, name = parameter.name.rpartition("[].")
        (body[several][0] if several else body)[name] = value
    return body
