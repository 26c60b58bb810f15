"""A file on its way out: whole or in part, and never as something that a browser would run."""

import asyncio
import re
from collections.abc import AsyncIterator

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from famulus.features.files.errors import RangeNotSatisfiable
from famulus.features.files.names import disposition
from famulus.features.files.records import File
from famulus.infra.blobs import Blobs

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_SHOWN_INLINE = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_STALL_SECONDS = 60
SANDBOX = "default-src 'none'; sandbox"
"""For what people have uploaded: whatever it is, it may do nothing in our name."""


class Download(Response):
    """Sends the bytes of a file piece by piece; a client that takes none for a minute is let go."""

    def __init__(self, blobs: Blobs, file: File, asked: Headers, *, inline: bool) -> None:
        self._first, self._end = 0, file.size
        self._pieces: AsyncIterator[bytes] | None = None
        etag = f'"{file.digest}"'
        inline = inline and file.media_type in _SHOWN_INLINE
        headers = {
            "ETag": etag,
            "Accept-Ranges": "bytes",
            "Cache-Control": "private, no-cache",
            "Content-Disposition": disposition(file.name, inline=inline),
            "Content-Security-Policy": SANDBOX,
            "X-Content-Type-Options": "nosniff",
        }
        status = 200
        if etag in asked.get("if-none-match", ""):
            status = 304
        else:
            if (span := _asked_for(asked, etag, file.size)) is not None:
                self._first, self._end = span
                headers["Content-Range"] = f"bytes {self._first}-{self._end - 1}/{file.size}"
                status = 206
            headers["Content-Length"] = str(self._end - self._first)
            self._pieces = blobs.read(file.content_id, start=self._first, end=self._end)
        # A page that somebody uploaded is a text to us: nobody's browser shall take it for one of our pages.
        media_type = file.media_type if not file.media_type.startswith("text/") else "text/plain; charset=utf-8"
        super().__init__(status_code=status, headers=headers, media_type=media_type)
        if status != 304:  # noqa: PLR2004 -- not modified
            self.headers["Content-Length"] = str(self._end - self._first)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 -- ASGI's
        """Send the head, and then what was asked for."""
        pieces = self._pieces
        # The first piece is read before anything is said: bytes that are not there are an error, and not half a file.
        first = await anext(pieces, b"") if pieces is not None and self._end > self._first else b""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        if scope["method"] != "HEAD" and pieces is not None:
            await _sent(send, first)
            async for piece in pieces:
                await _sent(send, piece)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _sent(send: Send, piece: bytes) -> None:
    async with asyncio.timeout(_STALL_SECONDS):
        await send({"type": "http.response.body", "body": piece, "more_body": True})


def _asked_for(asked: Headers, etag: str, size: int) -> tuple[int, int] | None:
    """The bytes that are wanted, first and behind the last; None for all of them. Of several ranges none is served."""
    match = _RANGE.fullmatch(asked.get("range", "").strip())
    if match is None or not any(match.groups()) or asked.get("if-range", etag) != etag:
        return None
    first, last = match.groups()
    if first:
        start, end = int(first), min(int(last) + 1, size) if last else size
    else:
        start, end = max(size - int(last), 0), size
    if start >= end:
        raise RangeNotSatisfiable("The file has no bytes there.", size=size)
    return start, end
