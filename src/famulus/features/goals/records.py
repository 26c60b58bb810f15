"""Rows as objects; a field is named as its column, and stands in its order."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Literal

Status = Literal["active", "paused", "achieved", "abandoned"]


@dataclass(frozen=True, slots=True)
class Goal:
    """What a person wants to reach."""

    id: str
    user_id: str
    title: str
    description: str
    status: Status
    target_date: date | None
    thread_id: str | None
    run_id: str | None
    created_at: datetime
    updated_at: datetime
    achieved_at: datetime | None


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a roadmap, or a part of one."""

    id: str
    user_id: str
    goal_id: str
    parent_id: str | None
    position: int
    title: str
    details: str
    target_date: date | None
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class Progress:
    """How many of the steps that have no parts of their own are done."""

    done: int = 0
    total: int = 0

    @property
    def percent(self) -> int:
        """Whole percents; 100 only when everything is done."""
        return self.done * 100 // self.total if self.total else 0


@dataclass(frozen=True)
class Roadmap:
    """The steps to a goal in order, and which comes before which."""

    steps: list[Step]
    edges: list[tuple[str, str]]

    @cached_property
    def parts(self) -> dict[str, list[Step]]:
        """The parts of each step that has some, in order."""
        parts: dict[str, list[Step]] = {}
        for step in self.steps:
            if step.parent_id:
                parts.setdefault(step.parent_id, []).append(step)
        return parts

    @property
    def progress(self) -> Progress:
        """How far the roadmap is walked."""
        leaves = [step for step in self.steps if step.id not in self.parts]
        return Progress(sum(step.done_at is not None for step in leaves), len(leaves))

    @cached_property
    def _waiting(self) -> set[str]:
        open_ids = {step.id for step in self.steps if step.done_at is None}
        return {after for before, after in self.edges if before in open_ids}

    def is_ready(self, step: Step) -> bool:
        """Whether nothing that has to come before the step is open."""
        return (step.parent_id or step.id) not in self._waiting


@dataclass(frozen=True, slots=True)
class Todo:
    """A step that can be taken now, with its goal's title and the day by which."""

    step: Step
    goal_title: str
    due: date | None
