"""Answers that stream, from a real provider process over a real socket."""

import asyncio
import resource
from contextlib import aclosing

import pytest

from famulus.infra.llm import (
    ChatEvent,
    Finish,
    OpenAIClient,
    ProviderBroken,
    ProviderTimedOut,
    ReasoningDelta,
    TextDelta,
    Timeouts,
    ToolCall,
    Usage,
)
from tests.fake_model.fixture import FakeModel
from tests.infra.llm.clients import KEY, Clients, asking, heard, text_of, words

pytestmark = pytest.mark.anyio


async def test_every_token_comes_once_and_in_order(client: OpenAIClient) -> None:
    events = await heard(client, asking("text?tokens=2000"))

    assert text_of(events) == words(2000)
    assert events[-2:] == [Usage(1, 2000, 2001), Finish("stop")]


async def test_the_request_carries_what_was_asked(client: OpenAIClient, fake_model: FakeModel) -> None:
    tool = {"type": "function", "function": {"name": "clock", "parameters": {"type": "object"}}}

    await heard(client, asking("text", tools=[tool], temperature=0.0, max_tokens=7, extra={"seed": 3}))

    [request] = fake_model.requests()
    assert request["body"] == {
        "model": "text",
        "messages": [{"role": "user", "content": "hello"}],
        "tools": [tool],
        "temperature": 0.0,
        "max_tokens": 7,
        "seed": 3,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert request["headers"]["authorization"] == f"Bearer {KEY}"
    assert request["headers"]["x-correlation-id"] == "corr-1"


async def test_fields_may_be_left_out(client: OpenAIClient, fake_model: FakeModel) -> None:
    events = await heard(client, asking("text?tokens=1", extra={"stream_options": None}))

    assert "stream_options" not in fake_model.requests()[0]["body"]
    assert events == [TextDelta("w0 "), Finish("stop")]


async def test_text_that_utf8_cannot_carry_is_sent_clean(client: OpenAIClient) -> None:
    assert text_of(await heard(client, asking("echo", said="a\ud800b\U0001f600"))) == "a\ufffdb\U0001f600"


@pytest.mark.parametrize(
    ("behaviour", "text"),
    [
        ("nodone?tokens=9", words(9)),
        ("dupfinish?tokens=9", words(9)),
        ("crlf?tokens=9", words(9)),
        ("split?tokens=3", "é€😀0 é€😀1 é€😀2 "),
        ("nul", "a\ufffdb c\ufffdd e\ufffd"),
        ("slowfirst?seconds=0.05&tokens=2", words(2)),
        ("slowfirst?seconds=0.05&headers=1&tokens=2", words(2)),
    ],
)
async def test_odd_but_whole_answers_are_understood(client: OpenAIClient, behaviour: str, text: str) -> None:
    events = await heard(client, asking(behaviour))

    assert text_of(events) == text
    assert [event for event in events if isinstance(event, Finish)] == [Finish("stop")]


async def test_an_empty_answer_ends_without_text(client: OpenAIClient) -> None:
    assert await heard(client, asking("empty")) == [Usage(1, 0, 1), Finish("stop")]


async def test_reasoning_is_told_apart(client: OpenAIClient) -> None:
    for field in ("reasoning_content", "reasoning"):
        events = await heard(client, asking(f"reasoning?thoughts=2&tokens=2&field={field}"))

        assert events[:2] == [ReasoningDelta("t0 t1 "), TextDelta(words(2))]


@pytest.mark.parametrize("behaviour", ["tool", "toolsplit"])
async def test_a_tool_call_comes_whole(client: OpenAIClient, behaviour: str) -> None:
    events = await heard(client, asking(f'{behaviour}?name=sums&args={{"expression":"1+1"}}'))

    assert events[0] == ToolCall(0, "call_1", "sums", '{"expression":"1+1"}')
    assert events[-1] == Finish("tool_calls")


async def test_parallel_calls_keep_their_order(client: OpenAIClient) -> None:
    events = await heard(client, asking("toolpar?n=8"))

    calls = [event for event in events if isinstance(event, ToolCall)]
    assert [call.index for call in calls] == list(range(8))
    assert [call.arguments for call in calls] == [f'{{"expression": "{n}+1"}}' for n in range(8)]


async def test_bad_calls_are_the_callers_to_judge(client: OpenAIClient) -> None:
    [broken, *_] = await heard(client, asking("toolbad"))
    [unknown, *_] = await heard(client, asking("toolunknown"))
    [endless, *_] = await heard(client, asking("toolloop"))

    assert isinstance(broken, ToolCall)
    assert broken.arguments == '{"expression": "2+'
    assert isinstance(unknown, ToolCall)
    assert unknown.name == "no_such_tool"
    assert isinstance(endless, ToolCall)


@pytest.mark.parametrize("behaviour", ["truncate", "rst", "inband_error", "badjson"])
async def test_a_broken_answer_is_never_an_end(clients: Clients, behaviour: str) -> None:
    events: list[ChatEvent] = []

    with pytest.raises(ProviderBroken):
        await heard(clients.make(), asking(f"{behaviour}?after=3"), events)

    assert text_of(events) == words(3)
    assert not any(isinstance(event, Finish) for event in events)
    assert clients.pauses == []


async def test_a_huge_line_is_refused_and_not_kept(client: OpenAIClient) -> None:
    before = _peak_kib()

    with pytest.raises(ProviderBroken):
        await heard(client, asking("hugeline?mib=64"))

    assert _peak_kib() - before < 16 * 1024


def _peak_kib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


async def test_silence_ends_the_call(clients: Clients, fake_model: FakeModel) -> None:
    client = clients.make(timeouts=Timeouts(idle_seconds=0.1))
    events: list[ChatEvent] = []

    with pytest.raises(ProviderTimedOut):
        await heard(client, asking("stall?after=3"), events)

    assert text_of(events) == words(3)
    [request] = await fake_model.settled_requests()
    assert request["closed_early_after_seconds"] < 2


@pytest.mark.parametrize("behaviour", ["slowfirst?seconds=30", "slowfirst?seconds=30&headers=1"])
async def test_a_first_byte_that_does_not_come_ends_the_call(clients: Clients, behaviour: str) -> None:
    client = clients.make(timeouts=Timeouts(first_byte_seconds=0.1))

    with pytest.raises(ProviderTimedOut):
        await heard(client, asking(behaviour))

    assert clients.pauses == []


async def test_a_reader_who_is_busy_is_not_silence(clients: Clients) -> None:
    client = clients.make(timeouts=Timeouts(idle_seconds=0.1))
    events = client.stream(asking("text?tokens=45&rate=100"))
    first = await anext(events)
    loop = asyncio.get_running_loop()
    busy = loop.create_future()
    loop.call_later(0.3, busy.set_result, None)

    await busy

    assert text_of([first, *[event async for event in events]]) == words(45)


async def test_closing_hangs_up_at_once(client: OpenAIClient, fake_model: FakeModel) -> None:
    async with aclosing(client.stream(asking("text?tokens=100000&rate=50"))) as events:
        async for _ in events:
            break

    [request] = await fake_model.settled_requests()
    assert request["closed_early_after_seconds"] < 1
    assert request["tokens_sent"] < 50


@pytest.mark.parametrize("behaviour", ["stall?after=0", "slowfirst?seconds=30"])
async def test_cancelling_hangs_up_at_once(client: OpenAIClient, fake_model: FakeModel, behaviour: str) -> None:
    task = asyncio.create_task(heard(client, asking(behaviour)))
    await fake_model.requests_after(1)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    [request] = await fake_model.settled_requests()
    assert request["closed_early_after_seconds"] < 2


async def test_a_connection_is_used_again(client: OpenAIClient, fake_model: FakeModel) -> None:
    for _ in range(5):
        await heard(client, asking("text?tokens=3"))

    # One is the client's, one asks for the count.
    assert fake_model.stats()["open_connections"] == 2
