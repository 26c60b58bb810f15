"""HTTP/1.1 over one connection, by hand: requests come out whole, answers go in as bytes."""

import asyncio
import json
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

_REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 429: "Too Many Requests"}
_HEAD_LIMIT = 64 * 1024
_LAST_CHUNK = b"0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Request:
    """One request with its whole body; header names are in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


class Malformed(Exception):
    """Bytes that are not HTTP."""


def chunk(payload: bytes) -> bytes:
    """`payload` framed for the chunked transfer coding."""
    return b"%x\r\n%s\r\n" % (len(payload), payload)


def head(status: int, headers: Mapping[str, str]) -> bytes:
    """A status line and its headers, ready to be written."""
    lines = [f"HTTP/1.1 {status} {_REASONS.get(status, 'Status')}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


class Connection(asyncio.Protocol):
    """Reads requests one at a time; the handler answers with `reply`, or with `begin`, `write` and `end`."""

    def __init__(self, handle: Callable[["Connection", Request], None], opened: set["Connection"]) -> None:
        self._handle = handle
        self._opened = opened
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._answering = False
        self._told_to_continue = False
        self.on_lost: Callable[[], None] | None = None
        self.on_drained: Callable[[], None] | None = None
        self.paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._opened.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 -- asyncio's signature
        self._transport = None
        self._opened.discard(self)
        if self.on_lost:
            self.on_lost()

    def pause_writing(self) -> None:
        self.paused = True

    def resume_writing(self) -> None:
        self.paused = False
        if self.on_drained:
            self.on_drained()

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._answering:
            self._take_next()

    def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """Open an answer of unknown length."""
        self.write(head(status, {**headers, "Transfer-Encoding": "chunked"}))

    def write(self, data: bytes) -> None:
        if self._transport:
            self._transport.write(data)

    def end(self) -> None:
        """Close an answer that was begun, and read on."""
        self.write(_LAST_CHUNK)
        self._answered()

    def reply(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        """Answer with JSON, whole (or with bytes, as they are)."""
        payload = body if isinstance(body, bytes) else json.dumps(body).encode()
        about = {"Content-Type": "application/json", "Content-Length": str(len(payload)), **(headers or {})}
        self.write(head(status, about) + payload)
        self._answered()

    def reset(self) -> None:
        """Break the connection with a TCP RST."""
        if self._transport:
            no_lingering = struct.pack("ii", 1, 0)
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_lingering)
            self._transport.abort()

    def close(self) -> None:
        if self._transport:
            self._transport.close()

    def _answered(self) -> None:
        self._answering = False
        self.on_lost = self.on_drained = None
        if self._received:
            self._take_next()

    def _take_next(self) -> None:
        try:
            request = self._parsed()
        except Malformed as error:
            self.reply(400, {"error": {"message": str(error)}})
            self.close()
            return
        if request:
            self._answering, self._told_to_continue = True, False
            self._handle(self, request)

    def _parsed(self) -> Request | None:
        """The next request if all of it is here; its bytes are then taken from what was received."""
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            if len(self._received) > _HEAD_LIMIT:
                raise Malformed("The head is too long.")
            if self._received and not self._received[:1].isalpha():
                raise Malformed("This is not HTTP.")
            return None
        first, *rest = bytes(self._received[:end]).decode("latin-1").split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (h.partition(":") for h in rest)}
        if headers.get("expect", "").lower() == "100-continue" and not self._told_to_continue:
            self._told_to_continue = True
            self.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body_and_end = self._body(headers, end + 4)
        if body_and_end is None:
            return None
        body, consumed = body_and_end
        try:
            method, target, _ = first.split(" ")
        except ValueError:
            raise Malformed("The request line is broken.") from None
        del self._received[:consumed]
        path, _, query = target.partition("?")
        return Request(method, path, query, headers, body)

    def _body(self, headers: Mapping[str, str], start: int) -> tuple[bytes, int] | None:
        if "chunked" in headers.get("transfer-encoding", "").lower():
            return self._chunked_body(start)
        length = headers.get("content-length", "0")
        if not length.isdecimal():
            raise Malformed("The length is not a number.")
        end = start + int(length)
        return (bytes(self._received[start:end]), end) if len(self._received) >= end else None

    def _chunked_body(self, at: int) -> tuple[bytes, int] | None:
        body = bytearray()
        while True:
            line_end = self._received.find(b"\r\n", at)
            if line_end < 0:
                return None
            try:
                size = int(self._received[at:line_end].partition(b";")[0], 16)
            except ValueError:
                raise Malformed("A chunk has no size.") from None
            at = line_end + 2 + size + 2
            if len(self._received) < at:
                return None
            if size == 0:
                return bytes(body), at
            body += self._received[line_end + 2 : at - 2]
