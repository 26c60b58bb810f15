"""Calendars as files, and as feeds that other programs read."""

import asyncio
import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response, status

from famulus.features.accounts.parameters import ChatterDep, IdempotencyKey
from famulus.features.calendar.desk import DeskDep
from famulus.features.calendar.exchange import Exchange, shown_by
from famulus.features.calendar.reading import read
from famulus.features.calendar.schemas import FeedView, ImportDraft, ImportView
from famulus.features.calendar.service import Calendars
from famulus.features.calendar.writing import written
from famulus.infra.database import Session
from famulus.infra.idempotency import once
from famulus.kit.clock import utc_now
from famulus.kit.problems import errors

router = APIRouter(tags=["calendars"])

_KIND = "text/calendar; charset=utf-8"
_FILE: dict[int | str, dict[str, Any]] = {200: {"content": {"text/calendar": {"schema": {"type": "string"}}}}}
KnownTag = Annotated[str | None, Header(alias="If-None-Match", max_length=200)]


@router.post("/calendars/{calendar_id}/import", responses=errors(404, 409))
async def import_events(
    calendar_id: str, draft: ImportDraft, caller: ChatterDep, desk: DeskDep, key: IdempotencyKey = None
) -> ImportView:
    """Take the events of an iCalendar file: all of them, or none where one cannot be kept.

    The same file a second time changes nothing: an event is known by its UID.
    """
    calendar = await desk.database.read(
        lambda session: Calendars(session, caller.user_id, zone=caller.zone).writable(calendar_id)
    )
    events = (await asyncio.to_thread(read, draft.ics, calendar, now=utc_now())).strictly()

    async def work(session: Session) -> ImportView:
        async def take() -> ImportView:
            taken = await Exchange(session, caller.user_id).take(calendar_id, events)
            return ImportView(added=taken.added, changed=taken.changed, unchanged=taken.unchanged)

        content = [calendar_id, hashlib.sha256(draft.ics.encode()).hexdigest()]
        return await once(session, caller.user_id, key=key, content=content, view=ImportView, act=take)

    return await desk.database.write(work)


@router.get("/calendars/{calendar_id}/export", response_class=Response, responses={**errors(404), **_FILE})
async def export_events(calendar_id: str, caller: ChatterDep, desk: DeskDep) -> Response:
    """A calendar as an iCalendar file."""
    calendar, events = await desk.database.read(
        lambda session: Exchange(session, caller.user_id).everything(calendar_id)
    )
    text = await asyncio.to_thread(written, events, name=calendar.name)
    headers = {"Content-Disposition": 'attachment; filename="calendar.ics"'}
    return Response(text, media_type=_KIND, headers=headers)


@router.post("/calendars/{calendar_id}/feed", status_code=status.HTTP_201_CREATED, responses=errors(404))
async def open_feed(calendar_id: str, request: Request, caller: ChatterDep, desk: DeskDep) -> FeedView:
    """Make a secret address that shows the calendar to whoever knows it, until it is revoked or made anew.

    It is told once, and not kept: `Idempotency-Key` is not honoured here.
    """
    token = await desk.database.write(lambda session: Exchange(session, caller.user_id).open_feed(calendar_id))
    base = desk.public_url or str(request.base_url)
    return FeedView(url=f"{base.rstrip('/')}/api/v1/feeds/{token}.ics")


@router.delete("/calendars/{calendar_id}/feed", status_code=status.HTTP_204_NO_CONTENT, responses=errors(404))
async def close_feed(calendar_id: str, caller: ChatterDep, desk: DeskDep) -> Response:
    """Revoke the secret address."""
    await desk.database.write(lambda session: Exchange(session, caller.user_id).close_feed(calendar_id))
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.get("/feeds/{token}.ics", response_class=Response, responses={**errors(404), **_FILE})
async def show_feed(token: str, desk: DeskDep, known: KnownTag = None) -> Response:
    """A calendar as a file, for whoever knows its secret address; nobody needs to be signed in."""
    calendar, events = await desk.database.read(lambda session: shown_by(session, token[:200]))
    text = await asyncio.to_thread(written, events, name=calendar.name)
    tag = f'"{hashlib.sha256(text).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if known == tag:
        return Response(status_code=status.HTTP_304_NOT_MODIFIED, headers=headers)
    return Response(text, media_type=_KIND, headers=headers)
