"""Log entries as the native API shows them: the objects and deltas of the Assistants API, version 2."""

from typing import Any

import orjson

from famulus.features.conversations.ending import MESSAGE_DELTA, STEP_DELTA
from famulus.streams.cursors import cursor_of
from famulus.streams.sse import frame
from famulus.streams.store import Entry


def data_of(entry: Entry) -> dict[str, Any]:
    """The entry's data as clients know it."""
    data = entry.data
    if entry.kind == MESSAGE_DELTA:
        content = [{"index": 0, "type": "text", "text": {"value": data["text"]}}]
        return {"id": data["id"], "object": MESSAGE_DELTA, "delta": {"content": content}}
    if entry.kind == STEP_DELTA:
        details: dict[str, Any] = {"type": "message_creation", "reasoning": data["text"]}
        if "retrying" in data:
            details["retrying"] = data["retrying"]
        return {"id": data["id"], "object": STEP_DELTA, "delta": {"step_details": details}}
    return data


def sse(entry: Entry) -> bytes:
    """The entry as an SSE frame, made once however many follow."""
    rendered = entry.rendered.get("sse")
    if rendered is None:
        rendered = entry.rendered["sse"] = frame(entry.kind, data_of(entry), cursor=cursor_of(entry))
    return rendered


def websocket(entry: Entry) -> bytes:
    """The entry as a WebSocket message, made once however many follow."""
    rendered = entry.rendered.get("websocket")
    if rendered is None:
        rendered = entry.rendered["websocket"] = orjson.dumps(
            {"event": entry.kind, "id": cursor_of(entry), "data": data_of(entry)}
        )
    return rendered
