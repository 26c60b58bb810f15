"""An event stream as a route answers with it, and as the API's description tells of it."""

from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from famulus.streams.sse import EventStream

EVENT_STREAM = "text/event-stream"

_EVENT = {
    "title": "Event",
    "description": "One event of the stream.",
    "type": "object",
    "properties": {
        "event": {"type": "string"},
        "id": {"type": "string", "description": "Where the stream goes on: send it back as Last-Event-ID."},
        "data": {"type": "string", "contentMediaType": "application/json"},
    },
}
STREAMED: dict[int | str, dict[str, Any]] = {200: {"content": {EVENT_STREAM: {"schema": _EVENT}}}}
"""The `responses` of a route that answers with events."""


class Streamed(Response):
    """Hands the connection to an event stream."""

    def __init__(self, stream: EventStream) -> None:
        super().__init__(media_type=EVENT_STREAM)
        self._stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._stream(scope, receive, send)
