"""Everything that can go wrong with a provider, and what becomes of the answer."""

import time
from typing import Any

import pytest

from tests.fake_model.fixture import FakeModel
from tests.journeys.talk import Talk, assert_at_rest, assert_goes_on, rows, talk
from tests.serving import Client, Event, Server, messages_of

pytestmark = pytest.mark.anyio

SETTINGS = {
    "FAMULUS_MODEL__IDLE_TIMEOUT_SECONDS": "1",
    "FAMULUS_MODEL__ATTEMPTS": "3",
    "FAMULUS_AGENT__MAX_STEPS": "8",
}


def retries(events: list[Event]) -> list[Any]:
    """What watchers were told of tries that failed."""
    details = [e.data["delta"]["step_details"] for e in events if e.name == "thread.run.step.delta"]
    return [detail["retrying"] for detail in details if "retrying" in detail]


def words(count: int) -> str:
    return "".join(f"w{number} " for number in range(count))


async def answer_to(conversation: Talk, **fields: Any) -> tuple[int, Any]:
    """The answer of `POST /chat` in one piece."""
    body = {"thread_id": conversation.thread_id, "message": "go on", "assistant_id": conversation.assistant_id}
    return await conversation.client.request("POST", "/chat", {**body, **fields})


@pytest.mark.parametrize(
    ("fault", "pause"),
    [
        ("http429?times=2&retry_after=1&then=text%3Ftokens%3D5", 2.0),
        ("http500?times=2&then=text%3Ftokens%3D5", 0.5),
        ("http503?times=2&then=text%3Ftokens%3D5", 0.5),
    ],
)
async def test_a_failure_that_passes_is_waited_for_and_told(
    fault: str, pause: float, server: Server, owner: Client, fake_model: FakeModel
) -> None:
    conversation = await talk(owner, fault)

    started = time.monotonic()
    run, events = await conversation.turn()

    assert time.monotonic() - started >= pause
    assert run["status"] == "completed"
    assert len(fake_model.requests()) == 3
    assert [told["attempt"] for told in retries(events)] == [2, 3]
    assert all(told["reason"] for told in retries(events))
    assert list(messages_of(events).values()) == [words(5)]
    assert_at_rest(server)


@pytest.mark.parametrize(
    ("fault", "code", "status", "calls"),
    [
        ("http500", "provider_broken", 502, 3),
        ("http401", "provider_key_refused", 502, 1),
        ("http400", "provider_rejected", 502, 1),
        ("no-such-model", "provider_rejected", 502, 1),
        ("empty", "no_output", 502, 1),
        ("ctxlen", "context_too_long", 413, 2),
    ],
)
async def test_a_failure_that_does_not_pass_ends_the_run_with_a_reason(
    fault: str, code: str, status: int, calls: int, server: Server, owner: Client, fake_model: FakeModel
) -> None:
    conversation = await talk(owner, fault)

    run, events = await conversation.turn()
    [error] = [event for event in events if event.name == "error"]
    asked = len(fake_model.requests())
    answer = await answer_to(conversation)

    assert run["status"] == "failed"
    assert run["last_error"]["code"] == error.data["error"]["code"] == code
    assert run["last_error"]["message"].endswith(".")
    assert asked == calls
    assert answer[0] == status
    assert answer[1]["error"]["code"] == code
    assert answer[1]["error"]["message"] == run["last_error"]["message"]
    assert answer[1]["error"]["correlation_id"]
    assert "sk-fake" not in server.log_text
    await assert_goes_on(owner, conversation.thread_id)
    assert_at_rest(server)


@pytest.mark.parametrize("fault", ["truncate", "rst", "inband_error", "stall", "hugeline"])
async def test_half_an_answer_is_kept_and_marked_and_never_taken_for_a_whole_one(
    fault: str, server: Server, owner: Client, fake_model: FakeModel
) -> None:
    conversation = await talk(owner, fault)

    run, events = await conversation.turn()

    assert run["status"] == "failed"
    assert run["last_error"]["code"] == ("provider_timed_out" if fault == "stall" else "provider_broken")
    said = await conversation.said()
    assert said[1] == ("assistant", "incomplete", "before " if fault == "hugeline" else words(5))
    assert any(event.name == "thread.message.incomplete" for event in events)
    assert len(fake_model.requests()) == 1
    assert (await answer_to(conversation))[0] == 502
    await assert_goes_on(owner, conversation.thread_id)
    assert_at_rest(server)


@pytest.mark.parametrize(
    ("oddity", "text"),
    [
        ("nodone", words(20)),
        ("dupfinish", words(20)),
        ("crlf", words(20)),
        ("split", "".join(f"é€😀{number} " for number in range(5))),
        ("slowfirst?seconds=0.5", words(20)),
    ],
)
async def test_an_answer_in_an_odd_form_is_the_same_answer(
    oddity: str, text: str, server: Server, owner: Client
) -> None:
    conversation = await talk(owner, oddity)

    run, events = await conversation.turn()

    assert run["status"] == "completed"
    assert list(messages_of(events).values()) == [text]
    assert (await conversation.said())[1] == ("assistant", "completed", text)
    assert_at_rest(server)


async def test_garbage_within_an_answer_does_not_pass_for_an_end(server: Server, owner: Client) -> None:
    conversation = await talk(owner, "badjson")

    run, events = await conversation.turn()

    # What came before it is kept either way.
    assert list(messages_of(events).values()) == [words(5)]
    assert run["status"] in {"completed", "failed"}
    assert (await conversation.said())[1][1] == ("completed" if run["status"] == "completed" else "incomplete")
    await assert_goes_on(owner, conversation.thread_id)
    assert_at_rest(server)


async def test_characters_that_cannot_be_stored_are_replaced_wherever_they_come_from(
    server: Server, owner: Client, fake_model: FakeModel
) -> None:
    conversation = await talk(owner, "nul")

    run, events = await conversation.turn("a\0b")
    escaped = await owner.request("POST", "/chat", {"thread_id": conversation.thread_id, "message": "x\0y"})

    assert run["status"] == "completed"
    assert await conversation.said() == [
        ("user", "completed", "a\ufffdb"),
        ("assistant", "completed", "a\ufffdb c\ufffdd e\ufffd"),
        ("user", "completed", "x\ufffdy"),
        ("assistant", "completed", words(20)),
    ]
    assert list(messages_of(events).values()) == ["a\ufffdb c\ufffdd e\ufffd"]
    assert escaped[0] == 200
    assert fake_model.requests()[0]["body"]["messages"][-1]["content"] == "a\ufffdb"
    assert_at_rest(server)


@pytest.mark.parametrize(
    ("misuse", "told"),
    [
        ("toolbad", ["invalid_arguments"]),
        ("toolunknown", ["unknown_tool"]),
        ("toolsplit", ["4"]),
        ("toolpar?n=8", [str(number + 1) for number in range(8)]),
        ("tool?name=broken&args={}", ["tool_failed"]),
        ("tool?name=broken_transaction&args={}", ["tool_failed"]),
        ("tool?name=hang&args={}", ["tool_timeout"]),
        ('tool?name=block&args={"seconds":3}', ["tool_timeout"]),
        ("tool?name=flood&args={}", ["[cut here: the output has 1000000 characters, and 65536 are shown]"]),
    ],
)
async def test_a_call_however_bad_has_an_output_that_the_model_reads(
    misuse: str, told: list[str], server: Server, owner: Client, fake_model: FakeModel
) -> None:
    conversation = await talk(owner, misuse + ("&" if "?" in misuse else "?") + "then=text%3Ftokens%3D5")

    run, events = await conversation.turn()

    assert run["status"] == "completed"
    assert list(messages_of(events).values()) == [words(5)]
    asked = fake_model.requests()[-1]["body"]["messages"]
    outputs = [message["content"] for message in asked if message["role"] == "tool"]
    assert len(outputs) == len(told)
    assert all(part in output for part, output in zip(told, outputs, strict=True))
    assert not any("the inside of" in output or "Traceback" in output for output in outputs)
    steps = [s for s in (await owner.get(f"/runs/{run['id']}/steps"))["data"] if s["type"] == "tool_calls"]
    shown = [step["step_details"]["tool_calls"][0]["function"]["output"] for step in steps]
    assert all(part in output for part, output in zip(told, shown, strict=True))
    await assert_goes_on(owner, conversation.thread_id)
    assert_at_rest(server)


async def test_a_model_that_calls_tools_for_ever_is_stopped(
    server: Server, owner: Client, fake_model: FakeModel
) -> None:
    conversation = await talk(owner, "toolloop")

    run, _ = await conversation.turn()
    answer = await answer_to(conversation)

    assert (run["status"], run["last_error"]["code"]) == ("failed", "step_limit")
    assert answer[0] == 409
    assert len(fake_model.requests()) == 16
    await assert_goes_on(owner, conversation.thread_id)
    assert_at_rest(server)


async def test_the_same_call_again_and_again_is_remarked_on_and_then_refused(
    server: Server, owner: Client, fake_model: FakeModel
) -> None:
    conversation = await talk(owner, "toolloop?same=1")

    run, _ = await conversation.turn()

    outputs = [m["content"] for m in fake_model.requests()[-1]["body"]["messages"] if m["role"] == "tool"]
    assert outputs[:2] == ["2", "2"]
    assert all("this same call" in output for output in outputs[2:4])
    assert all("repeated_call" in output for output in outputs[4:])
    assert run["last_error"]["code"] == "step_limit"
    assert_at_rest(server)


async def test_a_history_that_is_too_long_for_the_model_is_shortened_once(
    server: Server, owner: Client, fake_model: FakeModel
) -> None:
    conversation = await talk(owner)
    for _ in range(3):
        await conversation.turn("z" * 18_000)
    short = await talk(owner, "ctxlen?limit=10000")

    run = await owner.send(conversation.thread_id, "go on", assistant_id=short.assistant_id)
    ended = await owner.ended(run["id"])

    assert ended["status"] == "completed"
    first, second = [sum(len(m["content"]) for m in r["body"]["messages"]) for r in fake_model.requests()]
    assert second < first
    assert second / 4 <= 10_000
    assert rows(server, "SELECT count(*) FROM messages WHERE conversation_id = ?", conversation.thread_id) == [(8,)]


async def test_a_conversation_that_no_model_can_read_does_not_spoil_another(server: Server, owner: Client) -> None:
    conversation = await talk(owner)
    await conversation.turn("z" * 39_000)
    hopeless = await talk(owner, "ctxlen?limit=0")

    run = await owner.send(conversation.thread_id, "go on", assistant_id=hopeless.assistant_id)
    failed = await owner.ended(run["id"])
    elsewhere, _ = await (await talk(owner, "ctxlen?limit=1000")).turn("hello")

    assert (failed["status"], failed["last_error"]["code"]) == ("failed", "context_too_long")
    assert elsewhere["status"] == "completed"
    await assert_goes_on(owner, conversation.thread_id)
    assert_at_rest(server)


async def test_what_the_model_thinks_is_shown_and_is_no_part_of_the_answer(server: Server, owner: Client) -> None:
    conversation = await talk(owner, "reasoning?thoughts=5&tokens=3")

    _, events = await conversation.turn()

    thoughts = [e.data["delta"]["step_details"]["reasoning"] for e in events if e.name == "thread.run.step.delta"]
    assert "".join(thoughts) == "t0 t1 t2 t3 t4 "
    assert (await conversation.said())[1][2] == words(3)
    assert_at_rest(server)


async def test_a_provider_that_cannot_be_reached_is_a_failure_with_a_reason(owner: Client) -> None:
    # A script that resets every connection before a word is said stands for one that is not there.
    conversation = await talk(owner, "rst?after=0")

    run, _ = await conversation.turn()

    assert run["status"] == "failed"
    assert run["last_error"]["code"].startswith("provider_")
    await assert_goes_on(owner, conversation.thread_id)
