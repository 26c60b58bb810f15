"""`/ws/chat`, as a browser and as a program use it, and as nobody should."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Frame, Opcode

from famulus.kit.ids import is_id, new_id
from tests.conformance.sockets import Message, answer_to, told, until_done
from tests.security.place import Place, ask
from tests.serving import Client, Server, serving

pytestmark = pytest.mark.anyio

MEBIBYTE = 1_048_576


@asynccontextmanager
async def opened(person: Client, **headers: str) -> AsyncIterator[ClientConnection]:
    async with connect(
        _address(person.url), additional_headers={**person.headers, **headers}, max_queue=None
    ) as socket:
        yield socket


async def test_many_messages_are_answered_over_one_socket(anna: Client) -> None:
    thread = await anna.thread()

    async with opened(anna) as socket:
        turns = []
        for text in ("hello", "what is 6 * 7?", "count to 5"):
            await socket.send(json.dumps({"thread_id": thread, "message": text}))
            turns.append(await until_done(socket))

    assert [_text(turn).split()[0] for turn in turns] == ["Hello!", "Here", "1"]
    for turn in turns:
        assert [message["id"].rpartition(":")[2] for message in turn] == [str(n + 1) for n in range(len(turn))]
        assert set(turn[0]) == {"event", "id", "data"}
        assert [message["event"] for message in turn[-3:]] == ["thread.run.completed", "metadata", "done"]
    said = [text for role, _, text in await anna.texts(thread) if role == "assistant"]
    assert said == [_text(turn) for turn in turns]


async def test_two_runs_at_once_share_a_socket(anna: Client) -> None:
    threads = [await anna.thread(), await anna.thread()]

    async with opened(anna) as socket:
        for thread in threads:
            await socket.send(json.dumps({"thread_id": thread, "message": "count to 20"}))
        messages: list[Message] = []
        while sum(message["event"] == "done" for message in messages) < 2:
            messages.append(await told(socket))

    runs = {m["data"]["run_id"] for m in messages if m["event"] == "done"}
    assert len(runs) == 2
    assert _text(messages).count("20") == 2


async def test_a_run_goes_on_without_its_socket_and_is_resumed_on_another(anna: Client) -> None:
    thread = await anna.thread()
    async with opened(anna) as first:
        await first.send(json.dumps({"thread_id": thread, "message": "count to 60"}))
        seen = [await told(first)]
        while "thread.message.delta" not in {message["event"] for message in seen}:
            seen.append(await told(first))
    run_id = next(message["data"]["id"] for message in seen if message["event"] == "thread.run.created")

    async with opened(anna) as second:
        await second.send(json.dumps({"type": "resume", "run_id": run_id, "after": seen[-1]["id"]}))
        rest = await until_done(second)
        await second.send(json.dumps({"type": "resume", "run_id": run_id}))
        whole = await until_done(second)

    assert seen + rest == whole
    assert _text(whole).split() == [str(number) for number in range(1, 61)]


async def test_a_position_that_never_was_gets_a_snapshot(anna: Client) -> None:
    run = await anna.send(await anna.thread(), "hello")
    await anna.ended(run["id"])

    async with opened(anna) as socket:
        reset = await answer_to(socket, {"type": "resume", "run_id": run["id"], "after": "1:99999"})
        end = await told(socket)

    assert reset["event"] == "stream.reset"
    assert reset["data"]["run"]["status"] == "completed"
    assert end["event"] == "done"


async def test_a_run_is_cancelled(anna: Client) -> None:
    thread = await anna.thread()
    async with opened(anna) as socket:
        await socket.send(json.dumps({"thread_id": thread, "message": "count to 20000"}))
        messages = [await told(socket)]
        while messages[-1]["event"] != "thread.message.delta":
            messages.append(await told(socket))
        run_id = next(m["data"]["id"] for m in messages if m["event"] == "thread.run.created")

        await socket.send(json.dumps({"type": "cancel", "run_id": run_id}))
        rest = await until_done(socket)
        again = await answer_to(socket, {"type": "cancel", "run_id": run_id})

    events = [message["event"] for message in rest]
    assert "cancel.accepted" in events
    assert events.count("thread.run.cancelled") == 1
    assert rest[-1]["data"]["status"] == "cancelled"
    assert again["data"]["status"] == "cancelled"
    assert [status for role, status, _ in await anna.texts(thread) if role == "assistant"] == ["incomplete"]


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ("not json", "malformed_command"),
        ("", "malformed_command"),
        ("null", "malformed_command"),
        ("[]", "malformed_command"),
        ('"hello"', "malformed_command"),
        ("{}", "malformed_command"),
        ('{"message": "hi"}', "malformed_command"),
        ('{"thread_id": "thread_x"}', "malformed_command"),
        ('{"thread_id": 7, "message": "hi"}', "malformed_command"),
        ('{"thread_id": "x", "message": "hi", "user_id": "user_x"}', "malformed_command"),
        ('{"type": "explode"}', "malformed_command"),
        ('{"type": {}}', "malformed_command"),
        ('{"type": "cancel"}', "malformed_command"),
        ('{"type": "resume", "run_id": null}', "malformed_command"),
        ("[" * 2_000, "malformed_command"),
        ('{"thread_id": "\\ud800", "message": "hi"}', "malformed_command"),
        ('{"thread_id": "x\\u0000", "message": "hi"}', "conversation_not_found"),
        ('{"thread_id": "none", "message": "hi"}', "conversation_not_found"),
        ('{"type": "cancel", "run_id": "none"}', "run_not_found"),
        ('{"type": "resume", "run_id": "none"}', "run_not_found"),
    ],
)
async def test_whatever_is_sent_wrong_the_socket_stays(anna: Client, sent: str, code: str) -> None:
    async with opened(anna) as socket:
        error = await answer_to(socket, sent)
        pong = await answer_to(socket, {"type": "ping"})

    assert set(error) >= {"event", "type", "error", "error_code", "correlation_id", "timestamp"}
    assert error["event"] == error["type"] == "error"
    assert error["error_code"] == code
    assert isinstance(error["error"], str)
    assert is_id(error["correlation_id"], "corr")
    assert error["timestamp"].endswith("Z")
    assert pong["event"] == "pong"


@pytest.mark.parametrize("after", ["-1", "x", "1:", ":1", "1:1:1", "9" * 90, "\x00", "1 OR 1", "0x1"])
async def test_a_cursor_that_is_none_is_an_error(anna: Client, after: str) -> None:
    run = await anna.send(await anna.thread(), "hello")

    async with opened(anna) as socket:
        error = await answer_to(socket, {"type": "resume", "run_id": run["id"], "after": after})

    assert error["error_code"] == "invalid_cursor"


@pytest.mark.parametrize(
    ("text", "code"), [("  ", "message_blank"), ("x" * 50_000, "message_too_long")], ids=["blank", "long"]
)
async def test_a_message_that_nobody_can_answer_is_not_stored(anna: Client, text: str, code: str) -> None:
    thread = await anna.thread()

    async with opened(anna) as socket:
        error = await answer_to(socket, {"thread_id": thread, "message": text})

    assert error["error_code"] == code
    assert await anna.texts(thread) == []


async def test_a_second_send_of_one_message_is_one_run(anna: Client) -> None:
    message = {"thread_id": await anna.thread(), "message": "hello", "client_message_id": new_id("sent")}

    async with opened(anna) as socket:
        await socket.send(json.dumps(message))
        first = await until_done(socket)
        await socket.send(json.dumps(message))
        second = await until_done(socket)

    assert first == second


async def test_so_many_streams_and_no_more(berta: Client) -> None:
    threads = [await berta.thread() for _ in range(6)]
    async with opened(berta) as socket:
        for thread in threads[:5]:
            await socket.send(json.dumps({"thread_id": thread, "message": "count to 20000"}))
        running: set[str] = set()
        while len(running) < 5:
            message = await told(socket)
            if message["event"] == "thread.run.in_progress":
                running.add(message["data"]["id"])

        await socket.send(json.dumps({"type": "resume", "run_id": (await berta.send(threads[5], "hello"))["id"]}))
        error = await _next_error(socket)
        for run_id in running:
            await socket.send(json.dumps({"type": "cancel", "run_id": run_id}))

    assert error["error_code"] == "too_many_streams"


async def test_binary_frames_are_not_understood(anna: Client) -> None:
    await _is_closed(anna, 1003, Frame(Opcode.BINARY, b"\x00\x01"))


async def test_text_that_is_not_utf8_closes(anna: Client) -> None:
    await _is_closed(anna, 1007, Frame(Opcode.TEXT, b'{"type": "\xff\xfe"}'))


async def test_a_frame_that_is_too_large_closes(anna: Client) -> None:
    await _is_closed(anna, 1009, Frame(Opcode.TEXT, b" " * (MEBIBYTE + 1)))


async def test_fragments_that_are_too_large_together_close(anna: Client) -> None:
    fragment = b" " * 262_144
    frames = [Frame(Opcode.TEXT, fragment, fin=False), *[Frame(Opcode.CONT, fragment, fin=False)] * 4]

    await _is_closed(anna, 1009, *frames)


async def test_what_is_just_small_enough_is_read(anna: Client) -> None:
    async with opened(anna) as socket:
        error = await answer_to(socket, " " * (MEBIBYTE - 1))

    assert error["error_code"] == "malformed_command"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer fam_no_such_key"},
        {"Authorization": "Basic eDp5"},
        {"Cookie": "famulus_session=none"},
    ],
)
async def test_strangers_are_refused_before_the_handshake(place: Place, headers: dict[str, str]) -> None:
    assert await _status(place.server, **headers) == 403


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "http://127.0.0.1.evil.example", "https://127.0.0.1", "http://127.0.0.1:1"],
)
async def test_pages_of_other_sites_are_refused_before_the_handshake(place: Place, origin: str) -> None:
    cookie = await _cookie(place)

    assert await _status(place.server, Cookie=cookie, Origin=origin) == 403


async def test_a_cookie_without_an_origin_is_refused(place: Place) -> None:
    assert await _status(place.server, Cookie=await _cookie(place)) == 403


async def test_ones_own_page_is_let_in(place: Place) -> None:
    headers = {"Cookie": await _cookie(place), "Origin": place.server.url}
    async with connect(_address(place.server.url), additional_headers=headers) as socket:
        assert (await answer_to(socket, {"type": "ping"}))["event"] == "pong"


async def test_a_key_that_may_not_chat_is_refused(place: Place) -> None:
    made = await place.owner.post("/api/v1/api-keys", {"name": "narrow", "scopes": ["account"]}, expect=201)

    assert await _status(place.server, Authorization=f"Bearer {made['secret']}") == 403


async def test_a_socket_that_breaks_leaves_its_run_and_nothing_else(place: Place, anna: Client) -> None:
    thread = await anna.thread()
    socket = await connect(_address(anna.url), additional_headers=anna.headers)
    await socket.send(json.dumps({"thread_id": thread, "message": "count to 40"}))
    run_id = (await told(socket))["data"].get("run_id")
    socket.transport.abort()

    ended = await anna.ended(run_id)

    assert ended["status"] == "completed"
    # Every seat is free again: as many streams as anybody may have can be opened.
    async with opened(anna) as fresh:
        for _ in range(5):
            await fresh.send(json.dumps({"thread_id": await anna.thread(), "message": "count to 30"}))
        messages: list[Message] = []
        while sum(message["event"] == "done" for message in messages) < 5:
            messages.append(await told(fresh))
    assert "error" not in {message["event"] for message in messages}


async def test_a_server_that_stops_says_that_it_will_be_back(tmp_path: Path) -> None:
    with serving(tmp_path, FAMULUS_MODEL__OFFLINE_WORDS_PER_SECOND="20") as server:
        anna = await (await server.start()).owner()
        thread = await anna.thread()
        async with opened(anna) as socket:
            await socket.send(json.dumps({"thread_id": thread, "message": "count to 40"}))
            seen = [await told(socket)]
            stopping = asyncio.create_task(asyncio.to_thread(server.stop))
            with pytest.raises(ConnectionClosed) as closed:
                await _gathered(socket, seen)
        assert await stopping == 0
        await server.start()
        run_id = next(m["data"]["run_id"] for m in seen if m["event"] == "thread.message.created")
        async with opened(anna) as socket:
            await socket.send(json.dumps({"type": "resume", "run_id": run_id, "after": seen[-1]["id"]}))
            rest = await until_done(socket)

    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012
    assert _text([*seen, *rest]).split() == [str(number) for number in range(1, 41)]


async def _gathered(socket: ClientConnection, seen: list[Message]) -> None:
    """Add every message to those seen, for as long as any come."""
    while True:
        seen.append(await told(socket))


async def _is_closed(person: Client, code: int, *frames: Frame) -> None:
    async with opened(person) as socket:
        for frame in frames:
            socket.transport.write(frame.serialize(mask=True))
        with pytest.raises(ConnectionClosed) as closed:
            await told(socket)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == code


async def _next_error(socket: ClientConnection) -> Message:
    while (message := await told(socket))["event"] != "error":
        pass
    return message


async def _status(server: Server, **headers: str) -> int:
    """The status of an answer to a handshake that is not accepted."""
    with pytest.raises(InvalidStatus) as refused:
        await connect(_address(server.url), additional_headers=headers)
    return refused.value.response.status_code


async def _cookie(place: Place) -> str:
    body = {"email": "berta@example.org", "password": "a long enough one"}
    answer = await ask(f"{place.server.url}/api/v1/auth/sign-in", "POST", body=body)
    set_cookie: str = answer.headers["Set-Cookie"]
    return set_cookie.partition(";")[0]


def _address(url: str) -> str:
    return url.replace("http://", "ws://") + "/ws/chat"


def _text(messages: list[Message]) -> str:
    deltas: list[Any] = [m["data"] for m in messages if m["event"] == "thread.message.delta"]
    return "".join(delta["delta"]["content"][0]["text"]["value"] for delta in deltas)
