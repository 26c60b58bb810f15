"""Following a run: from any position, with any connection, however often it breaks."""

import asyncio
from urllib.parse import quote

import aiohttp
import pytest

from tests.journeys.raw import connected, drained, frames, last_id, read, request_bytes, unchunked
from tests.journeys.talk import Talk, assert_at_rest, assert_goes_on, assert_sound, first, talk
from tests.serving import Client, Event, Server, assert_whole, parsed

pytestmark = pytest.mark.anyio

SETTINGS = {"FAMULUS_STREAMS__HEARTBEAT_SECONDS": "0.5"}


async def ended_run(client: Client, message: str = "count to 40") -> str:
    conversation = await talk(client)
    run_id = await conversation.send(message)
    await assert_sound(client, run_id)
    return run_id


async def test_a_reading_that_is_cut_anywhere_and_taken_up_again_is_the_same_to_the_byte(owner: Client) -> None:
    run_id = await ended_run(owner)
    async with aiohttp.ClientSession() as http:
        uncut = await read(http, owner, run_id)
        for cut in range(1, len(uncut), 13):
            seen = frames(await read(http, owner, run_id, limit=cut))
            seen += frames(await read(http, owner, run_id, after=last_id(seen)))
            assert seen == frames(uncut), cut


async def test_an_answer_under_way_that_is_read_in_scraps_is_the_same_to_the_byte(owner: Client) -> None:
    conversation = await talk(owner, "text?tokens=150&rate=100")
    run_id = await conversation.send()
    seen: list[bytes] = []
    connections = 0
    async with asyncio.timeout(20), aiohttp.ClientSession() as http:
        while not (seen and seen[-1].startswith(b"event: done")):
            # Each reader goes a little further than the last; some get nothing whole at all.
            limit = 40 + 97 * (connections % 31)
            seen += frames(await read(http, owner, run_id, after=last_id(seen), limit=limit))
            connections += 1
        assert seen == frames(await read(http, owner, run_id))
    assert connections > 10
    await assert_sound(owner, run_id)
    await assert_goes_on(owner, conversation.thread_id)


async def test_reconnecting_before_anything_new_has_come_loses_nothing(owner: Client) -> None:
    conversation = await talk(owner, "text?tokens=40&rate=40")
    run_id = await conversation.send()
    seen = await first(owner.follow(run_id), "thread.message.delta")

    async with aiohttp.ClientSession() as http:
        for _ in range(3):
            prelude = await read(http, owner, run_id, after=seen[-1].id, limit=10)
            assert b": welcome\n".startswith(prelude[:10])
    seen += await owner.events(run_id, after=seen[-1].id)

    assert seen == await assert_sound(owner, run_id)


async def test_whoever_comes_late_gets_the_whole_log_and_nothing_at_its_end(server: Server, owner: Client) -> None:
    run_id = await ended_run(owner)
    whole = await owner.events(run_id)
    server.stop()
    await server.start()

    again = await owner.events(run_id)
    assert again == whole
    assert_whole(again)
    async with aiohttp.ClientSession() as http:
        for middle in range(0, len(whole) - 1, 5):
            frames_after = frames(await read(http, owner, run_id, after=whole[middle].id))
            assert [parsed(frame) for frame in frames_after] == whole[middle + 1 :]
        at_the_end = {**owner.headers, "Last-Event-ID": str(whole[-1].id)}
        async with http.get(f"{owner.url}/runs/{run_id}/events", headers=at_the_end) as answer:
            assert answer.status == 204
        for start in ("?after=0", ""):
            async with http.get(f"{owner.url}/runs/{run_id}/events{start}", headers=owner.headers) as answer:
                assert len(frames(await answer.read())) == len(whole)
    await assert_goes_on(owner, (await talk(owner)).thread_id)
    assert_at_rest(server)


NONSENSE = (
    *("garbage", "-1", "1:-1", "1.5", ":3", "1:", "1:2:3", "²", "\0", "1:\0", "1: 2", "+3", "1:3\r\nX: y"),
    *(str(2**63), f"1:{2**64}", "9" * 60_000, "1:" + "0" * 60_000 + "1", "'; DROP TABLE runs; --"),
)


@pytest.mark.parametrize("cursor", NONSENSE, ids=lambda cursor: repr(cursor[:20]))
async def test_what_was_never_a_cursor_is_refused(cursor: str, owner: Client) -> None:
    run_id = await ended_run(owner, "hello")

    async with asyncio.timeout(60):
        status, body = await owner.request("GET", f"/runs/{run_id}/events?after={quote(cursor)}")

    assert (status, body["error"]["code"]) == (400, "invalid_cursor")


async def test_a_cursor_that_is_longer_than_any_address_is_refused_at_the_door(owner: Client) -> None:
    run_id = await ended_run(owner, "hello")
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{owner.url}/runs/{run_id}/events?after={'9' * 70_000}", headers=owner.headers) as answer,
    ):
        assert answer.status == 400
    await ended_run(owner, "hello")


@pytest.mark.parametrize("when", ["under way", "ended"])
@pytest.mark.parametrize("cursor", ["0:9999", "9999", "7:3", "0:5", str(2**53), f"3:{2**53}", "999999999999999:1"])
async def test_a_cursor_of_another_time_or_run_is_answered_with_where_things_stand(
    cursor: str, when: str, owner: Client
) -> None:
    conversation = await talk(owner, "text?tokens=10&rate=40")
    run_id = await conversation.send()
    await first(owner.follow(run_id), "thread.message.delta")
    if when == "ended":
        await owner.events(run_id)

    async with asyncio.timeout(60):
        seen = await owner.events(run_id, after=cursor)

    whole = await assert_sound(owner, run_id)
    assert [event.name for event in seen].count("stream.reset") == 1
    reset, *rest = seen
    assert reset.name == "stream.reset"
    assert rest[-1] == whole[-1]
    # The snapshot, with what comes after it, is the whole.
    assert reset.data["run"]["id"] == run_id
    at = [event.id for event in whole].index(reset.id)
    assert rest == (whole[at + 1 :] or whole[-1:])
    said = {message["id"]: message for message in reset.data["messages"] if message["role"] == "assistant"}
    for message_id, message in said.items():
        before = "".join(part["text"]["value"] for part in message["content"])
        assert before == _text(whole[: at + 1], message_id)


def _text(events: list[Event], message_id: str) -> str:
    return "".join(
        event.data["delta"]["content"][0]["text"]["value"]
        for event in events
        if event.name == "thread.message.delta" and event.data["id"] == message_id
    )


async def test_a_run_that_is_not_there_or_not_mine_has_no_stream(server: Server, owner: Client) -> None:
    run_id = await ended_run(owner, "hello")
    other = await server.member(owner, "Berta")

    theirs = await other.request("GET", f"/runs/{run_id}/events")
    nobodys = await other.request("GET", f"/runs/{run_id[:-4]}0000/events")

    assert theirs[0] == nobodys[0] == 404
    assert theirs[1]["error"]["code"] == nobodys[1]["error"]["code"] == "run_not_found"


async def test_a_client_that_closes_its_side_after_asking_is_answered_whole(owner: Client) -> None:
    conversation = await talk(owner, "text?tokens=20&rate=40")
    run_id = await conversation.send()
    connection = connected(owner)
    with connection:
        await asyncio.get_running_loop().sock_sendall(connection, request_bytes(owner, f"/runs/{run_id}/events"))
        connection.shutdown(1)
        async with asyncio.timeout(60):
            answer = await drained(connection)

    whole = await assert_sound(owner, run_id)
    assert [parsed(frame) for frame in frames(unchunked(answer))] == whole


async def test_everybody_who_watches_sees_the_same_bytes(owner: Client) -> None:
    conversation = await talk(owner, "text?tokens=100&rate=100")
    run_id = await conversation.send()

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        readings = await asyncio.gather(*(read(http, owner, run_id) for _ in range(20)))

    assert len({b"\n\n".join(frames(reading)) for reading in readings}) == 1
    assert len(frames(readings[0])) == len(await assert_sound(owner, run_id))


async def test_an_idle_stream_shows_signs_of_life_and_says_how_to_treat_it(owner: Client) -> None:
    conversation = await talk(owner, "slowfirst?seconds=2&tokens=1")
    run_id = await conversation.send()
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{owner.url}/runs/{run_id}/events", headers=owner.headers) as answer,
    ):
        beginning = await answer.content.readany()
        rest = await answer.content.read()
        headers = answer.headers

    assert beginning.startswith(b":")
    assert b"retry: 5000\n" in beginning
    assert rest.count(b": heartbeat\n\n") >= 2
    assert headers["Content-Type"].startswith("text/event-stream")
    assert headers["Cache-Control"] == "no-cache, no-transform"
    assert headers["X-Accel-Buffering"] == "no"
    assert "Content-Encoding" not in headers


async def test_many_open_streams_do_not_hold_up_an_ordinary_request(owner: Client) -> None:
    # Longer than it takes, however long that is.
    conversation: Talk = await talk(owner, "text?tokens=5000&rate=50")
    run_id = await conversation.send()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        watching = asyncio.gather(*(read(http, owner, run_id) for _ in range(150)))
        await first(owner.follow(run_id), "thread.message.delta", times=5)
        for _ in range(5):
            async with http.get(f"{owner.url}/api/v1/conversations", headers=owner.headers) as answer:
                assert answer.status == 200
                await answer.read()
        assert not watching.done()
        await owner.post(f"/runs/{run_id}/cancel")
        readings = await watching

    assert len({b"\n\n".join(frames(reading)) for reading in readings}) == 1
    await assert_goes_on(owner, conversation.thread_id)
