"""The provider's endpoints, and those by which a test arranges and asks."""

import asyncio
import hashlib
import json
import math
import re
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

from tests.fake_model.behaviours import (
    BEHAVIOURS,
    PLAIN,
    Failure,
    Fault,
    Script,
    answer,
    parsed,
    prompt_tokens,
)
from tests.fake_model.streaming import Stream, Wheel, usage_of
from tests.fake_model.whole import gathered
from tests.fake_model.wire import Connection, Request

_REMEMBERED_REQUESTS = 10_000
_DIMENSIONS = 16
_WAIT_SECONDS = 10
REFUSED_KEY = "sk-of-somebody-who-left"


@dataclass(slots=True)
class Record:
    """What became of one request."""

    path: str
    headers: Mapping[str, str]
    body: Any
    behaviour: str = ""
    streaming: bool = False
    received_at: float = field(default_factory=time.time)
    status: int = 0
    tokens_sent: int = 0
    ended: bool = False
    """The answer left whole, or as broken as it was meant to be."""
    seconds: float | None = None
    """How long the stream took."""
    closed_early_after_seconds: float | None = None
    """When the client hung up before that."""


class FakeModel:
    """A provider whose models do as they are named."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.connections: set[Connection] = set()
        self._loop = loop
        self._wheel = Wheel(loop)
        self._records: deque[Record] = deque(maxlen=_REMEMBERED_REQUESTS)
        self._streams: dict[int, tuple[Record, Stream]] = {}
        self._waiting: list[tuple[Callable[[], bool], Connection]] = []
        self._queue: deque[str] = deque()
        self._calls: Counter[str] = Counter()
        self._requests_served = 0
        self._tokens_of_ended = 0
        self._routes: dict[tuple[str, str], Callable[[Connection, Request], None]] = {
            ("POST", "/v1/chat/completions"): self._chat,
            ("POST", "/v1/embeddings"): self._embeddings,
            ("GET", "/v1/models"): self._models,
            ("GET", "/_requests"): self._show_requests,
            ("GET", "/_stats"): self._show_stats,
            ("POST", "/_script"): self._enqueue,
            ("POST", "/_reset"): self._reset,
        }

    def handle(self, connection: Connection, request: Request) -> None:
        """Answer one request, or begin to."""
        route = self._routes.get((request.method, request.path))
        if route is None:
            connection.reply(404, {"error": {"message": "There is nothing here.", "code": "not_found"}})
        elif request.path.startswith("/v1/") and request.headers.get("authorization") == f"Bearer {REFUSED_KEY}":
            refusal = f"Incorrect API key provided: {REFUSED_KEY}."
            connection.reply(401, {"error": {"message": refusal, "code": "invalid_api_key"}})
        else:
            self._requests_served += 1
            route(connection, request)

    def _chat(self, connection: Connection, request: Request) -> None:
        body, record = self._noted(request)
        wanted = self._queue.popleft() if self._queue else str(body.get("model", ""))
        self._obey(connection, wanted, body, record)

    def _noted(self, request: Request) -> tuple[dict[str, Any], Record]:
        body = json.loads(request.body or b"{}")
        record = Record(request.path, request.headers, body)
        self._records.append(record)
        # The answer is decided first, so that what is told of a request is complete.
        self._loop.call_soon(self._tell_those_who_wait)
        return body, record

    def _decided(self, wanted: str, body: Mapping[str, Any]) -> Script | Failure:
        """The behaviour that is wanted, or the one that follows once its `times` are used up."""
        self._calls[wanted] += 1
        parameters = parsed(wanted)[1]
        times = int(parameters.get("times", -1))
        if 0 <= times < self._calls[wanted]:
            return answer(parameters.get("then", PLAIN), body)
        return answer(wanted, body)

    def _obey(self, connection: Connection, wanted: str, body: dict[str, Any], record: Record) -> None:
        record.behaviour = wanted
        decided = self._decided(wanted, body)
        if isinstance(decided, Failure):
            record.status, record.ended = decided.status, True
            connection.reply(decided.status, {"error": decided.error}, decided.headers)
            return
        record.status = 200
        if not body.get("stream"):
            self._answer_whole(connection, decided, body, record)
            return
        record.streaming = True
        wants_usage = (body.get("stream_options") or {}).get("include_usage")
        stream = Stream(
            connection,
            decided,
            wheel=self._wheel,
            usage=partial(usage_of, prompt_tokens(body)) if wants_usage else None,
            on_end=partial(self._ended, record),
            on_lost=partial(self._lost, record),
        )
        self._streams[id(record)] = record, stream
        stream.start()

    def _ended(self, record: Record) -> None:
        record.ended = True
        self._settle(record)

    def _lost(self, record: Record) -> None:
        record.closed_early_after_seconds = time.time() - record.received_at
        self._settle(record)

    def _settle(self, record: Record) -> None:
        _, stream = self._streams.pop(id(record))
        record.tokens_sent, record.seconds = stream.sent, time.time() - record.received_at
        self._tokens_of_ended += stream.sent
        self._tell_those_who_wait()

    def _answer_whole(self, connection: Connection, script: Script, body: Mapping[str, Any], record: Record) -> None:
        message, reason, words = gathered(script)
        if isinstance(reason, Fault):
            if reason is not Fault.HANG:
                record.ended = True
                connection.reset() if reason is Fault.RESET else connection.close()
            return
        record.tokens_sent, record.ended = words, True
        usage = usage_of(prompt_tokens(body), words)
        choice = {"index": 0, "message": message, "finish_reason": reason}
        connection.reply(200, {"id": "chatcmpl-fake", "model": "fake", "choices": [choice], "usage": usage})

    def _embeddings(self, connection: Connection, request: Request) -> None:
        body, record = self._noted(request)
        wanted = str(body.get("model", ""))
        if parsed(wanted)[0].startswith("http"):
            decided = self._decided(wanted, body)
            if isinstance(decided, Failure):
                record.status, record.ended = decided.status, True
                connection.reply(decided.status, {"error": decided.error}, decided.headers)
                return
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        data = [
            {"object": "embedding", "index": index, "embedding": vector_of(text)} for index, text in enumerate(texts)
        ]
        record.status, record.ended = 200, True
        # The order is not promised: a client has to look at the index.
        connection.reply(200, {"object": "list", "data": data[::-1], "model": wanted})

    def _models(self, connection: Connection, _: Request) -> None:
        connection.reply(200, {"object": "list", "data": [{"id": name, "object": "model"} for name in BEHAVIOURS]})

    def _requests(self) -> list[dict[str, Any]]:
        for record, stream in self._streams.values():
            record.tokens_sent = stream.sent
        return [asdict(record) for record in self._records]

    def _show_requests(self, connection: Connection, request: Request) -> None:
        """All requests so far: now, when `?count=` have come, or with `?settled=1` when no stream is open."""
        wanted = dict(pair.split("=") for pair in request.query.split("&") if pair)
        if "settled" in wanted:
            self._waiting.append((lambda: not self._streams, connection))
        else:
            self._waiting.append((lambda: len(self._records) >= int(wanted.get("count", 0)), connection))
        self._loop.call_later(_WAIT_SECONDS, self._give_up_waiting, connection)
        self._tell_those_who_wait()

    def _tell_those_who_wait(self) -> None:
        for entry in list(self._waiting):
            fulfilled, connection = entry
            if fulfilled():
                self._waiting.remove(entry)
                connection.reply(200, self._requests())

    def _give_up_waiting(self, connection: Connection) -> None:
        for entry in list(self._waiting):
            if entry[1] is connection:
                self._waiting.remove(entry)
                connection.reply(504, {"error": {"message": "What was waited for did not happen."}})

    def _show_stats(self, connection: Connection, _: Request) -> None:
        under_way = sum(stream.sent for _, stream in self._streams.values())
        counts = {
            "open_connections": len(self.connections),
            "open_streams": len(self._streams),
            "requests": self._requests_served,
            "tokens_sent": self._tokens_of_ended + under_way,
            "cpu_seconds": time.process_time(),
        }
        connection.reply(200, counts)

    def _enqueue(self, connection: Connection, request: Request) -> None:
        self._queue.extend(json.loads(request.body))
        connection.reply(200, {"queued": len(self._queue)})

    def _reset(self, connection: Connection, _: Request) -> None:
        """Forget all that was, and hang up on streams that are under way."""
        for record, stream in list(self._streams.values()):
            stream.abandon()
            self._streams.pop(id(record), None)
        self._records.clear()
        self._queue.clear()
        self._calls.clear()
        connection.reply(200, {})


def vector_of(text: str) -> list[float]:
    """A small vector that is the same for the same words, and near for texts that share some."""
    sums = [0.0] * _DIMENSIONS
    for word in re.findall(r"\w+", text.lower()):
        digest = hashlib.blake2b(word.encode(), digest_size=2).digest()
        sums[digest[0] % _DIMENSIONS] += 1 if digest[1] % 2 else -1
    length = math.sqrt(sum(x * x for x in sums)) or 1.0
    return [round(x / length, 6) for x in sums]
