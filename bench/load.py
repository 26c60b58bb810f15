"""The client that loads a server: `python -m bench.load` reads one Job from its input and prints one Result.

It is a process of its own, and does as little as it can for each token, for it shares the machine with what
it measures: it looks for whole events, checks that the tokens w0, w1, … come in order and are all there, and
notes when they came.
"""

import asyncio
import json
import random
import re
import sys
import time
from dataclasses import asdict, dataclass, field
from itertools import chain
from typing import cast

import uvloop

from bench.processes import cpu_seconds, memory_mib
from bench.wire import ResponseReader

TEXT = re.compile(rb'"(?:value|content)":"([^"]+)"')
SETTLE_SECONDS = 0.25  # what a server does after its last token belongs to its turn
CLOCK = time.monotonic


@dataclass(frozen=True)
class Job:
    """Conversations, one connection each, whose turns follow each other at once."""

    port: int
    conversations: list[list[str]]  # the whole HTTP request of each turn
    delta: str  # how an event that carries text begins
    tokens: int
    rate: float = 0
    spread_seconds: float = 0
    pids: list[int] = field(default_factory=list)
    beside: list[int] = field(default_factory=list)
    cpu_of_each_turn: bool = False
    memory_after_seconds: float | None = None
    timeout_seconds: float = 60


@dataclass
class Result:
    """What was seen; the lists have an entry for each turn."""

    tokens: int = 0
    elapsed_seconds: float = 0
    cpu_seconds: float = 0
    beside_cpu_seconds: float = 0
    first_token_ms: list[float] = field(default_factory=list)
    turn_ms: list[float] = field(default_factory=list)
    turn_cpu_ms: list[float] = field(default_factory=list)
    lag_ms: dict[str, float] = field(default_factory=dict)
    memory: dict[str, float] | None = None
    faults: list[str] = field(default_factory=list)


class Conversation(asyncio.Protocol):
    def __init__(self, job: Job, requests: list[str], result: Result) -> None:
        self._job = job
        self._requests = iter(requests)
        self._result = result
        self._delta = job.delta.encode()
        self._response = ResponseReader()
        self._rest = b""
        self._times: list[float] = []
        self.finished = asyncio.get_running_loop().create_future()
        self.arrivals: list[list[float]] = []
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is none by its class
        self._next_turn()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.finished.done():
            self._fail(f"the connection was lost after {len(self._times)} tokens: {exc!r}")

    def data_received(self, data: bytes) -> None:
        now = CLOCK()
        body = self._response.feed(data)
        if self._response.status != 200:
            if self._response.status:
                self._fail(f"HTTP {self._response.status}: {body[:300]!r}")
            return
        *frames, self._rest = (self._rest + body).split(b"\n\n")
        for frame in frames:
            if frame.startswith(self._delta) and (text := TEXT.search(frame)):
                self._take(text[1], now)
        if self._response.ended:
            self._end_turn(now)

    def _take(self, text: bytes, now: float) -> None:
        for word in text.split():
            if word != b"w%d" % len(self._times):
                self._fail(f"token {len(self._times)} is {word!r}")
                return
            self._times.append(now)

    def _end_turn(self, now: float) -> None:
        if len(self._times) != self._job.tokens:
            self._fail(f"{len(self._times)} tokens of {self._job.tokens}; the end was {self._rest[-300:]!r}")
            return
        self.arrivals.append(self._times)
        self._result.tokens += len(self._times)
        self._result.first_token_ms.append((self._times[0] - self._sent_at) * 1000)
        self._result.turn_ms.append((now - self._sent_at) * 1000)
        if self._job.cpu_of_each_turn:
            self._result.turn_cpu_ms.append((cpu_seconds(self._job.pids) - self._cpu_before) * 1000)
        self._next_turn()

    def _next_turn(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self.finished.set_result(None)
            self.transport.close()
            return
        self._response = ResponseReader()
        self._rest = b""
        self._times = []
        if self._job.cpu_of_each_turn:
            self._cpu_before = cpu_seconds(self._job.pids)
        self._sent_at = CLOCK()
        self.transport.write(request.encode())

    def _fail(self, fault: str) -> None:
        self._result.faults.append(fault)
        if not self.finished.done():
            self.finished.set_result(None)
        self.transport.close()


def lags(job: Job, turns: list[list[float]]) -> dict[str, float]:
    """How late tokens came, each against the schedule that the promptest token of its own turn sets."""
    late: list[float] = []
    for arrivals in turns:
        offsets = [arrival - number / job.rate for number, arrival in enumerate(arrivals)]
        promptest = min(offsets)
        late.extend((offset - promptest) * 1000 for offset in offsets)
    late.sort()
    return {"p50": late[len(late) // 2], "p99": late[int(len(late) * 0.99)], "max": late[-1]}


async def talk(job: Job, requests: list[str], result: Result, *, start_after: float) -> Conversation:
    await asyncio.sleep(start_after)
    loop = asyncio.get_running_loop()
    _, conversation = await loop.create_connection(lambda: Conversation(job, requests, result), "127.0.0.1", job.port)
    await conversation.finished
    return conversation


async def run(job: Job) -> Result:
    result = Result()
    # Evenly spread streams would send their tokens in a few bursts, in phase with each other.
    starts = random.Random(7)
    loop = asyncio.get_running_loop()

    def look_at_memory() -> None:
        result.memory = memory_mib(job.pids)

    if job.memory_after_seconds is not None:
        loop.call_later(job.memory_after_seconds, look_at_memory)
    cpu_before, beside_before, began_at = cpu_seconds(job.pids), cpu_seconds(job.beside), CLOCK()
    try:
        async with asyncio.timeout(job.timeout_seconds):
            conversations = await asyncio.gather(
                *(
                    talk(job, requests, result, start_after=starts.uniform(0, job.spread_seconds))
                    for requests in job.conversations
                )
            )
    except TimeoutError:
        result.faults.append(f"not all was answered within {job.timeout_seconds} s")
        return result
    result.elapsed_seconds = CLOCK() - began_at
    await asyncio.sleep(SETTLE_SECONDS)
    result.cpu_seconds = cpu_seconds(job.pids) - cpu_before
    result.beside_cpu_seconds = cpu_seconds(job.beside) - beside_before
    turns = list(chain.from_iterable(conversation.arrivals for conversation in conversations))
    if job.rate and turns:
        result.lag_ms = lags(job, turns)
    return result


def main() -> None:
    job = Job(**json.load(sys.stdin))
    print(json.dumps(asdict(uvloop.run(run(job)))))


if __name__ == "__main__":
    main()
