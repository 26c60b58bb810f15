"""Chunks as providers in the wild send them."""

import json
from typing import Any

import pytest

from famulus.infra.llm import (
    ChatEvent,
    ContextTooLong,
    Finish,
    ProviderBroken,
    ProviderRejected,
    TextDelta,
    ToolCall,
)
from famulus.infra.llm.answer import Answer


def chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
    return json.dumps({"choices": [{"delta": delta, "finish_reason": finish}]}).encode()


def call(call_id: str | None, name: str | None, arguments: Any, **fields: Any) -> dict[str, Any]:
    return {"tool_calls": [{**fields, "id": call_id, "function": {"name": name, "arguments": arguments}}]}


def events_of(*payloads: bytes) -> list[ChatEvent]:
    answer = Answer()
    events = answer.take(payloads)
    events += answer.end()
    if answer.failure:
        raise answer.failure
    return events


def test_texts_that_arrive_together_are_one() -> None:
    events = events_of(chunk({"content": "a"}), chunk({"content": "b"}), chunk({}, "stop"))

    assert events == [TextDelta("ab"), Finish("stop")]


def test_content_in_parts_is_read() -> None:
    parts = [{"type": "thinking", "thinking": []}, {"type": "text", "text": "a"}]

    assert events_of(chunk({"content": parts}), chunk({}, "stop"))[0] == TextDelta("a")


def test_calls_that_all_are_number_zero_are_told_apart() -> None:
    events = events_of(
        chunk(call("a", "one", "{}", index=0)), chunk(call("b", "two", "{}", index=0)), chunk({}, "stop")
    )

    assert events[:2] == [ToolCall(0, "a", "one", "{}"), ToolCall(1, "b", "two", "{}")]


def test_calls_without_number_and_id_get_both() -> None:
    events = events_of(
        chunk(call(None, "one", {"x": 1})),
        chunk(call(None, "two", "{")),
        chunk(call(None, None, "}"), "stop"),
    )

    made = [event for event in events if isinstance(event, ToolCall)]
    assert [(c.index, c.name, c.arguments) for c in made] == [(0, "one", '{"x":1}'), (1, "two", "{}")]
    assert all(c.call_id.startswith("call_") for c in made)


def test_endless_arguments_are_refused() -> None:
    fragments = [chunk(call(None, None, "x" * 100_000, index=0)) for _ in range(11)]

    with pytest.raises(ProviderBroken):
        events_of(*fragments, chunk({}, "tool_calls"))


@pytest.mark.parametrize(
    "payload",
    [
        b"[]",
        b"7",
        b'"text"',
        b'{"choices": 1}',
        b'{"choices": [1]}',
        b'{"choices": [{"delta": {"content": 7}}]}',
        b'{"choices": [{"delta": {"tool_calls": [7]}}]}',
        b'{"choices": [{"delta": {}, "finish_reason": 7}]}',
        b'{"usage": {"prompt_tokens": "many"}}',
        b"[" * 100_000 + b'"\\ud800"',
        b"\xff",
    ],
)
def test_a_chunk_of_any_other_shape_is_a_broken_provider(payload: bytes) -> None:
    with pytest.raises(ProviderBroken):
        events_of(payload)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"error": {"code": "context_length_exceeded", "message": "no"}}, ContextTooLong),
        ({"error": {"message": "This model's maximum context length is 8 tokens."}}, ContextTooLong),
        ({"object": "error", "code": 400, "message": "no"}, ProviderRejected),
        ({"error": "no"}, ProviderBroken),
        ({"error": {"code": 503}}, ProviderBroken),
    ],
)
def test_errors_inside_an_answer_are_told_apart(error: dict[str, Any], kind: type[Exception]) -> None:
    with pytest.raises(kind):
        events_of(json.dumps(error).encode())
