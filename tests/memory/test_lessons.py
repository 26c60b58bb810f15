"""What a model says is worth remembering: read with patience, carried out once, and never more than was offered."""

from datetime import UTC, datetime
from typing import Any

import pytest

from famulus.features.conversations.lessons import lessons_in
from famulus.features.conversations.records import Message
from famulus.infra.database import Database
from famulus.memory.client import Correcting, MemoryDraft, MemoryPatch, Remembering
from famulus.memory.learning import learn
from famulus.memory.service import Memories

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
QUESTION = Message(
    "msg_1", "user_maria", "thread_1", "run_1", 1, "user", "completed", "I moved to Bern.", None, NOW, NOW
)
MARIA = "user_maria"


def read(answer: str) -> list[Any]:
    return list(lessons_in(answer, offered={"mem_1"}, question=QUESTION, run_id="run_1"))


@pytest.mark.parametrize(
    "answer",
    [
        '[{"text": "Maria lives in Bern.", "kind": "fact"}]',
        '```json\n[{"text": "Maria lives in Bern.", "kind": "fact", "importance": null}]\n```',
        'Sure [of it]! Here: [{"text": "Maria lives in Bern.", "kind": "rumour", "about": "soon"}] Anything else?',
        '{"memories": [{"text": " Maria lives in Bern. ", "importance": "very", "colour": 3}, 7, null, "x"]}',
        '[{"text": "Maria lives in Bern."}, {"text": "Maria lives in Bern."}, {"text": ""}, {"text": 5}, {}]',
        '[{"text": "Maria lives in Bern.", "replaces": "mem_of_somebody_else", "importance": 99}]',
    ],
)
def test_a_list_is_found_whatever_stands_around_it(answer: str) -> None:
    (lesson,) = read(answer)

    assert isinstance(lesson, Remembering)
    assert (lesson.draft.text, lesson.draft.kind) == ("Maria lives in Bern.", "fact")
    assert (lesson.draft.source, lesson.draft.source_id, lesson.draft.session) == ("message", "msg_1", "thread_1")


@pytest.mark.parametrize(
    "answer",
    ["", "[]", "Nothing.", "[", "[[[[", "[1, 2]", '{"text": "x"}', "[" * 5_000, '[{"text": "' + "x" * 600 + '"}]'],
)
def test_nothing_comes_of_nonsense(answer: str) -> None:
    assert read(answer) == []


def test_a_memory_that_was_offered_is_replaced_and_a_day_is_kept() -> None:
    (lesson,) = read('[{"text": "Maria lives in Bern.", "replaces": "mem_1", "about": "2026-11-01"}]')

    assert isinstance(lesson, Correcting)
    assert lesson.memory_id == "mem_1"
    assert lesson.patch.about_from == datetime(2026, 11, 1, tzinfo=UTC)


async def test_what_is_known_is_not_learnt_again(database: Database) -> None:
    async def told(*lessons: Any) -> list[str]:
        await database.write(lambda session: learn(session, MARIA, lessons, now=lambda: NOW))
        found = await database.read(lambda session: Memories(session, MARIA).page(kinds=None, after=None, limit=50))
        return [memory.text for memory in found]

    def fact(text: str, key: str) -> Remembering:
        return Remembering(draft=MemoryDraft(text=text, key=key))

    assert await told(fact("Maria lives in Basel.", "1")) == ["Maria lives in Basel."]
    assert await told(fact("maria lives in BASEL", "2")) == ["Maria lives in Basel."]
    assert len(await told(fact("Maria has 2 cats.", "3"), fact("Maria has 3 cats.", "4"))) == 3
    (basel,) = [
        memory
        for memory in await database.read(lambda session: Memories(session, MARIA).everything())
        if "Basel" in memory.text
    ]
    moved = Correcting(memory_id=basel.id, patch=MemoryPatch(text="Maria lives in Bern.", key="5"))
    assert await told(moved, moved, Correcting(memory_id="mem_none", patch=MemoryPatch(text="x"))) == [
        "Maria lives in Bern.",
        "Maria has 3 cats.",
        "Maria has 2 cats.",
    ]


async def test_what_was_replaced_and_is_said_again_holds_again(database: Database) -> None:
    async def say(text: str) -> str:
        return (await database.write(lambda s: Memories(s, MARIA).remember([MemoryDraft(text=text)])))[0].id

    tea = await say("Maria likes tea.")
    await database.write(lambda session: Memories(session, MARIA).change(tea, MemoryPatch(text="Maria likes coffee.")))

    again = [await say("Maria likes tea.") for _ in range(2)]

    assert again[0] == again[1] != tea
    held = await database.read(lambda session: Memories(session, MARIA).page(kinds=None, after=None, limit=5))
    assert [memory.text for memory in held] == ["Maria likes tea."]
    assert len(await database.read(lambda session: Memories(session, MARIA).history(tea))) == 3
