"""What may be done with roadmaps: draw them, walk them step by step, and see what can be done next."""

from dataclasses import dataclass
from datetime import datetime
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import Any

from famulus.features.goals.errors import (
    PartOfAPart,
    RoadmapHasCycle,
    StepNamedTwice,
    StepNotFound,
    TooManySteps,
    UnknownStep,
)
from famulus.features.goals.records import Roadmap, Step, Todo
from famulus.features.goals.repository import GoalRepository
from famulus.features.goals.schemas import MOST_STEPS, EdgeDraft, NewStep, RoadmapDraft, StepDraft, StepPatch
from famulus.features.goals.service import Goals
from famulus.infra.database import Session
from famulus.kit.clock import Clock, utc_now
from famulus.kit.ids import new_id


class Roadmaps:
    """The roadmaps of one person's goals, within one transaction."""

    def __init__(self, session: Session, user_id: str, *, zone: str = "UTC", now: Clock = utc_now) -> None:
        self._session = session
        self._user_id = user_id
        self._goals = Goals(session, user_id, zone=zone, now=now)
        self._repository = GoalRepository(session, user_id)
        self._now = now

    async def of(self, goal_id: str) -> Roadmap:
        """The roadmap as it stands."""
        await self._goals.find(goal_id)
        return Roadmap(await self._repository.steps(goal_id), await self._repository.edges(goal_id))

    async def draw(self, goal_id: str, draft: RoadmapDraft) -> Roadmap:
        """Put a roadmap in place of the one before; a step of the same title stays what it was, and ticked."""
        _refuse_tangle(draft)
        self._goals.refuse_past(*(step.target_date for step in draft.steps))
        await self._session.alone(goal_id)
        before = await self.of(goal_id)
        known = _Known.of(before, self._now())
        steps: list[Step] = []
        ids: dict[str, str] = {}
        for drafted in draft.steps:
            drawn = self._drawn(goal_id, drafted, known, first_position=len(steps))
            ids[drafted.key] = drawn[0].id
            steps += drawn
        edges = sorted({(ids[edge.before], ids[edge.after]) for edge in draft.edges})
        await self._repository.clear(goal_id)
        await self._repository.add_steps(steps)
        await self._repository.add_edges(goal_id, edges)
        await self._touch(goal_id)
        return Roadmap(steps, edges)

    async def add_step(self, goal_id: str, new: NewStep) -> Step:
        """Add a step, or a part of one, behind those that there are."""
        self._goals.refuse_past(new.target_date)
        await self._session.alone(goal_id)
        roadmap = await self.of(goal_id)
        steps = {step.id: step for step in roadmap.steps}
        if len(steps) >= MOST_STEPS:
            raise TooManySteps(f"A roadmap has at most {MOST_STEPS} steps.", limit=MOST_STEPS)
        named = [step_id for step_id in (new.parent_id, *new.after_ids) if step_id]
        if not steps.keys() >= set(named):
            raise StepNotFound("There is no such step.")
        if any(steps[step_id].parent_id for step_id in named) or (new.parent_id and new.after_ids):
            raise PartOfAPart("A part of a step has no parts of its own, and stands in no order to other steps.")
        step = Step(
            id=new_id("step"), user_id=self._user_id, goal_id=goal_id, parent_id=new.parent_id,
            position=max((step.position for step in roadmap.steps), default=-1) + 1, title=new.title,
            details=new.details, target_date=new.target_date, done_at=None,
        )  # fmt: skip
        await self._repository.add_steps([step])
        await self._repository.add_edges(goal_id, [(before, step.id) for before in sorted(set(new.after_ids))])
        await self._settle_whole(roadmap, step.parent_id, parts=[*roadmap.parts.get(step.parent_id or "", []), step])
        await self._touch(goal_id)
        return step

    async def change_step(self, goal_id: str, step_id: str, patch: StepPatch) -> Step:
        """Apply what the patch names; a tick goes down to the parts of the step, and up to the step of a part."""
        await self._session.alone(goal_id)
        roadmap = await self.of(goal_id)
        step = _found(roadmap, step_id)
        sent = patch.model_dump(exclude_unset=True, exclude={"done"})
        values = {name: value for name, value in sent.items() if value is not None or name == "target_date"}
        if values.get("target_date") != step.target_date:
            self._goals.refuse_past(values.get("target_date"))
        if values:
            await self._repository.update_steps([step_id], values)
        if patch.done is not None and patch.done != (step.done_at is not None):
            await self._tick(roadmap, step, done_at=self._now() if patch.done else None)
        await self._touch(goal_id)
        return _found(await self.of(goal_id), step_id)

    async def remove_step(self, goal_id: str, step_id: str) -> None:
        """Remove a step with its parts; what came before it comes before what came after it."""
        await self._session.alone(goal_id)
        roadmap = await self.of(goal_id)
        step = _found(roadmap, step_id)
        earlier = [before for before, after in roadmap.edges if after == step_id]
        later = [after for before, after in roadmap.edges if before == step_id]
        bridges = {(before, after) for before in earlier for after in later} - set(roadmap.edges)
        await self._repository.delete_step(step_id)
        await self._repository.add_edges(goal_id, sorted(bridges))
        left = [part for part in roadmap.parts.get(step.parent_id or "", []) if part.id != step_id]
        await self._settle_whole(roadmap, step.parent_id, parts=left)
        await self._touch(goal_id)

    async def todos(self, *, after: str | None, limit: int) -> list[Todo]:
        """What can be done now, over all goals, the soonest due first."""
        place = None
        if after is not None and (place := await self._repository.place_of(after)) is None:
            raise StepNotFound("There is no such step.")
        return await self._repository.todos(after=place, limit=limit)

    async def _tick(self, roadmap: Roadmap, step: Step, *, done_at: datetime | None) -> None:
        parts = roadmap.parts.get(step.id, [])
        # What was done before keeps the time at which it was.
        changed = [one.id for one in (step, *parts) if (one.done_at is None) != (done_at is None)]
        await self._repository.update_steps(changed, {"done_at": done_at})
        siblings = [part for part in roadmap.parts.get(step.parent_id or "", []) if part.id != step.id]
        others_done = all(part.done_at for part in siblings)
        if step.parent_id:
            await self._repository.update_steps([step.parent_id], {"done_at": done_at if others_done else None})

    async def _settle_whole(self, roadmap: Roadmap, whole_id: str | None, *, parts: list[Step]) -> None:
        """A step that has parts is done exactly when all of them are."""
        if whole_id is None or not parts:
            return
        whole = _found(roadmap, whole_id)
        is_done = all(part.done_at for part in parts)
        if is_done != (whole.done_at is not None):
            await self._repository.update_steps([whole_id], {"done_at": self._now() if is_done else None})

    async def _touch(self, goal_id: str) -> None:
        await self._repository.update(goal_id, {"updated_at": self._now()})

    def _drawn(self, goal_id: str, drafted: StepDraft, known: "_Known", *, first_position: int) -> list[Step]:
        """The rows of a drafted step: the step, then its parts."""
        fresh: dict[str, Any] = {"user_id": self._user_id, "goal_id": goal_id}
        step_id, done_at = known.claim("", drafted.title)
        parts = [
            Step(
                **fresh, id=part_id, parent_id=step_id, position=first_position + number, title=title, details="",
                target_date=None, done_at=part_done_at,
            )
            for number, title in enumerate(drafted.parts, 1)
            for part_id, part_done_at in [known.claim(step_id, title)]
        ]  # fmt: skip
        if parts:
            all_done = all(part.done_at for part in parts)
            done_at = done_at or known.now if all_done else None
        step = Step(
            **fresh, id=step_id, parent_id=None, position=first_position, title=drafted.title,
            details=drafted.details, target_date=drafted.target_date, done_at=done_at,
        )  # fmt: skip
        return [step, *parts]


@dataclass(frozen=True, slots=True)
class _Known:
    """The steps of the roadmap that is being replaced, by the step that they are part of and their title."""

    steps: dict[tuple[str, str], list[Step]]
    now: datetime

    @classmethod
    def of(cls, roadmap: Roadmap, now: datetime) -> "_Known":
        steps: dict[tuple[str, str], list[Step]] = {}
        for step in roadmap.steps:
            steps.setdefault((step.parent_id or "", step.title.casefold()), []).append(step)
        return cls(steps, now)

    def claim(self, whole_id: str, title: str) -> tuple[str, datetime | None]:
        """The id of the step that had this title, and when it was done; else a new one."""
        same = self.steps.get((whole_id, title.casefold()))
        step = same.pop(0) if same else None
        return (step.id, step.done_at) if step else (new_id("step"), None)


def chained(titles: list[str]) -> RoadmapDraft:
    """A roadmap of steps that are taken one after the other."""
    keys = [str(number) for number in range(1, len(titles) + 1)]
    return RoadmapDraft(
        steps=[StepDraft(key=key, title=title) for key, title in zip(keys, titles, strict=True)],
        edges=[EdgeDraft(before=before, after=after) for before, after in pairwise(keys)],
    )


def _found(roadmap: Roadmap, step_id: str) -> Step:
    for step in roadmap.steps:
        if step.id == step_id:
            return step
    raise StepNotFound("There is no such step.")


def _refuse_tangle(draft: RoadmapDraft) -> None:
    """A roadmap has distinct steps, edges between them, and no way back."""
    total = sum(1 + len(step.parts) for step in draft.steps)
    if total > MOST_STEPS:
        raise TooManySteps(f"A roadmap has at most {MOST_STEPS} steps, their parts included.", limit=MOST_STEPS)
    earlier: dict[str, set[str]] = {step.key: set() for step in draft.steps}
    if len(earlier) < len(draft.steps):
        raise StepNamedTwice("Each step of a roadmap has a key of its own.")
    for edge in draft.edges:
        unknown = [key for key in (edge.before, edge.after) if key not in earlier]
        if unknown:
            raise UnknownStep("An edge names a step that the roadmap does not have.", keys=unknown)
        earlier[edge.after].add(edge.before)
    try:
        TopologicalSorter(earlier).prepare()
    except CycleError as error:
        circle = error.args[1]
        raise RoadmapHasCycle("Some steps would have to come before themselves.", keys=circle) from None
