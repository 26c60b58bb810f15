"""The two floors: what any Python server in front of a model must at least pay.

`bytes` passes the model's answer through unchanged. `parse` reads every event of it, takes the text and
emits it again as one native event, which is the least that a server with its own events can do. Neither
keeps anything, so neither could resume.
"""

import argparse
import asyncio
from typing import cast
from urllib.parse import urlsplit

import orjson
import uvloop

from bench.wire import LAST_CHUNK, RequestReader, ResponseReader

SSE_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)


class Upstream(asyncio.Protocol):
    """A connection to the model, kept for the next turn when its answer is whole."""

    def __init__(self, idle: "list[Upstream]") -> None:
        self._idle = idle
        self.transport: asyncio.Transport
        self.client: Client | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is none by its class

    def data_received(self, data: bytes) -> None:
        if self.client is not None and self.client.relay(data):
            self.client = None
            self._idle.append(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the protocol's signature
        if self.client is not None:
            self.client.transport.close()
        elif self in self._idle:
            self._idle.remove(self)


class Client(asyncio.Protocol):
    """A client's connection; the subclasses say how an answer is handed on."""

    def __init__(self, address: tuple[str, int], idle: list[Upstream]) -> None:
        self._address = address
        self._idle = idle
        self._requests = RequestReader()
        self._opening: asyncio.Task[None] | None = None
        self._upstream: Upstream | None = None
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is none by its class

    def data_received(self, data: bytes) -> None:
        request = self._requests.feed(data)
        if request is None:
            return
        self.begin()
        if self._idle:
            self._send(self._idle.pop(), request)
        else:
            self._opening = asyncio.ensure_future(self._open(request))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the protocol's signature
        if self._upstream is not None and self._upstream.client is self:
            self._upstream.client = None
            self._upstream.transport.close()

    def begin(self) -> None:
        """Start an answer."""

    def relay(self, data: bytes) -> bool:
        """Hand on what the model sent; true when its answer is whole."""
        raise NotImplementedError

    async def _open(self, request: bytes) -> None:
        loop = asyncio.get_running_loop()
        _, upstream = await loop.create_connection(lambda: Upstream(self._idle), *self._address)
        self._send(upstream, request)

    def _send(self, upstream: Upstream, request: bytes) -> None:
        upstream.client = self
        self._upstream = upstream
        upstream.transport.write(request)


class ByteProxy(Client):
    def relay(self, data: bytes) -> bool:
        self.transport.write(data)
        return data.endswith(LAST_CHUNK)


class ParsingProxy(Client):
    def begin(self) -> None:
        self._response = ResponseReader()
        self._rest = b""
        self._seq = 0
        self.transport.write(SSE_HEAD)

    def relay(self, data: bytes) -> bool:
        *frames, self._rest = (self._rest + self._response.feed(data)).split(b"\n\n")
        events = [event for frame in frames if (event := self._translate(frame))]
        if events:
            body = b"".join(events)
            self.transport.write(b"%x\r\n%b\r\n" % (len(body), body))
        if self._response.ended:
            self.transport.write(LAST_CHUNK)
        return self._response.ended

    def _translate(self, frame: bytes) -> bytes | None:
        if not frame.startswith(b"data: "):
            return None
        payload = frame[6:]
        if payload == b"[DONE]":
            return self._event(b"done", {"status": "completed", "run_id": "run_0"})
        choices = orjson.loads(payload)["choices"]
        text = choices[0]["delta"].get("content") if choices else None
        if not text:
            return None
        content: list[dict[str, object]] = [{"index": 0, "type": "text", "text": {"value": text}}]
        delta: dict[str, object] = {
            "id": "msg_0",
            "object": "thread.message.delta",
            "delta": {"content": content},
        }
        return self._event(b"thread.message.delta", delta)

    def _event(self, name: bytes, data: dict[str, object]) -> bytes:
        self._seq += 1
        return b"event: %b\nid: 1:%d\ndata: %b\n\n" % (name, self._seq, orjson.dumps(data))


FLOORS: dict[str, type[Client]] = {"bytes": ByteProxy, "parse": ParsingProxy}


async def serve(floor: type[Client], upstream: tuple[str, int], port: int) -> None:
    idle: list[Upstream] = []
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: floor(upstream, idle), "127.0.0.1", port, backlog=1024)
    print(orjson.dumps({"port": server.sockets[0].getsockname()[1]}).decode(), flush=True)
    await server.serve_forever()


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m bench.floors", description=__doc__)
    options.add_argument("floor", choices=FLOORS)
    options.add_argument("--upstream", required=True, help="the model, as http://127.0.0.1:PORT")
    options.add_argument("--port", type=int, default=0)
    chosen = options.parse_args()
    model = urlsplit(chosen.upstream)
    address = (model.hostname or "127.0.0.1", model.port or 80)
    uvloop.run(serve(FLOORS[chosen.floor], address, chosen.port))


if __name__ == "__main__":
    main()
