"""The outermost layer of the server: correlation, bounds on what comes in, headers on what goes out."""

import asyncio
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial

import orjson
import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from famulus.apps.intake import BodyTooLarge, BodyTooSlow, Intake, linger, refuse_too_large, too_large
from famulus.apps.limits import RequestLimits
from famulus.infra import metrics, tracing
from famulus.kit.errors import FamulusError, TooMany, UnsupportedMedia
from famulus.kit.ids import new_id
from famulus.kit.problems import problem_of

CORRELATION = "X-Correlation-ID"

_ACCEPTABLE = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")
_BODY_SECONDS = 30
_UNREMARKABLE = ("/static", "/health")
_TRY_AGAIN_LATER = 1013
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
_METHODS_WITH_BODY = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "font-src 'self'; frame-src blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
_ALWAYS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


_logger = structlog.get_logger()


class ContentTypeNotJson(UnsupportedMedia):
    """The body says that it is something other than JSON."""


class Edge:
    """Wraps the application: everything that is true of every request is here."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        max_body_bytes: int,
        docs: bool = False,
        uploads: Mapping[str, int] | None = None,
        limits: RequestLimits | None = None,
    ) -> None:
        self._app = app
        self._limits = limits
        self._max_body_bytes = max_body_bytes
        # Routes that read their bodies by themselves, as `POST /path`, and how many bytes each may be sent.
        self._uploads = dict(uploads or {})
        # With another method there is nothing there, which is for the application to say, whatever the body is.
        for path in {name.partition(" ")[2] for name in self._uploads}:
            for method in _METHODS_WITH_BODY:
                self._uploads.setdefault(f"{method} {path}", max_body_bytes)
        # The interactive pages load their scripts from elsewhere: whoever asks for them gets no policy there.
        self._free_paths = ("/docs", "/redoc") if docs else ()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Give the request its correlation id, refuse bodies that are not acceptable, and pass it on."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get(CORRELATION, "")
        correlation_id = given if _ACCEPTABLE.fullmatch(given) else new_id("corr")
        scope.setdefault("state", {})["correlation_id"] = correlation_id
        with structlog.contextvars.bound_contextvars(correlation_id=correlation_id):
            began = time.monotonic()
            try:
                if scope["type"] == "websocket":
                    await self._converse(scope, headers, receive, send)
                else:
                    with _traced(scope, headers):
                        await self._answer(scope, headers, receive, self._dressed(scope, send, correlation_id))
            finally:
                _note(scope, time.monotonic() - began)
                if scope["type"] == "http":
                    _count(scope, began)

    async def _answer(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        most_bytes = self._uploads.get(f"{scope['method']} {scope['path']}")
        try:
            if self._limits is not None:
                await self._limits.check(scope, headers)
            if most_bytes is not None:
                refuse_too_large(headers, most_bytes)
                intake = Intake(headers, receive, send, most_bytes=most_bytes)
                receive, send = intake.receive, intake.send
            else:
                receive = await self._bounded(scope, headers, receive)
        except FamulusError as error:
            await _refuse(send, error, scope["state"]["correlation_id"])
            if isinstance(error, BodyTooLarge | TooMany):
                await linger(receive, self._max_body_bytes)
            await send({"type": "http.response.body", "body": b""})
        except ClientDisconnect:
            return
        else:
            await self._app(scope, receive, send)

    async def _converse(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        """Refuse a handshake that is one request too many; what is said after it is counted by whoever reads it."""
        if limits := self._limits:
            try:
                await limits.check(scope, headers)
            except TooMany as error:
                await _deny(scope, send, error)
                return
            scope["state"]["admit"] = partial(limits.check, scope, headers)
        await self._app(scope, receive, send)

    def _dressed(self, scope: Scope, send: Send, correlation_id: str) -> Send:
        """`send`, with the headers that every answer carries."""
        free = scope["path"].startswith(self._free_paths) if self._free_paths else False

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                scope["state"]["status"] = message["status"]
                scope["state"]["answered_at"] = time.monotonic()
                headers = MutableHeaders(scope=message)
                headers[CORRELATION] = correlation_id
                if not free:
                    for name, value in _ALWAYS.items():
                        headers.setdefault(name, value)
                headers.setdefault("cache-control", "no-store")
            await send(message)

        return dressed

    async def _bounded(self, scope: Scope, headers: Headers, receive: Receive) -> Receive:
        """Read the body, which is JSON and of bounded size, before anybody works on it."""
        if scope["method"] not in _METHODS_WITH_BODY:
            return receive
        refuse_too_large(headers, self._max_body_bytes)
        try:
            async with asyncio.timeout(_BODY_SECONDS):
                body = await self._body(receive)
        except TimeoutError:
            raise BodyTooSlow("The request did not arrive in time.") from None
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if body and kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
            raise ContentTypeNotJson("Send JSON, with Content-Type: application/json.")
        return _replayed(body, receive)

    async def _body(self, receive: Receive) -> bytes:
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                # Half a request is none, even where its half would make sense.
                raise ClientDisconnect
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > self._max_body_bytes:
                raise too_large(self._max_body_bytes)
            chunks.append(chunk)
            if not message.get("more_body", False):
                return b"".join(chunks)


def _note(scope: Scope, seconds: float) -> None:
    """A line in the log for what was asked and how it was answered; never what was sent."""
    if scope["path"].startswith(_UNREMARKABLE):
        return
    method = scope.get("method", "WEBSOCKET")
    status = scope["state"].get("status")
    _logger.info("request", method=method, path=scope["path"], status=status, milliseconds=round(seconds * 1_000, 1))


def _count(scope: Scope, began: float) -> None:
    """One more request."""
    seconds = scope["state"].get("answered_at", time.monotonic()) - began
    metrics.requests.labels(*_outline(scope)).observe(seconds)


@contextmanager
def _traced(scope: Scope, headers: Headers) -> Iterator[None]:
    """The request as a span, in its client's trace if that has one."""
    if scope["path"].startswith(_UNREMARKABLE):
        yield
        return
    with tracing.span("request", kind="server", parent=headers.get(tracing.HEADER)) as span:
        try:
            yield
        finally:
            method, route, status = _outline(scope)
            span.rename(f"{method} {route}")
            span.note({"http.request.method": method, "http.route": route, "http.response.status_code": status})
            if status >= 500:  # noqa: PLR2004 -- what is not the caller's doing
                span.fail(str(status))


def _outline(scope: Scope) -> tuple[str, str, int]:
    """Method, route and status: the template of the path, and never the path itself, which has ids in it."""
    method = scope["method"] if scope["method"] in _METHODS else "other"
    # A route of a router within a router knows its own end alone; the framework keeps the whole beside it.
    route = scope.get("fastapi", {}).get("effective_route_context") or scope.get("route")
    # What nobody answered had a client that went away.
    return method, getattr(route, "path_format", "other"), scope["state"].get("status", 499)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body that was read, and then whatever comes."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay


async def _refuse(send: Send, error: FamulusError, correlation_id: str) -> None:
    body, headers = _problem(error, correlation_id)
    # The rest of the body is not read, so that the connection cannot be used again.
    headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _deny(scope: Scope, send: Send, error: FamulusError) -> None:
    """Answer a handshake with an error, as far as the server that has it can."""
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": _TRY_AGAIN_LATER})
        return
    correlation_id = scope["state"]["correlation_id"]
    body, headers = _problem(error, correlation_id)
    headers.append((CORRELATION.lower().encode(), correlation_id.encode()))
    await send({"type": "websocket.http.response.start", "status": error.status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})


def _problem(error: FamulusError, correlation_id: str) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """An error as a body, and the headers that go with it."""
    body = orjson.dumps(problem_of(error, correlation_id))
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if wait := error.details.get("retry_after_seconds"):
        headers.append((b"retry-after", str(wait).encode()))
    return body, headers
