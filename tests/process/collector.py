"""A collector of traces: takes OTLP over HTTP on loopback, as any real one does, and keeps what it is sent."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue


@dataclass(frozen=True)
class Received:
    """A span as the collector has it."""

    service: str
    name: str
    id: str
    trace_id: str
    parent_id: str
    attributes: dict[str, str | int]
    began: int
    ended: int
    is_error: bool


@dataclass
class Collector:
    """Where it listens, and what it has received."""

    url: str = ""
    spans: list[Received] = field(default_factory=list)
    raw: bytes = b""
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def have(self, *names: str) -> list[Received]:
        """All spans, once there is one of each of these names."""
        async with asyncio.timeout(30):
            while not set(names) <= {span.name for span in self.spans}:
                self.arrived.clear()
                await self.arrived.wait()
        return self.spans

    def named(self, name: str) -> Received:
        """The one span of this name."""
        (found,) = [span for span in self.spans if span.name == name]
        return found

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        assert request.headers["content-type"] == "application/x-protobuf"
        sent = ExportTraceServiceRequest.FromString(body)
        self.raw += body
        for group in sent.resource_spans:
            service = str(_plain(group.resource.attributes)["service.name"])
            self.spans += [
                Received(
                    service, span.name, span.span_id.hex(), span.trace_id.hex(), span.parent_span_id.hex(),
                    _plain(span.attributes), span.start_time_unix_nano, span.end_time_unix_nano, span.status.code == 2,
                )
                for scope in group.scope_spans for span in scope.spans
            ]  # fmt: skip
        self.arrived.set()
        return web.Response(content_type="application/x-protobuf")


def _plain(attributes: object) -> dict[str, str | int]:
    pairs: list[KeyValue] = list(attributes)  # type: ignore[call-overload]
    return {
        pair.key: pair.value.int_value if pair.value.HasField("int_value") else pair.value.string_value
        for pair in pairs
    }


@contextlib.asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    """A collector for the length of a block."""
    collector = Collector()
    app = web.Application()
    app.router.add_post("/v1/traces", collector.take)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        collector.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield collector
    finally:
        await runner.cleanup()
