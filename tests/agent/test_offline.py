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
    ],
)
async def test_it_sets_a_reminder_where_one_is_meant(text: str, when: str, title: str) -> None:
    offered = [{"type": "function", "function": {"name": "schedule_reminder"}}]
    request = ChatRequest(model="offline", messages=[said(text)], tools=offered)

    call, *_ = [event async for event in OfflineModel(words_per_second=0).stream(request)]

    assert isinstance(call, ToolCall)
    assert (call.name, orjson.loads(call.arguments)) == ("schedule_reminder", {"when": when, "title": title})
