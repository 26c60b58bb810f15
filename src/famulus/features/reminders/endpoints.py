"""Reminders under `/api/v1/reminders`."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Query, status

from famulus.features.accounts.parameters import After, ChatterDep, IdempotencyKey, Limit
from famulus.features.reminders.desk import DeskDep, ReminderDesk
from famulus.features.reminders.records import Reminder, State
from famulus.features.reminders.schemas import (
    OccurrenceView,
    Preview,
    ReminderDraft,
    ReminderPatch,
    ReminderView,
    Snooze,
    Timed,
)
from famulus.features.reminders.service import Reminders, local, shown_next, timing_of, upcoming
from famulus.infra.database import Session
from famulus.infra.idempotency import once
from famulus.kit.pages import DEFAULT_LIMIT, Page, page_of
from famulus.kit.problems import errors

router = APIRouter(prefix="/api/v1/reminders", tags=["reminders"])

Count = Annotated[int, Query(ge=1, le=50, description="How many times to show.")]


@router.get("", responses=errors())
async def list_reminders(
    caller: ChatterDep, desk: DeskDep, state: State | None = None, limit: Limit = DEFAULT_LIMIT, after: After = None
) -> Page[ReminderView]:
    """One's reminders, latest first."""
    found = await desk.database.read(
        lambda session: desk.of(session, caller.user_id).page(state, after=after, limit=limit + 1)
    )
    return page_of([_view(one) for one in found], limit=limit, cursor=lambda one: one.id)


@router.post("", status_code=status.HTTP_201_CREATED, responses=errors(409))
async def schedule(draft: ReminderDraft, caller: ChatterDep, desk: DeskDep, key: IdempotencyKey = None) -> ReminderView:
    """Make a reminder; the answer says when it is due, by the clock of its zone too."""

    async def work(session: Session) -> ReminderView:
        async def act() -> ReminderView:
            return _view(await desk.of(session, caller.user_id).schedule(draft))

        content = draft.model_dump(mode="json")
        return await once(session, caller.user_id, key=key, content=content, view=ReminderView, act=act)

    return await desk.database.write(work)


@router.post("/preview", responses=errors())
async def preview(timed: Timed, caller: ChatterDep, desk: DeskDep, count: Count = 5) -> Preview:
    """When it would be due, or what is wrong with it; nothing is kept."""
    timing, times = await desk.database.read(
        lambda session: desk.of(session, caller.user_id).preview(timed, count=count)
    )
    shown = [local(time, timing.zone) for time in times]
    return Preview(kind=timing.kind, rule=timing.rule, zone=timing.zone, next=times, next_local=shown)


@router.get("/{reminder_id}", responses=errors(404))
async def show(reminder_id: str, caller: ChatterDep, desk: DeskDep) -> ReminderView:
    """One reminder."""
    return _view(await desk.database.read(lambda session: desk.of(session, caller.user_id).find(reminder_id)))


@router.get("/{reminder_id}/next", responses=errors(404))
async def next_runs(reminder_id: str, caller: ChatterDep, desk: DeskDep, count: Count = 5) -> Preview:
    """When it is due from now on."""
    reminder = await desk.database.read(lambda session: desk.of(session, caller.user_id).find(reminder_id))
    timing, times = timing_of(reminder), upcoming(reminder, count=count)
    shown = [local(time, timing.zone) for time in times]
    return Preview(kind=timing.kind, rule=timing.rule, zone=timing.zone, next=times, next_local=shown)


@router.get("/{reminder_id}/occurrences", responses=errors(404))
async def list_occurrences(
    reminder_id: str, caller: ChatterDep, desk: DeskDep, limit: Limit = DEFAULT_LIMIT, after: After = None
) -> Page[OccurrenceView]:
    """When it was due, latest first: what was said, and what was missed."""
    found = await desk.database.read(
        lambda session: desk.of(session, caller.user_id).occurrences(reminder_id, after=after, limit=limit + 1)
    )
    return page_of([OccurrenceView.of(one) for one in found], limit=limit, cursor=lambda one: one.id)


@router.patch("/{reminder_id}", responses=errors(404))
async def change(reminder_id: str, patch: ReminderPatch, caller: ChatterDep, desk: DeskDep) -> ReminderView:
    """Change it; with `timed`, it begins anew."""
    return await _done(desk, caller.user_id, lambda them: them.change(reminder_id, patch))


@router.delete("/{reminder_id}", status_code=status.HTTP_204_NO_CONTENT, responses=errors(404))
async def delete(reminder_id: str, caller: ChatterDep, desk: DeskDep) -> None:
    """Remove it, with what is known of when it was due."""
    await desk.database.write(lambda session: desk.of(session, caller.user_id).delete(reminder_id))


@router.post("/{reminder_id}/pause", responses=errors(404, 409))
async def pause(reminder_id: str, caller: ChatterDep, desk: DeskDep) -> ReminderView:
    """Say nothing until it is resumed."""
    return await _done(desk, caller.user_id, lambda them: them.pause(reminder_id))


@router.post("/{reminder_id}/resume", responses=errors(404, 409))
async def resume(reminder_id: str, caller: ChatterDep, desk: DeskDep) -> ReminderView:
    """Go on from now."""
    return await _done(desk, caller.user_id, lambda them: them.resume(reminder_id))


@router.post("/{reminder_id}/snooze", responses=errors(404, 409))
async def snooze(reminder_id: str, snooze: Snooze, caller: ChatterDep, desk: DeskDep) -> ReminderView:
    """Say again, later, what was said."""
    return await _done(desk, caller.user_id, lambda them: them.snooze(reminder_id, snooze))


@router.post("/{reminder_id}/cancel", responses=errors(404))
async def cancel(reminder_id: str, caller: ChatterDep, desk: DeskDep) -> ReminderView:
    """Say nothing any more."""
    return await _done(desk, caller.user_id, lambda them: them.cancel(reminder_id))


async def _done(desk: ReminderDesk, user_id: str, do: Callable[[Reminders], Awaitable[Reminder]]) -> ReminderView:
    async def work(session: Session) -> Reminder:
        return await do(desk.of(session, user_id))

    return _view(await desk.database.write(work))


def _view(reminder: Reminder) -> ReminderView:
    return ReminderView.of(reminder, shown_next(reminder))
