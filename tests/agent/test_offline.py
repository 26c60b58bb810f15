"""The offline stand-in: rules that do what they say, and say that they are rules."""

from typing import Any

import orjson
import pytest

from famulus.agent.builtin import BUILTIN
from famulus.agent.offline import OfflineModel
from famulus.agent.tools import Toolset
from famulus.infra.llm import ChatRequest, Finish, TextDelta, ToolCall, Usage

pytestmark = pytest.mark.anyio


async def answer(*messages: dict[str, Any], words_per_second: float = 0) -> list[Any]:
    request = ChatRequest(model="offline", messages=list(messages), tools=Toolset(BUILTIN).definitions())
    return [event async for event in OfflineModel(words_per_second=words_per_second).stream(request)]


def said(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def text_of(events: list[Any]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


async def test_it_says_that_it_is_no_language_model() -> None:
    for text in ("hello", "Write me a poem.", ""):
        assert "not a language model" in text_of(await answer(said(text)))


async def test_it_ends_with_its_usage_and_one_finish() -> None:
    *_, usage, finish = await answer(said("hello"))

    assert isinstance(usage, Usage)
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    assert finish == Finish("stop")


@pytest.mark.parametrize(
    ("text", "name", "arguments"),
    [
        ("What time is it?", "current_time", "{}"),
        ("What is the time in Asia/Tokyo?", "current_time", '{"zone":"Asia/Tokyo"}'),
        ("What is 6 * 7?", "calculator", '{"expression":"6 * 7"}'),
        ('use calculator {"expression": "1+1"}', "calculator", '{"expression": "1+1"}'),
    ],
)
async def test_it_calls_a_tool_where_one_is_meant(text: str, name: str, arguments: str) -> None:
    call, _, finish = await answer(said(text))

    assert isinstance(call, ToolCall)
    assert (call.name, call.arguments) == (name, arguments)
    assert finish == Finish("tool_calls")


async def test_it_calls_no_tool_that_it_was_not_offered() -> None:
    events = await answer(said("remember that I like tea"))

    assert not [event for event in events if isinstance(event, ToolCall)]


async def test_it_tells_what_a_tool_has_found() -> None:
    call = {"id": "a", "type": "function", "function": {"name": "calculator", "arguments": "{}"}}
    events = await answer(
        said("What is 6 * 7?"),
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "a", "content": "42"},
    )

    assert text_of(events) == "Here is what I found: 42"


async def test_it_counts_in_many_pieces() -> None:
    events = await answer(said("count to 30"), words_per_second=2_000)

    assert text_of(events).split() == [str(number) for number in range(1, 31)]
    assert sum(isinstance(event, TextDelta) for event in events) > 1


async def test_it_counts_no_further_than_it_can() -> None:
    assert len(text_of(await answer(said("count to 999999"))).split()) == 20_000


@pytest.mark.parametrize(
    ("text", "when", "title"),
    [
        ("remind me in 10 minutes to water the plants", "in 10 minutes", "water the plants"),
        ("Please remind me to call Otto tomorrow at 9.", "tomorrow at 9", "call Otto"),
        ("remind me every weekday at 8:30 to stretch", "every weekday at 8:30", "stretch"),
        ("remind me tonight to read", "tonight", "read"),
    ],
)
async def test_it_sets_a_reminder_where_one_is_meant(text: str, when: str, title: str) -> None:
    offered = [{"type": "function", "function": {"name": "schedule_reminder"}}]
    request = ChatRequest(model="offline", messages=[said(text)], tools=offered)

    call, *_ = [event async for event in OfflineModel(words_per_second=0).stream(request)]

    assert isinstance(call, ToolCall)
    assert (call.name, orjson.loads(call.arguments)) == ("schedule_reminder", {"when": when, "title": title})


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        (
            "Every morning, summarise my day.",
            {"when": "Every morning", "title": "Summarise my day", "ask_assistant": "summarise my day"},
        ),
        ("every other Friday at 14:00, remind me to bake", {"when": "every other Friday at 14:00", "title": "Bake"}),
    ],
)
async def test_what_it_does_again_and_again_is_asked_of_an_assistant_unless_one_is_to_be_reminded(
    text: str, arguments: dict[str, str]
) -> None:
    call = await called(text, ["schedule_reminder"])

    assert (call.name, orjson.loads(call.arguments)) == ("schedule_reminder", arguments)


CELLO, SLEEP = f"goal_{'1' * 26}", f"goal_{'2' * 26}"
GOALS = f"“Sleep” ({SLEEP}): active, no steps yet.\n“Learn the cello” ({CELLO}): active, no steps yet."


@pytest.mark.parametrize(
    ("text", "goal_id", "when"),
    [
        ("Check in on my goal to learn the cello every Friday.", CELLO, "every Friday"),
        ("check in on my goal learn the cello every other Friday at 9", CELLO, "every other Friday at 9"),
        ("Every Friday at 9, check in on my goal “Learn the cello”", CELLO, "Every Friday at 9"),
        ("Please check in on my goal tomorrow at 10", SLEEP, "tomorrow at 10"),
    ],
)
async def test_it_looks_which_goal_is_meant_before_it_checks_in_on_it(text: str, goal_id: str, when: str) -> None:
    tools = ["list_goals", "schedule_check_in", "schedule_reminder"]

    first = await called(text, tools)
    then = await called(text, tools, after=GOALS)

    assert first.name == "list_goals"
    assert (then.name, orjson.loads(then.arguments)) == ("schedule_check_in", {"goal_id": goal_id, "when": when})


async def called(text: str, tools: list[str], *, after: str | None = None) -> ToolCall:
    """What is called at these words, or once a tool has said something."""
    offered = [{"type": "function", "function": {"name": name}} for name in tools]
    messages = [said(text)]
    if after is not None:
        call = {"id": "call_1", "type": "function", "function": {"name": tools[0], "arguments": "{}"}}
        messages += [
            {"role": "assistant", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "call_1", "content": after},
        ]
    request = ChatRequest(model="offline", messages=messages, tools=offered)
    events = [event async for event in OfflineModel(words_per_second=0).stream(request)]
    call_made = events[0]
    assert isinstance(call_made, ToolCall)
    return call_made
