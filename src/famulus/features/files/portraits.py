"""The picture of a person, at `/api/v1/users/me/picture`: drawn anew and small, whatever was sent."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated, Any, BinaryIO

from fastapi import APIRouter, Depends, Request, Response, status

from famulus.features.accounts.caller import AccountsDep, Caller, CallerDep, ClientDep, requires
from famulus.features.accounts.schemas import UserView
from famulus.features.accounts.unit import Unit
from famulus.features.accounts.users import Users
from famulus.features.files.desk import FileDesk, FileDeskDep
from famulus.features.files.download import SANDBOX
from famulus.features.files.errors import FileTypeRefused, PictureRefused
from famulus.features.files.kinds import Sample
from famulus.features.files.reading.pieces import Unreadable
from famulus.features.files.reading.reader import portrait_of
from famulus.features.files.service import Pictures
from famulus.features.files.sweeping import settle
from famulus.infra.blobs import read_whole, translated
from famulus.kit.errors import FamulusError, Unavailable
from famulus.kit.problems import errors

router = APIRouter(prefix="/api/v1/users/me/picture", responses=errors(), tags=["users"])

MOST_PICTURE_BYTES = 5_242_880
"""Largest picture that is accepted."""

AccountCaller = Annotated[Caller, Depends(requires("account"))]

_DRAWN = "image/webp"
_BINARY = {"type": "string", "format": "binary"}
_SENT: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {kind: {"schema": _BINARY} for kind in ("image/png", "image/jpeg", "image/webp", "image/gif")},
    }
}
_SHOWN: dict[int | str, dict[str, Any]] = {
    200: {"description": "The picture.", "content": {_DRAWN: {"schema": _BINARY}}},
}
Write = Callable[[Callable[[Unit], Coroutine[Any, Any, UserView]]], Awaitable[UserView]]
"""How a transaction is run."""
# Each holds a picture as large as may be while it draws.
_DRAWING = asyncio.Semaphore(2)


@router.put("", openapi_extra=_SENT)
async def put_picture(
    request: Request, caller: AccountCaller, accounts: AccountsDep, desk: FileDeskDep, client: ClientDep
) -> UserView:
    """Show this picture from now on: a PNG, JPEG, WebP or GIF of at most 5 MiB, sent as the body."""
    async with _received(request) as file, _DRAWING:
        try:
            drawn = await portrait_of(file)
        except Unreadable:
            raise PictureRefused("This picture is damaged, or has too many pixels.") from None
    return await show(desk, partial(accounts.write, client=client), caller.user_id, drawn)


async def show(desk: FileDesk, write: Write, user_id: str, drawn: bytes) -> UserView:
    """Show from now on what was drawn of a picture."""
    key = await _stored(desk, drawn)

    async def work(unit: Unit) -> UserView:
        await Pictures(unit.session, user_id).put(key, _DRAWN, queue=desk.queue)
        # The address changes with the picture, so that whoever keeps the old one asks again.
        address = f"{router.prefix}?v={key[-8:]}"
        return UserView.model_validate(await Users(unit).set_picture(user_id, address))

    try:
        return await write(work)
    except FamulusError as error:
        # Of what became unavailable in the middle nobody knows whether it was written: that is left for sweeping.
        if not isinstance(error, Unavailable):
            await settle(desk.database, desk.blobs, [key])
        raise


@router.get("", response_class=Response, responses=errors(404) | _SHOWN)
async def show_picture(caller: CallerDep, desk: FileDeskDep) -> Response:
    """One's own picture."""
    key, media_type = await desk.database.read(lambda session: Pictures(session, caller.user_id).find())
    headers = {"Cache-Control": "private, no-cache", "Content-Security-Policy": SANDBOX, "ETag": f'"{key}"'}
    return Response(await read_whole(desk.blobs, key), media_type=media_type, headers=headers)


@router.delete("", status_code=status.HTTP_204_NO_CONTENT)
async def remove_picture(caller: AccountCaller, accounts: AccountsDep, desk: FileDeskDep, client: ClientDep) -> None:
    """Show no picture."""

    async def work(unit: Unit) -> None:
        await Pictures(unit.session, caller.user_id).remove(queue=desk.queue)
        await Users(unit).set_picture(caller.user_id, None)

    await accounts.write(work, client)


@asynccontextmanager
async def _received(request: Request) -> AsyncIterator[BinaryIO]:
    """What was sent, in a file without a name; `FileTypeRefused` if it is no picture."""
    sample = Sample()
    try:
        with tempfile.TemporaryFile() as file:
            async for chunk in request.stream():
                sample.add(chunk)
                await asyncio.to_thread(file.write, chunk)
            if sample.kind("picture").kind != "image":
                raise FileTypeRefused("A picture is a PNG, JPEG, WebP or GIF.")
            await asyncio.to_thread(file.seek, 0)
            yield file
    except OSError as error:
        raise translated(error) from error


async def _stored(desk: FileDesk, data: bytes) -> str:
    part = await desk.blobs.begin()
    try:
        await part.write(data)
        await part.keep()
    except BaseException:
        await part.discard()
        raise
    return part.key
