"""One's calendars."""

from fastapi import APIRouter, Response, status

from famulus.features.accounts.caller import Caller
from famulus.features.accounts.parameters import After, ChatterDep, IdempotencyKey, Limit
from famulus.features.calendar.desk import DeskDep
from famulus.features.calendar.schemas import CalendarDraft, CalendarPatch, CalendarView
from famulus.features.calendar.service import Calendars
from famulus.infra.database import Session
from famulus.infra.idempotency import once
from famulus.kit.pages import DEFAULT_LIMIT, Page, page_of
from famulus.kit.problems import errors

router = APIRouter(prefix="/calendars", tags=["calendars"])


@router.get("", responses=errors(404))
async def list_calendars(
    caller: ChatterDep, desk: DeskDep, limit: Limit = DEFAULT_LIMIT, after: After = None
) -> Page[CalendarView]:
    """One's calendars, in the order in which they were made."""
    found = await desk.database.read(lambda session: _calendars(session, caller).page(after=after, limit=limit + 1))
    return page_of([CalendarView.of(one) for one in found], limit=limit, cursor=lambda one: one.id)


@router.post("", status_code=status.HTTP_201_CREATED, responses=errors(409))
async def open_calendar(
    draft: CalendarDraft, caller: ChatterDep, desk: DeskDep, key: IdempotencyKey = None
) -> CalendarView:
    """Begin a calendar; the first is the one that new events go to."""

    async def work(session: Session) -> CalendarView:
        async def begin() -> CalendarView:
            return CalendarView.of(await _calendars(session, caller).open(draft))

        content = draft.model_dump()
        return await once(session, caller.user_id, key=key, content=content, view=CalendarView, act=begin)

    return await desk.database.write(work)


@router.get("/{calendar_id}", responses=errors(404))
async def show_calendar(calendar_id: str, caller: ChatterDep, desk: DeskDep) -> CalendarView:
    """One calendar."""
    return CalendarView.of(await desk.database.read(lambda session: _calendars(session, caller).find(calendar_id)))


@router.patch("/{calendar_id}", responses=errors(404))
async def change_calendar(calendar_id: str, patch: CalendarPatch, caller: ChatterDep, desk: DeskDep) -> CalendarView:
    """Rename a calendar, or give it another zone; events keep theirs."""
    return CalendarView.of(
        await desk.database.write(lambda session: _calendars(session, caller).change(calendar_id, patch))
    )


@router.delete("/{calendar_id}", status_code=status.HTTP_204_NO_CONTENT, responses=errors(404, 409))
async def delete_calendar(calendar_id: str, caller: ChatterDep, desk: DeskDep) -> Response:
    """Delete a calendar with its events."""
    await desk.database.write(lambda session: _calendars(session, caller).delete(calendar_id))
    return Response(status_code=status.HTTP_204_NO_CONTENT)


def _calendars(session: Session, caller: Caller) -> Calendars:
    return Calendars(session, caller.user_id, zone=caller.zone)
