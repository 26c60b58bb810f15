"""What of goals can be found: the goals, and the steps of their roadmaps."""

from famulus.features.goals.tables import goal_steps, goals
from famulus.infra.findable import Findable

_goal, _step = goals.c, goal_steps.c

FINDABLE = (
    Findable(
        "goal",
        goals,
        watched=("title", "description"),
        at=_goal.created_at,
        title=_goal.title,
        text=_goal.description,
    ),
    Findable(
        "step",
        goal_steps,
        watched=("title", "details"),
        at=_goal.created_at,
        title=_step.title,
        text=_step.details,
        part_of=_step.goal_id,
        joined=goal_steps.join(goals, _goal.id == _step.goal_id),
    ),
)
