"""The provider that other tests trust."""

import json
import socket
from http.client import HTTPConnection

import pytest

from tests.fake_model.fixture import FakeModel, start_fake_model


def chat(model: FakeModel, name: str, *, stream: bool = True, said: str = "hello") -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", model.port, timeout=10)
    body = {
        "model": name,
        "messages": [{"role": "user", "content": said}],
        "stream": stream,
        "stream_options": {"include_usage": True},
    }
    try:
        connection.request("POST", "/v1/chat/completions", json.dumps(body))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def text_of(stream: bytes) -> str:
    events = [json.loads(line[6:]) for line in stream.splitlines() if line.startswith(b"data: {")]
    return "".join(e["choices"][0]["delta"].get("content", "") for e in events if e.get("choices"))


@pytest.mark.anyio
async def test_tokens_are_numbered_and_counted(fake_model: FakeModel) -> None:
    status, stream = chat(fake_model, "text?tokens=300")

    assert status == 200
    assert text_of(stream) == "".join(f"w{number} " for number in range(300))
    assert stream.endswith(b"data: [DONE]\n\n")
    assert b'"usage":{"prompt_tokens":1,"completion_tokens":300,"total_tokens":301}' in stream
    [request] = await fake_model.settled_requests()
    assert (request["tokens_sent"], request["ended"]) == (300, True)


@pytest.mark.anyio
async def test_a_rate_is_kept(fake_model: FakeModel) -> None:
    chat(fake_model, "text?tokens=11&rate=100")

    [request] = await fake_model.settled_requests()
    assert request["seconds"] == pytest.approx(0.1, abs=0.09)


def test_an_answer_in_one_piece_says_the_same(fake_model: FakeModel) -> None:
    _, whole = chat(fake_model, "echo", stream=False, said="good  morning")
    _, streamed = chat(fake_model, "echo", said="good  morning")

    assert json.loads(whole)["choices"][0]["message"]["content"] == "good  morning"
    assert text_of(streamed) == "good  morning"


def test_scripted_behaviours_come_first_and_in_order(fake_model: FakeModel) -> None:
    fake_model.script(["say?text=one", "http500"])

    answers = [chat(fake_model, "say?text=three") for _ in range(3)]

    assert [status for status, _ in answers] == [200, 500, 200]
    assert [text_of(answers[0][1]), text_of(answers[2][1])] == ["one", "three"]


def test_a_failure_may_pass(fake_model: FakeModel) -> None:
    statuses = [chat(fake_model, "http429?times=2&retry_after=1")[0] for _ in range(3)]

    assert statuses == [429, 429, 200]


@pytest.mark.anyio
async def test_a_client_that_hangs_up_is_noticed(fake_model: FakeModel) -> None:
    body = json.dumps({"model": "stall?after=2", "messages": [], "stream": True}).encode()
    with socket.create_connection(("127.0.0.1", fake_model.port)) as client:
        client.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        client.recv(1)

    [request] = await fake_model.settled_requests()
    assert request["tokens_sent"] == 2
    assert not request["ended"]
    assert 0 <= request["closed_early_after_seconds"] < 5


def test_requests_may_be_chunked_and_follow_each_other(fake_model: FakeModel) -> None:
    body = b'{"model": "echo", "messages": [{"role": "user", "content": "hi"}]}'
    parts = b"".join(b"%x\r\n%s\r\n" % (len(body[i : i + 7]), body[i : i + 7]) for i in range(0, len(body), 7))
    request = b"POST /v1/chat/completions HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + parts + b"0\r\n\r\n"

    with socket.create_connection(("127.0.0.1", fake_model.port), timeout=10) as client:
        client.sendall(request + b"GET /nowhere HTTP/1.1\r\n\r\n")
        received = b""
        while b"nothing here" not in received:
            received += client.recv(65536)

    assert b'"content": "hi"' in received


def test_it_ends_with_its_standard_input() -> None:
    process, _ = start_fake_model()

    with process:
        assert process.stdin
        process.stdin.close()
        process.stdin = None

        assert process.wait(timeout=10) == 0
