"""Event streams, byte by byte, as proxies and browsers see them."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from famulus.kit.ids import is_id
from tests.security.things import waiting_run
from tests.serving import Client, Event, assert_whole, parsed, serving, text_of

pytestmark = pytest.mark.anyio

FRAME = re.compile(rb"event: [a-z_.]+\n(id: \d+:\d+\n)?data: [^\n]+")
OF_A_TURN = [
    "thread.message.created",
    "thread.run.created",
    "thread.run.queued",
    "thread.run.in_progress",
    "thread.run.step.created",
    "thread.run.step.in_progress",
    "thread.message.created",
    "thread.message.in_progress",
    "thread.message.delta",
    "thread.message.completed",
    "thread.run.step.completed",
    "thread.run.completed",
    "metadata",
    "done",
]
OBJECTS = {"thread.message": "thread.message", "thread.run.step": "thread.run.step", "thread.run": "thread.run"}


@asynccontextmanager
async def streamed(
    person: Client, path: str, method: str = "GET", body: Any = None, **headers: str
) -> AsyncIterator[aiohttp.ClientResponse]:
    known = {**person.headers, "Accept": "text/event-stream", **headers}
    async with (
        aiohttp.ClientSession(auto_decompress=False) as http,
        http.request(method, person.url + path, json=body, headers=known) as answer,
    ):
        yield answer


async def told(person: Client, path: str, **headers: str) -> tuple[int, bytes]:
    async with streamed(person, path, **headers) as answer:
        return answer.status, await answer.read()


def once(events: list[Event]) -> list[str]:
    """The names of the events, with a row of deltas as one."""
    names = [event.name for event in events]
    return [name for name, before in zip(names, ["", *names], strict=False) if (name, before) != (name, name)]


@pytest.mark.parametrize("how", ["follow", "chat"])
async def test_every_stream_says_that_it_is_one(anna: Client, how: str) -> None:
    thread = await anna.thread()
    if how == "follow":
        run = await anna.send(thread, "hello")
        opening = streamed(anna, f"/runs/{run['id']}/events", **{"Accept-Encoding": "gzip, br"})
    else:
        body = {"thread_id": thread, "message": "hello"}
        opening = streamed(anna, "/chat", "POST", body, **{"Accept-Encoding": "gzip, br"})

    async with opening as answer:
        first = await answer.content.readany()
        rest = await answer.read()

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-cache, no-transform"
    assert answer.headers["X-Accel-Buffering"] == "no"
    assert "Content-Encoding" not in answer.headers
    assert "Content-Length" not in answer.headers
    assert first.startswith(b": welcome\nretry: 5000\n\n")
    *frames, end = (first + rest).split(b"\n\n")[1:]
    assert end == b""
    assert [frame for frame in frames if not (FRAME.fullmatch(frame) or frame.startswith(b": "))] == []


async def test_a_turn_is_told_in_this_order(anna: Client) -> None:
    thread = await anna.thread()
    run = await anna.send(thread, "hello")

    events = await anna.events(run["id"])

    assert_whole(events)
    assert once(events) == OF_A_TURN
    assert events[0].data["role"] == "user"
    assert events[0].data["content"][0]["text"] == {"value": "hello", "annotations": []}
    metadata, done = events[-2].data, events[-1].data
    assert set(metadata) == {
        "correlation_id",
        "elapsed_time_seconds",
        "event_count",
        "thread_id",
        "timestamp",
        "memories",
    }
    assert metadata["event_count"] == len(events)
    assert metadata["thread_id"] == thread
    assert metadata["correlation_id"] == run["correlation_id"]
    assert done == {"status": "completed", "run_id": run["id"]}
    [answer] = [text for role, _, text in await anna.texts(thread) if role == "assistant"]
    assert text_of(events) == answer


async def test_every_event_carries_the_object_that_it_names(anna: Client) -> None:
    thread = await anna.thread()
    run = await anna.send(thread, "what is 6 * 7?")

    for event in await anna.events(run["id"]):
        if event.name in ("metadata", "done"):
            continue
        kind, _, happened = event.name.rpartition(".")
        assert event.data["object"] == (event.name if happened == "delta" else OBJECTS[kind])
        prefix = {"thread.message": "msg", "thread.run.step": "step", "thread.run": "run"}[kind]
        assert is_id(event.data["id"], prefix)
        if happened == "delta":
            [part] = event.data["delta"]["content"]
            assert set(part) == {"index", "type", "text"}
        else:
            assert event.data["thread_id"] == thread
            if happened != "created":
                assert event.data["status"] == happened


async def test_a_conversation_that_a_message_begins_is_told_of_first(anna: Client) -> None:
    body = {"user_id": anna.user_id, "text": "hello", "metadata": {"session_id": "a name of theirs"}}
    async with streamed(anna, "/chat", "POST", body) as answer:
        frames = (await answer.read()).split(b"\n\n")

    events = [event for frame in frames if (event := parsed(frame))]
    assert events[0].name == "thread.created"
    assert events[0].data["object"] == "thread"
    assert events[0].data["session_id"] == "a name of theirs"
    assert once(events)[1:] == OF_A_TURN


async def test_an_idle_stream_shows_that_it_lives(anna: Client) -> None:
    run = await waiting_run(anna, await anna.thread())

    async with asyncio.timeout(60), streamed(anna, f"/runs/{run['id']}/events") as answer:
        received = b""
        while received.count(b": heartbeat\n\n") < 2:
            received += await answer.content.readany()

    assert received.index(b"requires_action") < received.index(b": heartbeat")


@pytest.mark.parametrize("named_by", ["header", "query", "both"])
async def test_a_stream_goes_on_behind_any_event(anna: Client, named_by: str) -> None:
    run = await anna.send(await anna.thread(), "count to 10")
    events = await anna.events(run["id"])
    path = f"/runs/{run['id']}/events"

    for seen, event in enumerate(events[:-1], 1):
        query = f"?after={event.id}" if named_by == "query" else "?after=0" if named_by == "both" else ""
        headers = {} if named_by == "query" else {"Last-Event-ID": str(event.id)}
        _, body = await told(anna, path + query, **headers)
        rest = [found for frame in body.split(b"\n\n") if (found := parsed(frame))]
        assert rest == events[seen:]

    assert await told(anna, path, **{"Last-Event-ID": str(events[-1].id)}) == (204, b"")
    _, whole = await told(anna, f"{path}?after=0")
    everything = [found for frame in whole.split(b"\n\n") if (found := parsed(frame))]
    assert everything == events


@pytest.mark.parametrize("cursor", ["1:9999", "9:1", "9007199254740992", "0:5", "99"])
async def test_a_position_that_never_was_gets_exactly_one_snapshot(anna: Client, cursor: str) -> None:
    run = await anna.send(await anna.thread(), "hello")
    events = await anna.events(run["id"])

    status, body = await told(anna, f"/runs/{run['id']}/events", **{"Last-Event-ID": cursor})

    reset, *rest = [event for frame in body.split(b"\n\n") if (event := parsed(frame))]
    assert status == 200
    assert reset.name == "stream.reset"
    assert reset.id == events[-1].id
    assert set(reset.data) == {"run", "messages", "steps"}
    assert [event.name for event in rest] == ["done"]


@pytest.mark.parametrize("cursor", ["x", "-1", "1:", ":1", "1:1:1", "1e3", "٣", "9" * 19, "9" * 60, "1:1 ", "0x1"])
async def test_what_is_no_position_is_refused(anna: Client, cursor: str) -> None:
    run = await anna.send(await anna.thread(), "hello")

    async with (
        aiohttp.ClientSession(headers=anna.headers) as http,
        http.get(f"{anna.url}/runs/{run['id']}/events", params={"after": cursor}) as answer,
    ):
        body = json.loads(await answer.text())

    assert answer.status == 400
    assert body["error"]["code"] == "invalid_cursor"


async def test_so_many_streams_and_no_more(berta: Client) -> None:
    run = await waiting_run(berta, await berta.thread())
    path = f"/runs/{run['id']}/events"
    open_streams = []
    for _ in range(5):
        stream = streamed(berta, path)
        answer = await stream.__aenter__()
        await answer.content.readany()
        open_streams.append(stream)

    async with streamed(berta, path) as refused:
        error = json.loads(await refused.text())["error"]
    for stream in open_streams:
        await stream.__aexit__(None, None, None)

    assert refused.status == 429
    assert error["code"] == "too_many_streams"
    assert int(refused.headers["Retry-After"]) > 0
    # As soon as the server has seen that they are gone, there is room again.
    async with asyncio.timeout(60):
        while True:
            async with streamed(berta, path) as answer:
                if answer.status == 200:
                    break


async def test_a_connection_has_a_longest_life_and_its_client_goes_on(tmp_path: Path) -> None:
    with serving(tmp_path, FAMULUS_STREAMS__MAX_SECONDS="0.5", FAMULUS_MODEL__OFFLINE_WORDS_PER_SECOND="30") as server:
        anna = await (await server.start()).owner()
        run = await anna.send(await anna.thread(), "count to 60")

        events: list[Event] = []
        connections = 0
        while not events or events[-1].name != "done":
            events += await anna.events(run["id"], after=events[-1].id if events else None)
            connections += 1

    assert connections > 2
    assert_whole(events)
    assert text_of(events).split() == [str(number) for number in range(1, 61)]
