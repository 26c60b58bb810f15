"""What an archive has of goals: all of it."""

from typing import get_args

from famulus.features.goals.records import Status
from famulus.features.goals.tables import goal_edges, goal_steps, goals
from famulus.infra.archives import Portion, Rows
from famulus.infra.database import Database

PORTIONS = (
    Portion(goals, mentions=("thread_id", "run_id"), words={"status": get_args(Status)}),
    Portion(goal_steps, parents={"goal_id": goals}, within="parent_id"),
    Portion(goal_edges, parents={"before_id": goal_steps, "after_id": goal_steps, "goal_id": goals}),
)


def goals_part(database: Database) -> Rows:
    """Goals with their roadmaps."""
    return Rows(database, PORTIONS)
