"""Where a turn's time goes: spans, sent to an OpenTelemetry collector where the settings name one.

A span says what was done, for how long and how it ended; never what was said. Without a collector nothing is traced,
OpenTelemetry is not even imported, and a span is one shared object that does nothing.
"""

import importlib
import importlib.util
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from types import TracebackType
from typing import Literal, Protocol, Self

from famulus.kit.errors import FamulusError
from famulus.settings.outward import TelemetrySettings

Attributes = Mapping[str, str | int]
Kind = Literal["server", "client", "consumer", "internal"]

HEADER = "traceparent"
"""The W3C header that carries a trace from one process to the next."""


class TelemetryMissing(FamulusError):
    """Traces are asked for, and what sends them is not installed."""


class Span(Protocol):
    """Something that is being done."""

    def note(self, attributes: Attributes) -> None:
        """Say more of it."""

    def rename(self, name: str) -> None:
        """Call it what it has turned out to be."""

    def fail(self, code: str) -> None:
        """It went wrong, in a way that the program has a name for."""


class Tracer(Protocol):
    """Makes spans, and sends them on; `otlp.py` has the one there is."""

    def span(
        self,
        name: str,
        attributes: Attributes,
        *,
        kind: Kind,
        parent: str | None,
        began: datetime | None,
        is_around: bool,
    ) -> AbstractContextManager[Span]: ...

    def traceparent(self) -> str | None: ...

    def stop(self) -> None: ...


class _Untraced:
    """The span of a process that traces nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        pass

    def note(self, attributes: Attributes) -> None:
        pass

    def rename(self, name: str) -> None:
        pass

    def fail(self, code: str) -> None:
        pass


_UNTRACED = _Untraced()
_NOTHING: Attributes = {}
_tracer: Tracer | None = None


def start(settings: TelemetrySettings, *, role: str = "") -> None:
    """Trace from now on, if the settings say where to; `role` is what this process is beside the server."""
    global _tracer  # noqa: PLW0603 -- one per process, as the logs
    if settings.otlp_endpoint is None:
        return
    try:
        otlp = importlib.import_module("famulus.infra.otlp")
    except ModuleNotFoundError as error:
        raise TelemetryMissing(
            f"telemetry.otlp_endpoint is set, and {error.name} is not installed: pip install 'famulus[otel]'."
        ) from error
    service = f"{settings.service_name}-{role}" if role else settings.service_name
    _tracer = otlp.OtlpTracer(settings.otlp_endpoint, service)


def stop() -> None:
    """Send what is left, within seconds, and trace no more."""
    global _tracer
    tracer, _tracer = _tracer, None
    if tracer is not None:
        tracer.stop()


def span(
    name: str,
    attributes: Attributes = _NOTHING,
    *,
    kind: Kind = "internal",
    parent: str | None = None,
    began: datetime | None = None,
    is_around: bool = True,
) -> AbstractContextManager[Span]:
    """A span as long as its block, below the one around it, or below `parent` where that came from another process.

    One that is not around what its block does has no spans below it: for a generator, which shares its context with
    whoever pulls.
    """
    if _tracer is None:
        return _UNTRACED
    return _tracer.span(name, attributes, kind=kind, parent=parent, began=began, is_around=is_around)


def carried() -> dict[str, str]:
    """What another process has to be given to go on with this trace: a header, or part of a job's payload."""
    if _tracer is None or (traceparent := _tracer.traceparent()) is None:
        return {}
    return {HEADER: traceparent}
