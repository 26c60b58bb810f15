"""What callers may say with many requests: how much of a list, and the name of a request that may be sent twice."""

from typing import Annotated

from fastapi import Depends, Header, Query

from famulus.features.accounts.caller import Caller, requires
from famulus.kit.pages import MAX_LIMIT

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="How many at most.")]
After = Annotated[str | None, Query(max_length=100, description="`next` of the page before.")]
Cursor = Annotated[str | None, Query(alias="after", description="The id of the last event received; 0 for none.")]
LastEventId = Annotated[str | None, Header(alias="Last-Event-ID")]
IdempotencyKey = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=200)]
"""The sender's name for a request; the same name with the same content acts once."""
ChatterDep = Annotated[Caller, Depends(requires("chat"))]
"""Somebody whose credential may use what the assistant uses: conversations, goals, calendars."""
