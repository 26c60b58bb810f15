"""Whatever goes wrong in a call is something that a model can read."""

import asyncio
import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import Field

from famulus.agent import tools
from famulus.agent.tools import Arguments, Output, Tool, ToolContext, Toolset, tool
from famulus.kit.errors import NotFound

pytestmark = pytest.mark.anyio

CONTEXT = ToolContext(
    user_id="user_x", run_id="run_x", idempotency_key="run_x/step_x", correlation_id="corr_x", zone="Europe/Berlin",
    now=datetime(2026, 10, 20, 12, 0, tzinfo=UTC),
)  # fmt: skip


class Word(Arguments):
    """One word."""

    word: str = Field(description="The word.")


@tool
async def echo(context: ToolContext, arguments: Word) -> str:
    """Say the word again."""
    return f"{context.user_id}: {arguments.word}"


@tool
def echo_in_a_thread(context: ToolContext, arguments: Word) -> str:
    """Say the word again."""
    return f"{context.user_id}: {arguments.word}"


@tool
async def lost(context: ToolContext, arguments: Word) -> str:
    """Find nothing."""
    raise NotFound("There is no such word.", word=arguments.word)


@tool
async def broken(context: ToolContext, arguments: Word) -> str:
    """Have a bug."""
    raise ValueError("the password is hunter2")


@tool(timeout_seconds=0.02)
async def slow(context: ToolContext, arguments: Word) -> str:
    """Take for ever."""
    await asyncio.Event().wait()
    return ""


@tool(timeout_seconds=0.02)
def slow_in_a_thread(context: ToolContext, arguments: Word) -> str:
    """Take a while."""
    time.sleep(0.1)
    return "too late"


@tool
async def odd(context: ToolContext, arguments: Word) -> Any:
    """Give back something that is no text."""
    return {"word": arguments.word, "at": context.now}


@tool
async def flood(context: ToolContext, arguments: Word) -> str:
    """Say too much."""
    return "x\x00" * 500_000


async def called(one: Tool, word: str = "hello") -> Output:
    return await tools.call(one, CONTEXT, Word(word=word), timeout_seconds=5, limit=100)


@pytest.mark.parametrize("one", [echo, echo_in_a_thread], ids=lambda one: one.name)
async def test_a_tool_knows_for_whom_it_works(one: Tool) -> None:
    assert await called(one) == Output("user_x: hello")


async def test_an_error_of_ours_is_shown_as_it_is() -> None:
    output = await called(lost)

    assert output.error_code == "not_found"
    assert json.loads(output.text)["error"] == {
        "code": "not_found",
        "message": "There is no such word.",
        "word": "hello",
    }


async def test_a_bug_shows_nothing_of_its_inside() -> None:
    output = await called(broken)

    assert output.error_code == "tool_failed"
    assert "hunter2" not in output.text
    assert json.loads(output.text)["error"]["correlation_id"] == "corr_x"


@pytest.mark.parametrize("one", [slow, slow_in_a_thread], ids=lambda one: one.name)
async def test_a_tool_that_takes_too_long_is_given_up(one: Tool) -> None:
    assert (await called(one)).error_code == "tool_timeout"


async def test_what_is_no_text_becomes_json() -> None:
    output = await called(odd)

    assert json.loads(output.text)["word"] == "hello"


async def test_too_much_is_cut_with_a_note() -> None:
    output = await called(flood)

    assert output.error_code is None
    assert output.text.startswith("x\ufffd" * 50 + "\n[cut here: the output has 1000000 characters")
    assert "\x00" not in output.text


async def test_who_is_cancelled_is_cancelled() -> None:
    calling = asyncio.create_task(tools.call(slow, CONTEXT, Word(word=""), timeout_seconds=5, limit=100))
    await asyncio.sleep(0)
    calling.cancel()

    with pytest.raises(asyncio.CancelledError):
        await calling


@pytest.mark.parametrize(
    "arguments", ["{", "[]", "null", '"x"', "{}", '{"word": 1}', '{"word": "x", "user_id": "user_y"}', "NaN", "\ud800"]
)
async def test_arguments_that_do_not_fit_are_explained(arguments: str) -> None:
    output = tools.parsed(echo, arguments)

    assert isinstance(output, Output)
    assert output.error_code == "invalid_arguments"
    assert json.loads(output.text)["error"]["problems"]


async def test_a_tool_that_the_model_made_up_is_unknown() -> None:
    assert tools.unknown("teleport").error_code == "unknown_tool"
    assert len(tools.unknown("x" * 10_000).text) < 300


async def test_a_model_is_told_of_arguments_and_purpose() -> None:
    [definition] = Toolset([echo]).definitions()

    assert definition["function"]["name"] == "echo"
    assert definition["function"]["description"] == "Say the word again."
    assert definition["function"]["parameters"]["properties"]["word"]["description"] == "The word."
    assert "user_id" not in str(definition)


async def test_an_assistant_has_the_tools_that_it_was_given() -> None:
    toolset = Toolset([echo, lost])

    assert [one.name for one in toolset.only(["lost", "unheard of"])] == ["lost"]
    assert [one.name for one in toolset.only(None)] == ["echo", "lost"]
    assert toolset.only([]).get("echo") is None


async def test_a_transactional_tool_is_a_coroutine() -> None:
    def plain(context: ToolContext, arguments: Word) -> str:
        return ""

    with pytest.raises(TypeError):
        tool(transactional=True)(plain)
