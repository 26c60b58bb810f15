"""What an assistant can do with goals."""

from pydantic import Field

from famulus.agent.tools import Arguments, Tool, ToolContext, tool
from famulus.features.goals.check_ins import CheckIns
from famulus.features.goals.records import Goal, Progress, Roadmap, Status, Step
from famulus.features.goals.roadmaps import Roadmaps, chained
from famulus.features.goals.schemas import CheckInDraft, GoalDraft, GoalPatch, NewStep, RoadmapDraft, StepPatch
from famulus.features.goals.service import Goals, Standing
from famulus.features.reminders.schemas import Phrase
from famulus.settings.outward import ReminderSettings

_MOST_LISTED = 50
_USUAL = ReminderSettings()


class NewGoal(GoalDraft, Arguments):
    """A new goal."""


class Which(Arguments):
    """Which goals to look at."""

    status: Status | None = None
    """Only goals of this status; all of them without one."""


class OneGoal(Arguments):
    """One goal."""

    goal_id: str
    """The goal's id, as `list_goals` shows it."""


class GoalChange(GoalPatch, OneGoal):
    """Changes to a goal."""


class DrawnRoadmap(RoadmapDraft, OneGoal):
    """A roadmap to a goal."""


class AddedStep(NewStep, OneGoal):
    """One more step to a goal."""


class StepChange(StepPatch, OneGoal):
    """Changes to a step."""

    step_id: str
    """The step's id, as `show_goal` shows it."""


class CheckIn(OneGoal):
    """When to ask how far a goal is."""

    when: str = Field(min_length=1, max_length=200)
    """In plain words: `tomorrow at 9`, `every other Friday at 14:00`."""


class HowMany(Arguments):
    """How much to look at."""

    limit: int = Field(20, ge=1, le=_MOST_LISTED)
    """How many at most."""


def _goals(context: ToolContext) -> Goals:
    return Goals(context.transaction, context.user_id, zone=context.zone, now=lambda: context.now)


def _roadmaps(context: ToolContext) -> Roadmaps:
    return Roadmaps(context.transaction, context.user_id, zone=context.zone, now=lambda: context.now)


@tool(transactional=True)
async def add_goal(context: ToolContext, arguments: NewGoal) -> str:
    """Add a goal that the user wants to reach, with first steps if there are any."""
    goal = await _goals(context).set(arguments)
    if arguments.steps:
        await _roadmaps(context).draw(goal.id, chained(arguments.steps))
    return f"Added the goal {_line(await _goals(context).standing(goal.id))}"


@tool(transactional=True)
async def list_goals(context: ToolContext, arguments: Which) -> str:
    """List the user's goals, the newest first, with how far they are."""
    found = await _goals(context).page(status=arguments.status, limit=_MOST_LISTED)
    return "\n".join(map(_line, found)) or "There are no such goals."


@tool(transactional=True)
async def show_goal(context: ToolContext, arguments: OneGoal) -> str:
    """Show a goal with its roadmap: every step with its id, whether it is done, and what it waits for."""
    standing = await _goals(context).standing(arguments.goal_id)
    roadmap = await _roadmaps(context).of(arguments.goal_id)
    about = [standing[0].description] if standing[0].description else []
    return "\n".join([_line(standing), *about, *_steps(roadmap)])


@tool(transactional=True)
async def change_goal(context: ToolContext, arguments: GoalChange) -> str:
    """Change a goal's title, description, target date or status."""
    named = arguments.model_fields_set - {"goal_id"}
    patch = GoalPatch.model_validate(arguments.model_dump(include=named))
    return f"Changed the goal {_line(await _goals(context).change(arguments.goal_id, patch))}"


@tool(transactional=True)
async def schedule_check_in(context: ToolContext, arguments: CheckIn, limits: ReminderSettings = _USUAL) -> str:
    """Have the user asked how far a goal is, at a time or again and again, until the goal is deleted."""
    draft = CheckInDraft(schedule=Phrase(kind="phrase", text=arguments.when), zone=context.zone)
    check_ins = CheckIns(context.transaction, context.user_id, limits=limits, now=lambda: context.now)
    made = await check_ins.schedule(arguments.goal_id, draft)
    return f"“{made.title}” ({made.id}) comes first on {made.next_local}."


@tool(transactional=True)
async def delete_goal(context: ToolContext, arguments: OneGoal) -> str:
    """Delete a goal with its roadmap and its check-ins, for good; only when the user asks for it."""
    goal = await _goals(context).find(arguments.goal_id)
    await _goals(context).delete(goal.id)
    return f"Deleted the goal “{goal.title}”."


@tool(transactional=True)
async def draw_roadmap(context: ToolContext, arguments: DrawnRoadmap) -> str:
    """Draw the roadmap to a goal: its steps, and which has to be done before which, without a circle.

    The new roadmap takes the place of the one before. Steps that keep their title stay ticked.
    """
    roadmap = await _roadmaps(context).draw(arguments.goal_id, arguments)
    goal = await _goals(context).find(arguments.goal_id)
    return "\n".join([f"Drew the roadmap of {_line((goal, roadmap.progress))}", *_steps(roadmap)])


@tool(transactional=True)
async def add_step(context: ToolContext, arguments: AddedStep) -> str:
    """Add a step to a goal's roadmap, or a part to one of its steps."""
    step = await _roadmaps(context).add_step(arguments.goal_id, arguments)
    return f"Added the step “{step.title}” ({step.id})."


@tool(transactional=True)
async def change_step(context: ToolContext, arguments: StepChange) -> str:
    """Tick a step off, or change its title, details or target date."""
    named = arguments.model_fields_set - {"goal_id", "step_id"}
    patch = StepPatch.model_validate(arguments.model_dump(include=named))
    step = await _roadmaps(context).change_step(arguments.goal_id, arguments.step_id, patch)
    goal, progress = await _goals(context).standing(arguments.goal_id)
    state = "done" if step.done_at else "open"
    return f"“{step.title}” is {state}. “{goal.title}” is at {_share(progress)}."


@tool(transactional=True)
async def list_todos(context: ToolContext, arguments: HowMany) -> str:
    """List what the user can do next, over all goals: steps for which nothing has to be done before."""
    found = await _roadmaps(context).todos(after=None, limit=arguments.limit)
    lines = [
        f"- “{todo.step.title}” ({todo.step.id}) of “{todo.goal_title}” ({todo.step.goal_id})"
        + (f", by {todo.due:%A, %d %B %Y}" if todo.due else "")
        for todo in found
    ]
    return "\n".join(lines) or "There is nothing to be done next."


def _line(standing: Standing) -> str:
    goal, progress = standing
    return f"“{goal.title}” ({goal.id}): {goal.status}{_until(goal)}, {_share(progress)}."


def _until(goal: Goal) -> str:
    return f", by {goal.target_date:%A, %d %B %Y}" if goal.target_date else ""


def _share(progress: Progress) -> str:
    if not progress.total:
        return "no steps yet"
    return f"{progress.done} of {progress.total} steps done ({progress.percent} %)"


def _steps(roadmap: Roadmap) -> list[str]:
    lines = []
    for step in roadmap.steps:
        mark = "x" if step.done_at else " "
        indent = "  " if step.parent_id else ""
        waits = "" if step.done_at or roadmap.is_ready(step) else f" {_waits_for(roadmap, step)}"
        lines.append(f"{indent}- [{mark}] {step.title} ({step.id}){waits}")
    return lines


def _waits_for(roadmap: Roadmap, step: Step) -> str:
    before = {one for one, after in roadmap.edges if after == (step.parent_id or step.id)}
    titles = [f"“{one.title}”" for one in roadmap.steps if one.id in before and one.done_at is None]
    return f"after {', '.join(titles)}"


def goal_tools(limits: ReminderSettings) -> tuple[Tool, ...]:
    """The tools; check-ins are within what the operator allows of reminders."""
    return (
        add_goal,
        list_goals,
        show_goal,
        change_goal,
        schedule_check_in.given(limits=limits),
        delete_goal,
        draw_roadmap,
        add_step,
        change_step,
        list_todos,
    )
