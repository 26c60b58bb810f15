"""Any history can be shown to any model, and fits."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from famulus.agent.window import Message, fitted, repaired, tokens

TEXT = st.text(max_size=200)
IDS = st.sampled_from(["a", "b", "c", "d"])


def call(call_id: str) -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": "look", "arguments": "{}"}}


MESSAGES = st.one_of(
    st.builds(lambda text: {"role": "user", "content": text}, TEXT),
    st.builds(lambda text: {"role": "assistant", "content": text or None}, TEXT),
    st.builds(
        lambda text, ids: {"role": "assistant", "content": text or None, "tool_calls": [call(one) for one in ids]},
        TEXT,
        st.lists(IDS, min_size=1, max_size=3, unique=True),
    ),
    st.builds(lambda one, text: {"role": "tool", "tool_call_id": one, "content": text}, IDS, TEXT),
)
HISTORIES = st.lists(MESSAGES, max_size=30)
SYSTEM: Message = {"role": "system", "content": "Be brief."}


def is_accepted(messages: list[Message]) -> bool:
    """Whether a strict provider takes this: each call answered at once and in order, and nothing else answered."""
    waiting: list[str] = []
    for message in messages:
        if message["role"] == "tool":
            if not waiting or waiting.pop(0) != message["tool_call_id"]:
                return False
            continue
        if waiting:
            return False
        calls = message.get("tool_calls") or []
        if message["role"] == "assistant" and not calls and not message.get("content"):
            return False
        waiting = [one["id"] for one in calls]
    return not waiting


@given(HISTORIES)
@settings(deadline=None, derandomize=True, database=None)
def test_any_history_becomes_one_that_providers_accept(history: list[Message]) -> None:
    whole = repaired(history)

    assert is_accepted(whole)
    assert [m for m in whole if m["role"] == "user"] == [m for m in history if m["role"] == "user"]
    assert repaired(whole) == whole


@given(HISTORIES)
@settings(deadline=None, derandomize=True, database=None)
def test_what_is_accepted_is_left_alone(history: list[Message]) -> None:
    if is_accepted(history):
        assert repaired(history) == history


@given(HISTORIES, st.integers(64, 2_000))
@settings(deadline=None, derandomize=True, database=None)
def test_what_fits_is_accepted_and_begins_with_the_instructions(history: list[Message], budget: int) -> None:
    shown = fitted([SYSTEM, *repaired(history)], budget)

    assert shown[0] == SYSTEM
    assert is_accepted([message for message in shown if message["role"] != "system"])
    latest = repaired(history)[-1:]
    assert not latest or shown[-1]["role"] == latest[0]["role"]


@given(HISTORIES, st.integers(200, 2_000))
@settings(deadline=None, derandomize=True, database=None)
def test_more_than_one_turn_is_never_more_than_the_budget(history: list[Message], budget: int) -> None:
    shown = fitted([SYSTEM, *repaired(history)], budget)

    users = sum(message["role"] != "system" for message in shown)
    # The note that something is left out, and one group that is cut, may come on top.
    assert users <= 4 or sum(map(tokens, shown)) <= budget + 64


def test_a_history_that_fits_is_shown_whole() -> None:
    history: list[Message] = [SYSTEM, {"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}]

    assert fitted(history, 1_000) == history


def test_one_message_that_is_too_long_is_cut_in_its_middle() -> None:
    shown = fitted([SYSTEM, {"role": "user", "content": "begin" + "x" * 100_000 + "end"}], 500)

    assert shown[-1]["content"].startswith("begin")
    assert shown[-1]["content"].endswith("end")
    assert tokens(shown[-1]) < 600


def test_what_is_left_out_is_said_to_be() -> None:
    long: list[Message] = [{"role": "user", "content": "x" * 400} for _ in range(50)]

    shown = fitted([SYSTEM, *long], 1_000)

    assert "left out" in shown[1]["content"]
    assert len(shown) < 15
