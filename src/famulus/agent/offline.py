"""The offline stand-in: a few rules in place of a language model, so that everything can be tried without one.

It streams, calls tools, and can be interrupted and resumed like any model. It says plainly that it is none.
"""

import asyncio
import re
import time
from collections.abc import AsyncGenerator
from typing import Any

import orjson

from famulus.agent import papers, plans
from famulus.agent.window import Message, tokens
from famulus.infra.llm import ChatEvent, ChatRequest, Finish, TextDelta, ToolCall, Usage
from famulus.kit.ids import new_id
from famulus.kit.text import shortened

NAME = "offline"
"""The name by which the stand-in is chosen, and shown."""

_WHO_I_AM = (
    "I am Famulus' offline stand-in: a few rules, not a language model. I can tell the time, calculate, remember a "
    "sentence for you, remind you, keep your goals and your calendar, search your files and what we said, and count. "
    "Connect a real model to have a conversation: see “Connect a model” in the README."
)
_MOST_COUNTED = 20_000
_WORDS_AT_ONCE = 500
_GREETING = re.compile(r"\s*(hi|hello|hey|good (morning|evening|day)|who are you|what are you|help)\b", re.IGNORECASE)
_COUNT = re.compile(r"\bcount (?:up )?to (\d{1,6})\b", re.IGNORECASE)
_USE = re.compile(r"\s*(?:use|call) ([A-Za-z_][\w-]*)\s*(\{.*\})?\s*$", re.DOTALL)
_ZONE = re.compile(r"\bin ([A-Z][A-Za-z_]+/[A-Z][A-Za-z_]+)")
_TIME = re.compile(r"\b(what|tell|which).{0,20}\b(time|date|day)\b|\bcurrent (time|date)\b", re.IGNORECASE)
_REMEMBER = re.compile(r"\s*(?:please )?remember(?: that)?[: ]+(.+)", re.IGNORECASE | re.DOTALL)
_RECALL = re.compile(
    r"\s*(?:what do you (?:know|remember)|recall)(?: about)?[: ]*(.*?)\??\s*$", re.IGNORECASE | re.DOTALL
)
_TIMES = r"(?:in|at|on|today|tonight|tomorrow|the day after|next|this|every|daily|weekly|monthly|hourly)\b.*?"
_REMIND = re.compile(
    rf"\s*(?:please )?remind me (?:(?P<when>{_TIMES}) (?:to|that|about) (?P<what>.+?)"
    rf"|(?:to|that|about) (?P<later>.+?) (?P<then>{_TIMES}))[.!]?\s*$",
    re.IGNORECASE | re.DOTALL,
)
_EVERY = re.compile(
    r"\s*(?:please )?(?P<when>every\b[^,]+),\s+(?P<remind>remind me (?:to|that|about) )?"
    r"(?P<what>(?!check in).+?)[.!]?\s*$",
    re.IGNORECASE | re.DOTALL,
)
_REMINDERS = re.compile(r"\b(?:what|list|show|which)\b.{0,20}\breminders\b", re.IGNORECASE)
_CANCEL = re.compile(r"\s*(?:please )?(cancel|pause|resume|snooze) (?:the )?reminder (rem_\w+)", re.IGNORECASE)
_SUM = re.compile(r"[-+(]?\s*(?:\d|pi\b|sqrt\(|\()[\d\s.+\-*/^%()a-z]*", re.IGNORECASE)


class OfflineModel:
    """Answers by rule, word by word."""

    def __init__(self, *, words_per_second: float = 40) -> None:
        self._pause = 1 / words_per_second if words_per_second else 0.0

    async def stream(
        self,
        request: ChatRequest,
        *,
        correlation_id: str | None = None,  # noqa: ARG002 -- the shape of every model
    ) -> AsyncGenerator[ChatEvent, None]:
        """Call a tool where a rule says so, or say something."""
        call = _wanted_call(request)
        text = "" if call else _said(request.messages)
        if call:
            yield ToolCall(0, new_id("call"), *call)
        async for said in self._paced(re.findall(r"\S+\s*", text)):
            yield TextDelta(said)
        asked = sum(map(tokens, request.messages))
        answered = len(text.split()) or 1
        yield Usage(asked, answered, asked + answered)
        yield Finish("tool_calls" if call else "stop")

    async def _paced(self, words: list[str]) -> AsyncGenerator[str, None]:
        """The words as they are due by the clock: whoever is late to ask gets several at once."""
        began, said = time.monotonic(), 0
        while said < len(words):
            due = int((time.monotonic() - began) / self._pause) + 1 if self._pause else said + _WORDS_AT_ONCE
            if due > said:
                yield "".join(words[said:due])
                said = due
            await asyncio.sleep(max(0.0, began + said * self._pause - time.monotonic()))


def _wanted_call(request: ChatRequest) -> tuple[str, str] | None:
    """The tool that the last message asks for, and its arguments."""
    *_, question, last = [{"role": "", "content": ""}, *(m for m in request.messages if m["role"] != "assistant")]
    if last["role"] == "user":
        wanted = _by_rule(str(last.get("content") or ""))
    elif question["role"] == "user" and last["role"] == "tool":
        wanted = plans.asked_for_then(str(question.get("content") or ""), str(last.get("content") or ""))
    else:
        return None
    offered = {definition["function"]["name"] for definition in request.tools}
    if wanted is None or wanted[0] not in offered:
        return None
    name, arguments = wanted
    return name, arguments if isinstance(arguments, str) else orjson.dumps(arguments).decode()


def _by_rule(text: str) -> tuple[str, dict[str, Any] | str] | None:
    if match := _USE.match(text):
        return match[1], match[2] or "{}"
    if match := _REMEMBER.match(text):
        return "remember", {"text": match[1].strip()}
    if match := _RECALL.match(text):
        return "recall", {"about": match[1].strip()}
    if call := _about_reminders(text) or papers.asked_for(text) or plans.asked_for(text):
        return call
    if _TIME.search(text):
        zone = _ZONE.search(text)
        return "current_time", {"zone": zone[1]} if zone else {}
    sums = [found.strip() for found in _SUM.findall(text) if re.search(r"\d\s*[-+*/^%]\s*[\d(.]|sqrt", found)]
    return ("calculator", {"expression": max(sums, key=len)}) if sums else None


def _about_reminders(text: str) -> tuple[str, dict[str, Any]] | None:
    if match := _REMIND.match(text):
        when, what = match["when"] or match["then"], match["what"] or match["later"]
        return "schedule_reminder", {"when": when.strip(), "title": shortened(what.strip(), 200)}
    if match := _EVERY.match(text):
        what = match["what"].strip()
        asked = {} if match["remind"] else {"ask_assistant": what}
        title = shortened(what[:1].upper() + what[1:], 200)
        return "schedule_reminder", {"when": match["when"].strip(), "title": title} | asked
    if match := _CANCEL.match(text):
        return f"{match[1].lower()}_reminder", {"id": match[2]}
    if _REMINDERS.search(text):
        return "list_reminders", {}
    return None


def _said(messages: list[Message]) -> str:
    last = messages[-1]
    if last["role"] == "tool":
        outputs = []
        for message in reversed(messages):
            if message["role"] != "tool":
                break
            outputs.append(str(message["content"]))
        return "Here is what I found: " + "; ".join(reversed(outputs))
    text = str(last.get("content") or "")
    if match := _COUNT.search(text):
        return " ".join(map(str, range(1, min(int(match[1]), _MOST_COUNTED) + 1)))
    if plans.lacks_steps(text):
        return plans.NO_STEPS
    if _GREETING.match(text):
        return f"Hello! {_WHO_I_AM}"
    return f"You said: “{shortened(text, 200)}”. {_WHO_I_AM}"
