"""What clients send and see of goals."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, StrictBool, StringConstraints

from famulus.features.goals.records import Goal, Progress, Roadmap, Status, Step, Todo
from famulus.features.reminders.schemas import Timed
from famulus.kit.schemas import Day, Draft, Text, Time, View

MOST_STEPS = 200
"""Of one roadmap, the parts of steps included."""
MOST_EDGES = 1_000
MOST_PARTS = 50

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Details = Annotated[Text, Field(max_length=10_000)]
Key = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Reference = Annotated[str, Field(min_length=1, max_length=100)]


class GoalDraft(Draft):
    """A new goal."""

    title: Title
    """What to reach, in a few words."""
    description: Details = ""
    """Why, and what it will look like when it is reached."""
    target_date: Day | None = None
    """By which day, such as 2027-03-01."""
    steps: list[Title] = Field(default_factory=list, max_length=MOST_STEPS)
    """First steps, one after the other."""


class GoalPatch(Draft):
    """Changes to a goal; what is left out stays. A target date that is null goes away."""

    title: Title | None = None
    description: Details | None = None
    target_date: Day | None = None
    status: Status | None = None


class StepDraft(Draft):
    """A step of a roadmap that is being drawn."""

    key: Key
    """A name for the step within this roadmap, to which edges refer, such as "1"."""
    title: Title
    details: Details = ""
    target_date: Day | None = None
    parts: list[Title] = Field(default_factory=list, max_length=MOST_PARTS)
    """What the step consists of, in order; the step is done when all of them are."""


class EdgeDraft(Draft):
    """One step that has to be done before another."""

    before: Key
    after: Key


class RoadmapDraft(Draft):
    """A whole roadmap. It takes the place of the one before; steps of the same title stay ticked."""

    steps: list[StepDraft] = Field(max_length=MOST_STEPS)
    edges: list[EdgeDraft] = Field(default_factory=list, max_length=MOST_EDGES)
    """Which step has to be done before which; there must be no circle."""


class NewStep(Draft):
    """One more step."""

    title: Title
    details: Details = ""
    target_date: Day | None = None
    parent_id: Reference | None = None
    """The step that it is a part of."""
    after_ids: list[Reference] = Field(default_factory=list, max_length=MOST_STEPS)
    """The steps that have to be done before it."""


class StepPatch(Draft):
    """Changes to a step; what is left out stays. A target date that is null goes away."""

    title: Title | None = None
    details: Details | None = None
    target_date: Day | None = None
    done: StrictBool | None = None
    """Whether it is done. With a step its parts are; with the last part its step is."""


class RoadmapRequest(Draft):
    """How a model is to draw the roadmap."""

    steps: list[Title] = Field(default_factory=list, max_length=MOST_STEPS)
    """The person's own steps, which the roadmap is to be made of."""
    wishes: Details = ""
    """What else to take into account."""


class CheckInDraft(Timed):
    """When to be asked how far a goal is."""

    urgent: StrictBool = False
    """Whether it may disturb in quiet hours."""


class ProgressView(View):
    """How many of the steps that have no parts of their own are done."""

    done: int
    total: int
    percent: int

    @classmethod
    def of(cls, progress: Progress) -> Self:
        return cls(done=progress.done, total=progress.total, percent=progress.percent)


class GoalView(View):
    """A goal."""

    id: str
    object: Literal["goal"] = "goal"
    title: str
    description: str
    status: Status
    target_date: date | None
    progress: ProgressView
    run_id: str | None
    """The run in which a model draws, or last drew, its roadmap."""
    thread_id: str | None
    created_at: Time
    updated_at: Time
    achieved_at: Time | None

    @classmethod
    def of(cls, goal: Goal, progress: Progress) -> Self:
        fields = {name: getattr(goal, name) for name in cls.model_fields if hasattr(goal, name)}
        return cls(**fields, progress=ProgressView.of(progress))


class PartView(View):
    """A part of a step."""

    id: str
    title: str
    details: str
    target_date: date | None
    done_at: Time | None

    @classmethod
    def of(cls, step: Step) -> Self:
        return cls.model_validate(step, from_attributes=True)


class StepView(PartView):
    """A step, with its parts."""

    object: Literal["goal.step"] = "goal.step"
    ready: bool
    """Whether nothing that has to come before it is open."""
    parts: list[PartView]


class EdgeView(View):
    """One step that has to be done before another."""

    before_id: str
    after_id: str


class RoadmapView(View):
    """The steps to a goal in order, and which comes before which."""

    object: Literal["goal.roadmap"] = "goal.roadmap"
    goal_id: str
    progress: ProgressView
    steps: list[StepView]
    edges: list[EdgeView]

    @classmethod
    def of(cls, goal_id: str, roadmap: Roadmap) -> Self:
        return cls(
            goal_id=goal_id,
            progress=ProgressView.of(roadmap.progress),
            steps=[
                StepView(
                    **PartView.of(step).model_dump(),
                    ready=roadmap.is_ready(step),
                    parts=[PartView.of(part) for part in roadmap.parts.get(step.id, ())],
                )
                for step in roadmap.steps
                if step.parent_id is None
            ],
            edges=[EdgeView(before_id=before, after_id=after) for before, after in roadmap.edges],
        )


class RoadmapRunView(View):
    """A run that draws a roadmap: follow `/runs/{run_id}/events`."""

    object: Literal["goal.roadmap_run"] = "goal.roadmap_run"
    goal_id: str
    run_id: str
    thread_id: str


class TodoView(View):
    """A step that can be taken now."""

    id: str
    object: Literal["todo"] = "todo"
    goal_id: str
    goal_title: str
    parent_id: str | None
    title: str
    details: str
    due: date | None
    """Its own target date, or that of the goal."""

    @classmethod
    def of(cls, todo: Todo) -> Self:
        step = todo.step
        return cls(
            id=step.id,
            goal_id=step.goal_id,
            goal_title=todo.goal_title,
            parent_id=step.parent_id,
            title=step.title,
            details=step.details,
            due=todo.due,
        )
