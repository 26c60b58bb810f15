"""Plain phrases about goals and calendars, and the tools that they ask for: what the offline stand-in understands.

Where a day is named in words, it first asks for the current time, as a model does, and makes a date of the words then.
"""

import re
from datetime import date, timedelta
from typing import Any

from famulus.agent import dates

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
_WHEN = (
    r"(?:every\b|daily\b|weekly\b|monthly\b|tomorrow\b|next\b|in (?:\d|an? |half )|on (?:mon|tue|wed|thu|fri|sat|sun))"
)
_CHECK_IN = re.compile(
    rf"\s*(?:please )?(?:(?P<first>{_WHEN}[^,]*), )?check in (?:on|about) (?:my |the )?goals?\b"
    rf"(?: to\b| of\b|:| called)?(?P<title>.*?)(?:\s+(?P<when>{_WHEN}.*?))?\s*[.!]?\s*$",
    re.IGNORECASE | re.DOTALL,
)
_GOAL = re.compile(r"“([^”]*)” \((goal_[0-9a-z]{26})\)")
_TODOS = re.compile(r"\s*what (?:can|should|shall) i do next\b|.{0,30}\bto-?dos?\b", re.IGNORECASE)
_LOOK = re.compile(
    r"\s*(?:what(?:.s| is| do i have| have i got)|show|list|what happens|do i have anything)\b.*"
    r"\b(?:on|calendar|agenda|schedule|appointments?|events?|planned|do i have)\b",
    re.IGNORECASE,
)
_PUT = re.compile(
    r"\s*(?:please )?(?:put|add|schedule|enter|create|book)\s+(?P<what>.+?)"
    r"(?:\s+(?:in|into|to|on) (?:my|the) calendar)?\s*[.!]?\s*$",
    re.IGNORECASE | re.DOTALL,
)
_FREE = re.compile(r"\s*when (?:am i|do i have|have i).{0,20}\b(?:free|time)\b", re.IGNORECASE)
_ARTICLE = re.compile(r"^(?:an?|the)\s+(?:event|appointment|meeting)?\s*(?:called|named)?\s*", re.IGNORECASE)
_TODAY = re.compile(r"\b(\d{4}-\d{2}-\d{2}) \d{2}:\d{2}:\d{2} \(")
_CLOCK: Call = ("current_time", {})
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
    if _check_in(text):
        return "list_goals", {"status": "active"}
    if match := _LIST_GOALS.match(text):
        return "list_goals", {"status": match["which"].lower()} if match["which"] else {}
    if _TODOS.match(text):
        return "list_todos", {}
    return _CLOCK if _is_about_days(text) else None


def asked_for_then(text: str, output: str) -> Call | None:
    """The tool that the phrase asks for, once it is known what day it is or what goals there are, as `output` says."""
    if match := _check_in(text):
        goal_id = _meant(match["title"], output)
        when = (match["first"] or match["when"]).strip()
        return ("schedule_check_in", {"goal_id": goal_id, "when": when}) if goal_id else None
    today = _TODAY.search(output)
    return _dated(text, date.fromisoformat(today[1])) if today and _is_about_days(text) else None


def _check_in(text: str) -> re.Match[str] | None:
    match = _CHECK_IN.match(text)
    return match if match and (match["first"] or match["when"]) else None


def _meant(title: str, listed: str) -> str | None:
    """The goal that is called so, or the newest where none is named."""
    wanted = title.strip(" “”\"'").casefold()
    return next((goal_id for known, goal_id in _GOAL.findall(listed) if wanted in known.casefold()), None)


def _is_about_days(text: str) -> bool:
    if _FREE.match(text):
        return True
    return dates.names_a_day(text) and bool(_LOOK.match(text) or _PUT.match(text))


def _dated(text: str, today: date) -> Call | None:
    if _FREE.match(text):
        told = dates.told(text, today)
        first = told.day if told else today
        last = first if told else first + timedelta(days=6)
        return "find_free_time", {"first_day": first.isoformat(), "last_day": last.isoformat()}
    if _LOOK.match(text):
        told = dates.told(text, today)
        return ("find_events", {"first_day": told.day.isoformat()}) if told else None
    match = _PUT.match(text)
    told = dates.told(match["what"], today) if match else None
    if told is None:
        return None
    title = _ARTICLE.sub("", told.rest).strip(" ,“”\"'") or "Appointment"
    event: dict[str, Any] = {"title": title[:1].upper() + title[1:], "start": told.day.isoformat()}
    if told.begin:
        event["start"] += f"T{told.begin:%H:%M}"
    if told.end:
        event["end"] = f"{told.end:%Y-%m-%dT%H:%M}"
    return "create_event", event


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
