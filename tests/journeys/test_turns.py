"""Many conversations at once, and conversations that are long."""

import asyncio
from pathlib import Path

import pytest

from tests.fake_model.fixture import FakeModel
from tests.journeys.talk import all_messages, assert_at_rest, assert_sound, environment, talk, text_in
from tests.serving import Client, Server, messages_of, serving

pytestmark = pytest.mark.anyio


async def test_fifty_answers_at_once_are_each_complete_and_in_order(server: Server, owner: Client) -> None:
    conversations = [await talk(owner, "text?tokens=200&rate=50") for _ in range(50)]

    runs = await asyncio.gather(*(conversation.send() for conversation in conversations))
    followed = await asyncio.gather(*(owner.events(run_id) for run_id in runs))

    words = "".join(f"w{number} " for number in range(200))
    for run_id, events in zip(runs, followed, strict=True):
        assert list(messages_of(events).values()) == [words]
        assert events == await assert_sound(owner, run_id)
        # Shown as it came, and not in one piece at the end.
        assert sum(event.name == "thread.message.delta" for event in events) >= 20
    assert_at_rest(server)


async def test_a_conversation_of_two_thousand_messages_goes_on_like_any_other(
    tmp_path: Path, fake_model: FakeModel
) -> None:
    with serving(tmp_path, **environment(fake_model)) as server:
        await server.start()
        owner = await server.owner()
        conversation = await talk(owner, "text?tokens=20")
        await conversation.turn("the first of many")
        server.stop()
        _fill(server, conversation.thread_id, 2_000)
        await server.start()

        _, events = await conversation.turn("and the last")

        assert events[-1].data["status"] == "completed"
        asked = fake_model.requests()[-1]["body"]["messages"]
        assert asked[-1] == {"role": "user", "content": "and the last"}
        # 16,000 tokens of some four characters, and not the whole of it.
        assert 20_000 < sum(len(message["content"]) for message in asked) < 70_000
        messages = await all_messages(owner, conversation.thread_id)
        assert [text_in(m) for m in messages[2:-2]] == [
            f"line {number} " + "z" * 200 for number in range(1_999, -1, -1)
        ]
        assert len({m["id"] for m in messages}) == 2_004
        assert_at_rest(server)


def _fill(server: Server, thread_id: str, count: int) -> None:
    """Messages as years of talking would leave them: every second one a question."""
    ((user_id, position, at),) = server.kept.rows(
        "SELECT user_id, last_position, updated_at FROM conversations WHERE id = ?", thread_id
    )
    server.kept.change(
        "INSERT INTO messages (id, user_id, conversation_id, position, role, status, text, created_at, completed_at)"
        " VALUES (?, ?, ?, ?, ?, 'completed', ?, ?, ?)",
        [
            (
                f"msg_{number:026d}",
                user_id,
                thread_id,
                position + 1 + number,
                "assistant" if number % 2 else "user",
                f"line {number} " + "z" * 200,
                at,
                at,
            )
            for number in range(count)
        ],
    )
    server.kept.change("UPDATE conversations SET last_position = last_position + ? WHERE id = ?", [(count, thread_id)])
