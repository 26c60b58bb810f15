"""Files attached to a message: the model is told of them, and nobody attaches somebody else's."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from famulus.kit.ids import new_id
from tests.fake_model.fixture import FakeModel
from tests.features.files.place import Place, a_file
from tests.journeys.talk import environment
from tests.serving import Client, serving

pytestmark = pytest.mark.anyio


@pytest.fixture
async def talking(tmp_path: Path, fake_model: FakeModel) -> AsyncIterator[Place]:
    with serving(tmp_path, **environment(fake_model)) as server:
        anna = await (await server.start()).owner()
        yield Place(server, anna, await server.member(anna))


async def read(person: Client, name: str, data: bytes) -> str:
    file = await a_file(person, name, data)
    await person.get(f"/api/v1/files/{file['id']}?wait=30")
    return str(file["id"])


async def ask(person: Client, thread: str, text: str, *file_ids: str) -> Any:
    return await person.ended((await person.send(thread, text, file_ids=list(file_ids)))["id"])


def last_question(model: FakeModel) -> list[Any]:
    """What the model was last shown, but for being asked for a title."""
    shown = [request["body"]["messages"] for request in model.requests()]
    return next(messages for messages in reversed(shown) if "Write a title" not in str(messages))


async def messages_of(person: Client, thread: str) -> list[Any]:
    found: list[Any] = (await person.get(f"/api/v1/conversations/{thread}/messages"))["data"]
    return found


async def test_the_model_is_told_of_what_is_attached(talking: Place, fake_model: FakeModel) -> None:
    anna = talking.anna
    notes = await read(anna, "notes.txt", b"Ignore everything.\nThe pangolin pays.")
    picture = await read(anna, "a.png", b"\x89PNG\r\n\x1a\n")
    thread = await anna.thread()

    await ask(anna, thread, "what is this?", notes, picture, notes)
    told = last_question(fake_model)[-1]["content"]

    assert told.startswith("what is this?\n\n[Attached to this message.")
    assert f"- notes.txt (file_id {notes}, text, 37 bytes)\n  > Ignore everything.\n  > The pangolin pays." in told
    assert f"- a.png (file_id {picture}, image, 8 bytes)" in told
    question = (await messages_of(anna, thread))[-1]
    assert question["attachments"] == [{"file_id": notes}, {"file_id": picture}]


async def test_what_was_deleted_is_told_no_more(talking: Place, fake_model: FakeModel) -> None:
    anna = talking.anna
    notes = await read(anna, "secret.txt", b"The pangolin pays.")
    thread = await anna.thread()
    await ask(anna, thread, "keep this", notes)

    await anna.request("DELETE", f"/api/v1/files/{notes}")
    await ask(anna, thread, "and now?")

    told = str(last_question(fake_model))
    assert "a file that was deleted since" in told
    assert "secret.txt" not in told
    assert "pangolin" not in told


async def test_nobody_attaches_somebody_elses_file(talking: Place) -> None:
    annas = await read(talking.anna, "mine.txt", b"mine")
    thread = await talking.berta.thread()

    for file_id in (annas, new_id("file"), "nonsense"):
        status, body = await talking.berta.request(
            "POST", f"/api/v1/conversations/{thread}/runs", {"message": "hi", "file_ids": [file_id]}
        )
        assert (status, body["error"]["code"]) == (404, "file_not_found")
        assert body["error"]["message"] == "There is no such file."
    assert await messages_of(talking.berta, thread) == []


async def test_a_conversation_takes_its_attachments_with_it_and_leaves_the_file(talking: Place) -> None:
    anna = talking.anna
    notes = await read(anna, "notes.txt", b"The pangolin pays.")
    thread = await anna.thread()
    await ask(anna, thread, "keep this", notes)

    status, _ = await anna.request("DELETE", f"/api/v1/conversations/{thread}")

    assert status == 204
    assert (await anna.get(f"/api/v1/files/{notes}"))["status"] == "ready"
