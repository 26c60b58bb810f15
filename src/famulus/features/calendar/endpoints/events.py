"""Events: one by one, and many at once."""

from typing import Annotated

from fastapi import APIRouter, Query, Response, status

from famulus.features.accounts.caller import Caller
from famulus.features.accounts.parameters import After, ChatterDep, IdempotencyKey, Limit
from famulus.features.calendar.desk import DeskDep
from famulus.features.calendar.events import Events, Result
from famulus.features.calendar.records import Scope
from famulus.features.calendar.schemas import (
    Batch,
    BatchErrorView,
    BatchResultView,
    BatchView,
    EventDraft,
    EventPatch,
    EventView,
)
from famulus.infra.database import Session
from famulus.infra.idempotency import once
from famulus.kit.pages import DEFAULT_LIMIT, Page, page_of
from famulus.kit.problems import errors
from famulus.kit.text import storable

router = APIRouter(prefix="/events", tags=["events"])

Words = Annotated[str, Query(alias="text", max_length=200, description="Only events with all of these words.")]
OfCalendar = Annotated[str | None, Query(max_length=100, description="Only events of this calendar.")]
Which = Annotated[str | None, Query(min_length=10, max_length=19, description="Only this occurrence, by its name.")]
HowFar = Annotated[Scope, Query(description="With an occurrence: this one, or all that follow too, or all.")]


@router.get("", responses=errors(404))
async def list_events(
    caller: ChatterDep,
    desk: DeskDep,
    text: Words = "",
    calendar_id: OfCalendar = None,
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
) -> Page[EventView]:
    """One's events, the newest first; when they happen, `/occurrences` says."""
    found = await desk.database.read(
        lambda session: _events(session, caller).page(
            text=storable(text), calendar_id=calendar_id, after=after, limit=limit + 1
        )
    )
    return page_of([EventView.of(event) for event in found], limit=limit, cursor=lambda event: event.id)


@router.post("", status_code=status.HTTP_201_CREATED, responses=errors(404, 409))
async def add_event(draft: EventDraft, caller: ChatterDep, desk: DeskDep, key: IdempotencyKey = None) -> EventView:
    """Put an event into a calendar; it may recur."""

    async def work(session: Session) -> EventView:
        async def add() -> EventView:
            return EventView.of(await _events(session, caller).add(draft))

        return await once(session, caller.user_id, key=key, content=draft.model_dump(), view=EventView, act=add)

    return await desk.database.write(work)


@router.post("/batch", responses=errors(404, 409))
async def act_on_many(batch: Batch, caller: ChatterDep, desk: DeskDep, key: IdempotencyKey = None) -> BatchView:
    """Make, change and delete many events; each item succeeds or fails by itself, and says so."""

    async def work(session: Session) -> BatchView:
        async def act() -> BatchView:
            return BatchView(results=[_shown(result) for result in await _events(session, caller).act(batch)])

        return await once(session, caller.user_id, key=key, content=batch.model_dump(), view=BatchView, act=act)

    return await desk.database.write(work)


@router.get("/{event_id}", responses=errors(404))
async def show_event(event_id: str, caller: ChatterDep, desk: DeskDep) -> EventView:
    """One event."""
    return EventView.of(await desk.database.read(lambda session: _events(session, caller).find(event_id)))


@router.patch("/{event_id}", responses=errors(404, 409))
async def change_event(event_id: str, patch: EventPatch, caller: ChatterDep, desk: DeskDep) -> EventView:
    """Change an event, or one of its occurrences (`occurrence`), or all from one on (`scope: following`).

    The answer is the event that was changed or made: one occurrence is an event of its own, and so is what follows.
    """
    return EventView.of(await desk.database.write(lambda session: _events(session, caller).change(event_id, patch)))


@router.delete("/{event_id}", status_code=status.HTTP_204_NO_CONTENT, responses=errors(404, 409))
async def cancel_event(
    event_id: str, caller: ChatterDep, desk: DeskDep, occurrence: Which = None, scope: HowFar = "this"
) -> Response:
    """Delete an event, or one of its occurrences, or all from one on."""
    await desk.database.write(
        lambda session: _events(session, caller).cancel(event_id, occurrence=occurrence, scope=scope)
    )
    return Response(status_code=status.HTTP_204_NO_CONTENT)


def _events(session: Session, caller: Caller) -> Events:
    return Events(session, caller.user_id, zone=caller.zone)


def _shown(result: Result) -> BatchResultView:
    error = result.error
    return BatchResultView(
        status=result.status,
        event=EventView.of(result.event) if result.event else None,
        error=BatchErrorView(code=error.code, message=error.message) if error else None,
    )
