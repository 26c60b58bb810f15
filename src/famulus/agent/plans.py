"""Plain phrases about goals, and the tools that they ask for: what the offline stand-in understands of plans."""

import re
from typing import Any

Call = tuple[str, dict[str, Any]]

_ROADMAP = re.compile(r"\s*draw the roadmap of my goal (goal_[0-9a-z]{26})\b", re.IGNORECASE)
_NUMBERED = re.compile(r"^\s*\d{1,3}[.)]\s+(\S.*?)\s*$", re.MULTILINE)
_DONE = re.compile(r"^- (\S.*?)\s*$", re.MULTILINE)
_ADD_GOAL = re.compile(
    r"\s*(?:please )?(?:add|set|create|make) (?:a |an |me a |the )?(?:new )?goal(?: to| of|:| called)?\s+(?P<title>.+?)"
    r"(?:\s+by (?P<day>\d{4}-\d{2}-\d{2}))?\s*[.!]?\s*$",
    re.IGNORECASE | re.DOTALL,
)
_LIST_GOALS = re.compile(
    r"\s*(?:what are|show|list|how (?:far )?are)\b.{0,20}\b(?P<which>active|paused|achieved|abandoned)?\s*goals\b",
    re.IGNORECASE,
)
_TODOS = re.compile(r"\s*what (?:can|should|shall) i do next\b|.{0,30}\bto-?dos?\b", re.IGNORECASE)
NO_STEPS = (
    "I cannot think of steps by myself: I am a few rules, and no language model. Send your own steps with the request, "
    "and I draw the roadmap of them."
)


def asked_for(text: str) -> Call | None:
    """The tool that the phrase asks for, and its arguments."""
    if match := _ROADMAP.match(text):
        return _roadmap(match[1], text)
    if match := _ADD_GOAL.match(text):
        title = match["title"].strip().strip("“”\"'")
        return "add_goal", {"title": title[:1].upper() + title[1:]} | (
            {"target_date": match["day"]} if match["day"] else {}
        )
    if match := _LIST_GOALS.match(text):
        return "list_goals", {"status": match["which"].lower()} if match["which"] else {}
    return ("list_todos", {}) if _TODOS.match(text) else None


def lacks_steps(text: str) -> bool:
    """Whether this asks for a roadmap without a step to draw it of."""
    return _ROADMAP.match(text) is not None and asked_for(text) is None


def _roadmap(goal_id: str, text: str) -> Call | None:
    """The person's own steps, one after the other, behind those that are done."""
    own = _NUMBERED.findall(text)
    if not own:
        return None
    done = [title for title in _DONE.findall(text) if title.casefold() not in {step.casefold() for step in own}]
    steps = [{"key": str(number), "title": title} for number, title in enumerate([*done, *own], 1)]
    edges = [{"before": str(number), "after": str(number + 1)} for number in range(1, len(steps))]
    return "draw_roadmap", {"goal_id": goal_id, "steps": steps, "edges": edges}
