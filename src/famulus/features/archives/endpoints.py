"""All that is the caller's, out and in."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send

from famulus.features.accounts.caller import AccountsDep, Caller, ClientDep, requires
from famulus.features.archives.errors import ArchiveNotSentAsItIs
from famulus.features.archives.schemas import Imported
from famulus.features.archives.service import Archives
from famulus.kit.clock import utc_now
from famulus.kit.problems import errors

router = APIRouter(prefix="/api/v1/users/me", responses=errors(), tags=["users"])

_STALL_SECONDS = 60
_BINARY = {"type": "string", "format": "binary"}
_SHOWN: dict[int | str, dict[str, Any]] = {
    200: {"description": "The archive.", "content": {"application/zip": {"schema": _BINARY}}}
}
_SENT: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {kind: {"schema": _BINARY} for kind in ("application/octet-stream", "application/zip")},
    }
}
_KINDS = frozenset({"", "application/octet-stream", "application/zip"})


async def _archives(connection: HTTPConnection) -> Archives:
    # A coroutine, since the framework gives everything else a thread.
    archives: Archives = connection.app.state.archives
    return archives


ArchivesDep = Annotated[Archives, Depends(_archives)]
WholeCaller = Annotated[Caller, Depends(requires("account", "chat"))]
"""Somebody whose credential reaches everything that is theirs."""


class Takeaway(Response):
    """Sends an archive as it is written; a client that takes none of it for a minute is let go."""

    media_type = "application/zip"

    def __init__(self, pieces: AsyncIterator[bytes], name: str) -> None:
        super().__init__(headers={"Content-Disposition": f'attachment; filename="{name}"'})
        del self.headers["Content-Length"]
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 -- ASGI's
        """Send the head, and then the archive; one that breaks off has no end, and no reader takes it for whole."""
        # Whatever is out of reach is an error before anything is said.
        first = await anext(self._pieces, b"")
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await _sent(send, first)
        async for piece in self._pieces:
            await _sent(send, piece)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


@router.get("/export", response_class=Response, responses=_SHOWN)
async def export(caller: WholeCaller, archives: ArchivesDep, accounts: AccountsDep, client: ClientDep) -> Response:
    """All that is the caller's, as one zip file; without credentials, which open things and are not things."""
    await accounts.write(lambda unit: unit.note("exported", who=caller.user_id, about=caller.user_id), client)
    return Takeaway(archives.pieces(caller.user_id), f"famulus-{utc_now():%Y-%m-%d}.zip")


@router.post("/import", openapi_extra=_SENT)
async def take_in(
    request: Request, caller: WholeCaller, archives: ArchivesDep, accounts: AccountsDep, client: ClientDep
) -> Imported:
    """Take in what an export has given, sent as the body: nothing of an archive with anything wrong in it.

    What is there already stays as it is, so that an archive may be sent twice.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _KINDS or request.headers.get("content-encoding", "identity") != "identity":
        raise ArchiveNotSentAsItIs("Send the archive as it is, as application/zip.")
    async with archives.received(request.stream()) as file:
        arrival = await archives.take(caller.user_id, file)
    await accounts.write(lambda unit: unit.note("imported", who=caller.user_id, about=caller.user_id), client)
    return Imported.of(arrival)


async def _sent(send: Send, piece: bytes) -> None:
    async with asyncio.timeout(_STALL_SECONDS):
        await send({"type": "http.response.body", "body": piece, "more_body": True})
