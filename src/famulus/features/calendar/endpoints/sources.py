"""Calendars that are kept elsewhere."""

from fastapi import APIRouter, status

from famulus.features.accounts.parameters import ChatterDep, IdempotencyKey
from famulus.features.calendar.desk import DeskDep
from famulus.features.calendar.schemas import CalendarView, ConnectionDraft, SourceView, SubscriptionDraft
from famulus.features.calendar.sources import Sources
from famulus.infra.database import Session
from famulus.infra.idempotency import once
from famulus.kit.problems import errors

router = APIRouter(prefix="/calendars", tags=["calendars"])


@router.post("/subscriptions", status_code=status.HTTP_201_CREATED, responses=errors(409))
async def subscribe(
    draft: SubscriptionDraft, caller: ChatterDep, desk: DeskDep, key: IdempotencyKey = None
) -> CalendarView:
    """Read a calendar that somebody else serves as an iCalendar file, now and then again; it can only be read."""

    async def work(session: Session) -> CalendarView:
        async def begin() -> CalendarView:
            sources = Sources(session, caller.user_id, desk.sources, zone=caller.zone)
            return CalendarView.of(await sources.subscribe(draft))

        content = draft.model_dump()
        return await once(session, caller.user_id, key=key, content=content, view=CalendarView, act=begin)

    return await desk.database.write(work)


@router.post("/connections", status_code=status.HTTP_201_CREATED, responses=errors(409))
async def connect(
    draft: ConnectionDraft, caller: ChatterDep, desk: DeskDep, key: IdempotencyKey = None
) -> CalendarView:
    """Keep a calendar in step with one on a CalDAV server, both ways.

    What was changed on both sides is as the server has it; what was changed on one side and deleted on the other stays.
    """

    async def work(session: Session) -> CalendarView:
        async def begin() -> CalendarView:
            sources = Sources(session, caller.user_id, desk.sources, zone=caller.zone)
            return CalendarView.of(await sources.connect(draft))

        content = [draft.name, draft.url, draft.username, draft.zone]
        return await once(session, caller.user_id, key=key, content=content, view=CalendarView, act=begin)

    return await desk.database.write(work)


@router.get("/{calendar_id}/source", responses=errors(404))
async def show_source(calendar_id: str, caller: ChatterDep, desk: DeskDep) -> SourceView:
    """How it stands with a calendar that is kept elsewhere: when it was read last, and what is wrong if it is."""
    found = await desk.database.read(lambda session: Sources(session, caller.user_id, desk.sources).find(calendar_id))
    return SourceView.of(calendar_id, found)


@router.post("/{calendar_id}/refresh", status_code=status.HTTP_202_ACCEPTED, responses=errors(404))
async def refresh(calendar_id: str, caller: ChatterDep, desk: DeskDep) -> SourceView:
    """Look at once whether something has changed elsewhere; `…/source` says what came of it."""
    found = await desk.database.write(
        lambda session: Sources(session, caller.user_id, desk.sources).ask_now(calendar_id)
    )
    return SourceView.of(calendar_id, found)
