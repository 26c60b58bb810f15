"""Spans as OpenTelemetry has them, sent in batches by a thread of their own; imported only where they are wanted."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from opentelemetry import context
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from structlog.contextvars import get_contextvars

from famulus import __version__
from famulus.infra.tracing import HEADER, Attributes, Kind
from famulus.kit.errors import FamulusError
from famulus.kit.ids import new_id

_KINDS = {
    "server": SpanKind.SERVER, "client": SpanKind.CLIENT, "consumer": SpanKind.CONSUMER, "internal": SpanKind.INTERNAL,
}  # fmt: skip
_BATCH_PAUSE_MILLISECONDS = 1_000
_EXPORT_SECONDS = 5
_LAST_SECONDS = 3
_propagator = TraceContextTextMapPropagator()


class OtlpTracer:
    """Sends spans to a collector over OTLP/HTTP; see `tracing.Tracer`."""

    def __init__(self, endpoint: str, service: str) -> None:
        about = {"service.name": service, "service.version": __version__, "service.instance.id": new_id("process")}
        # It would wait for half a minute at the end of the process for a collector that is away.
        self._provider = TracerProvider(resource=Resource.create(about), shutdown_on_exit=False)
        exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces", timeout=_EXPORT_SECONDS)
        self._provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=_BATCH_PAUSE_MILLISECONDS))
        self._tracer = self._provider.get_tracer("famulus", __version__)

    @contextmanager
    def span(
        self,
        name: str,
        attributes: Attributes,
        *,
        kind: Kind,
        parent: str | None,
        began: datetime | None,
        is_around: bool,
    ) -> Iterator["_OtlpSpan"]:
        above = _propagator.extract({HEADER: parent}, Context()) if parent else None
        started = self._tracer.start_span(
            name,
            above,
            _KINDS[kind],
            {**attributes, **_correlation()},
            start_time=_nanoseconds(began) if began else None,
        )
        token = context.attach(set_span_in_context(started, above)) if is_around else None
        span = _OtlpSpan(started)
        try:
            yield span
        except (asyncio.CancelledError, GeneratorExit):
            span.note({"famulus.outcome": "cancelled"})
            raise
        except Exception as error:
            # Its name alone: a message may quote what somebody has said.
            span.fail(error.code if isinstance(error, FamulusError) else type(error).__name__)
            raise
        finally:
            if token is not None:
                context.detach(token)
            started.end()

    def traceparent(self) -> str | None:
        """The span around the caller, as the next process is told of it."""
        carrier: dict[str, str] = {}
        _propagator.inject(carrier)
        return carrier.get(HEADER)

    def stop(self) -> None:
        """Send what is left; a collector that does not take it holds up nothing for longer than some seconds."""
        ending = threading.Thread(target=self._provider.shutdown, daemon=True)
        ending.start()
        ending.join(_LAST_SECONDS)


class _OtlpSpan:
    """See `tracing.Span`."""

    def __init__(self, span: Span) -> None:
        self._span = span

    def note(self, attributes: Attributes) -> None:
        self._span.set_attributes(attributes)

    def rename(self, name: str) -> None:
        self._span.update_name(name)

    def fail(self, code: str) -> None:
        self._span.set_attribute("error.type", code)
        self._span.set_status(Status(StatusCode.ERROR))


def _correlation() -> dict[str, str]:
    """What the logs say as well, so that the one leads to the other."""
    correlation_id = get_contextvars().get("correlation_id")
    return {"famulus.correlation_id": correlation_id} if correlation_id else {}


def _nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000) * 1_000
