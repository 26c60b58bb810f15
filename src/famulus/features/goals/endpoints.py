"""Goals, their roadmaps and what can be done next, under `/api/v1`."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response, status

from famulus.features.accounts.caller import Caller
from famulus.features.accounts.parameters import After, ChatterDep, IdempotencyKey, Limit
from famulus.features.goals.check_ins import CheckIns
from famulus.features.goals.desk import DeskDep, Errand, GoalDesk
from famulus.features.goals.drawing import request_for
from famulus.features.goals.records import Status
from famulus.features.goals.roadmaps import Roadmaps, chained
from famulus.features.goals.schemas import (
    CheckInDraft,
    GoalDraft,
    GoalPatch,
    GoalView,
    NewStep,
    PartView,
    RoadmapDraft,
    RoadmapRequest,
    RoadmapRunView,
    RoadmapView,
    StepPatch,
    TodoView,
)
from famulus.features.goals.service import Goals
from famulus.features.reminders.schemas import ReminderView
from famulus.infra.database import Session
from famulus.infra.idempotency import once
from famulus.kit.pages import DEFAULT_LIMIT, Page, page_of
from famulus.kit.problems import errors

router = APIRouter(prefix="/api/v1", responses=errors(), tags=["goals"])

OfStatus = Annotated[Status | None, Query(alias="status", description="Only goals of this status.")]


@router.get("/goals", responses=errors(404))
async def list_goals(
    caller: ChatterDep,
    desk: DeskDep,
    of_status: OfStatus = None,
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
) -> Page[GoalView]:
    """One's goals, the newest first, with how far they are."""
    found = await desk.database.read(
        lambda session: _goals(session, caller).page(status=of_status, after=after, limit=limit + 1)
    )
    return page_of([GoalView.of(*standing) for standing in found], limit=limit, cursor=lambda goal: goal.id)


@router.post("/goals", status_code=status.HTTP_201_CREATED, responses=errors(409))
async def add_goal(draft: GoalDraft, caller: ChatterDep, desk: DeskDep, key: IdempotencyKey = None) -> GoalView:
    """Begin a goal, with first steps if there are any."""

    async def work(session: Session) -> GoalView:
        async def add() -> GoalView:
            goal = await _goals(session, caller).set(draft)
            if draft.steps:
                await _roadmaps(session, caller).draw(goal.id, chained(draft.steps))
            return GoalView.of(*await _goals(session, caller).standing(goal.id))

        return await once(session, caller.user_id, key=key, content=draft.model_dump(), view=GoalView, act=add)

    return await desk.database.write(work)


@router.get("/goals/{goal_id}", responses=errors(404))
async def show_goal(goal_id: str, caller: ChatterDep, desk: DeskDep) -> GoalView:
    """One goal."""
    return GoalView.of(*await desk.database.read(lambda session: _goals(session, caller).standing(goal_id)))


@router.patch("/goals/{goal_id}", responses=errors(404))
async def change_goal(goal_id: str, patch: GoalPatch, caller: ChatterDep, desk: DeskDep) -> GoalView:
    """Change a goal; what is left out stays."""
    return GoalView.of(*await desk.database.write(lambda session: _goals(session, caller).change(goal_id, patch)))


@router.delete("/goals/{goal_id}", status_code=status.HTTP_204_NO_CONTENT, responses=errors(404))
async def delete_goal(goal_id: str, caller: ChatterDep, desk: DeskDep) -> Response:
    """Delete a goal with its roadmap and its check-ins."""
    await desk.database.write(lambda session: _goals(session, caller).delete(goal_id))
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.get("/goals/{goal_id}/roadmap", responses=errors(404))
async def show_roadmap(goal_id: str, caller: ChatterDep, desk: DeskDep) -> RoadmapView:
    """The steps to a goal, and which comes before which."""
    return RoadmapView.of(goal_id, await desk.database.read(lambda session: _roadmaps(session, caller).of(goal_id)))


@router.put("/goals/{goal_id}/roadmap", responses=errors(404))
async def draw_roadmap(goal_id: str, draft: RoadmapDraft, caller: ChatterDep, desk: DeskDep) -> RoadmapView:
    """Draw the roadmap oneself, in place of the one before; steps that keep their title stay ticked."""
    return RoadmapView.of(
        goal_id, await desk.database.write(lambda session: _roadmaps(session, caller).draw(goal_id, draft))
    )


@router.post("/goals/{goal_id}/roadmap/runs", status_code=status.HTTP_202_ACCEPTED, responses=errors(404, 409))
async def have_roadmap_drawn(
    goal_id: str,
    asked: RoadmapRequest,
    request: Request,
    caller: ChatterDep,
    desk: DeskDep,
    key: IdempotencyKey = None,
) -> RoadmapRunView:
    """Have a model draw the roadmap, in a run of its own: follow `/runs/{run_id}/events`."""
    correlation_id: str = request.state.correlation_id

    async def work(session: Session) -> RoadmapRunView:
        async def send() -> RoadmapRunView:
            return await _sent(session, desk, caller, goal_id, asked, correlation_id=correlation_id)

        content = [goal_id, asked.model_dump()]
        return await once(session, caller.user_id, key=key, content=content, view=RoadmapRunView, act=send)

    return await desk.database.write(work)


@router.get("/goals/{goal_id}/check-ins", responses=errors(404))
async def list_check_ins(goal_id: str, caller: ChatterDep, desk: DeskDep) -> Page[ReminderView]:
    """The reminders that ask how far the goal is; there are never many. To change one, see `/api/v1/reminders`."""
    found = await desk.database.read(lambda session: _check_ins(session, caller, desk).of(goal_id))
    return Page(data=found, has_more=False)


@router.post("/goals/{goal_id}/check-ins", status_code=status.HTTP_201_CREATED, responses=errors(404, 409))
async def schedule_check_in(
    goal_id: str, draft: CheckInDraft, caller: ChatterDep, desk: DeskDep, key: IdempotencyKey = None
) -> ReminderView:
    """Be asked how far the goal is: once, or again and again. The reminder is deleted with the goal."""

    async def work(session: Session) -> ReminderView:
        async def act() -> ReminderView:
            return await _check_ins(session, caller, desk).schedule(goal_id, draft)

        content = [goal_id, draft.model_dump(mode="json")]
        return await once(session, caller.user_id, key=key, content=content, view=ReminderView, act=act)

    return await desk.database.write(work)


@router.post("/goals/{goal_id}/steps", status_code=status.HTTP_201_CREATED, responses=errors(404, 409))
async def add_step(
    goal_id: str, new: NewStep, caller: ChatterDep, desk: DeskDep, key: IdempotencyKey = None
) -> PartView:
    """Add a step to a roadmap, or a part to one of its steps."""

    async def work(session: Session) -> PartView:
        async def add() -> PartView:
            return PartView.of(await _roadmaps(session, caller).add_step(goal_id, new))

        content = [goal_id, new.model_dump()]
        return await once(session, caller.user_id, key=key, content=content, view=PartView, act=add)

    return await desk.database.write(work)


@router.patch("/goals/{goal_id}/steps/{step_id}", responses=errors(404))
async def change_step(goal_id: str, step_id: str, patch: StepPatch, caller: ChatterDep, desk: DeskDep) -> PartView:
    """Change a step, or tick it off: its parts are ticked with it, and a step with its last part."""
    changed = await desk.database.write(lambda session: _roadmaps(session, caller).change_step(goal_id, step_id, patch))
    return PartView.of(changed)


@router.delete("/goals/{goal_id}/steps/{step_id}", status_code=status.HTTP_204_NO_CONTENT, responses=errors(404))
async def remove_step(goal_id: str, step_id: str, caller: ChatterDep, desk: DeskDep) -> Response:
    """Remove a step with its parts; what came before it then comes before what came after it."""
    await desk.database.write(lambda session: _roadmaps(session, caller).remove_step(goal_id, step_id))
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.get("/todos", responses=errors(404))
async def list_todos(
    caller: ChatterDep, desk: DeskDep, limit: Limit = DEFAULT_LIMIT, after: After = None
) -> Page[TodoView]:
    """What can be done next, over all active goals, the soonest due first."""
    found = await desk.database.read(lambda session: _roadmaps(session, caller).todos(after=after, limit=limit + 1))
    return page_of([TodoView.of(todo) for todo in found], limit=limit, cursor=lambda todo: todo.id)


async def _sent(
    session: Session, desk: GoalDesk, caller: Caller, goal_id: str, asked: RoadmapRequest, *, correlation_id: str
) -> RoadmapRunView:
    goal = await _goals(session, caller).find(goal_id)
    roadmap = await _roadmaps(session, caller).of(goal_id)
    errand = Errand(
        caller.user_id,
        caller.zone,
        correlation_id,
        title=goal.title,
        message=request_for(goal, roadmap, asked),
        thread_id=goal.thread_id,
    )
    sent = await desk.send_errand(session, errand)
    await _goals(session, caller).note_run(goal_id, thread_id=sent.thread_id, run_id=sent.run_id)
    return RoadmapRunView(goal_id=goal_id, run_id=sent.run_id, thread_id=sent.thread_id)


def _goals(session: Session, caller: Caller) -> Goals:
    return Goals(session, caller.user_id, zone=caller.zone)


def _check_ins(session: Session, caller: Caller, desk: GoalDesk) -> CheckIns:
    return CheckIns(session, caller.user_id, limits=desk.reminders)


def _roadmaps(session: Session, caller: Caller) -> Roadmaps:
    return Roadmaps(session, caller.user_id, zone=caller.zone)
