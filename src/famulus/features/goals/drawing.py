"""How a model is asked for a roadmap."""

from famulus.features.goals.records import Goal, Roadmap
from famulus.features.goals.schemas import RoadmapRequest


def request_for(goal: Goal, roadmap: Roadmap, request: RoadmapRequest) -> str:
    """What is said to the model; the offline stand-in knows its first line and its list."""
    lines = [f"Draw the roadmap of my goal {goal.id}: “{goal.title}”."]
    if goal.description:
        lines.append(f"What I want: {goal.description}")
    if goal.target_date:
        lines.append(f"It is to be reached by {goal.target_date:%A, %d %B %Y}; give its steps days before that.")
    done = [step.title for step in roadmap.steps if step.done_at]
    if done:
        lines += ["Already done, and to be kept by these titles:", *(f"- {title}" for title in done)]
    if request.wishes:
        lines.append(f"My wishes: {request.wishes}")
    if request.steps:
        lines.append("My own steps, of which the roadmap is to be made:")
        lines += [f"{number}. {title}" for number, title in enumerate(request.steps, 1)]
    else:
        lines.append("Find between five and twelve steps, and say which has to be done before which.")
    return "\n".join(lines)
