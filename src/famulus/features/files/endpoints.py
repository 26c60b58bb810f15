"""Files under `/api/v1/files`."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response, status

from famulus.features.accounts.parameters import After, IdempotencyKey, Limit
from famulus.features.files.desk import FileDesk, FileDeskDep, FilerDep
from famulus.features.files.download import Download
from famulus.features.files.errors import UploadNotUnderstood
from famulus.features.files.receiving import Incoming, Limits, Reception
from famulus.features.files.records import File, FileKind, FileStatus
from famulus.features.files.schemas import (
    FileFilter,
    FilePage,
    FilePatch,
    FileView,
    FoundPassages,
    PassageView,
    Storage,
    TextPassage,
    TextView,
    Uploaded,
)
from famulus.features.files.service import Files, NewFile
from famulus.features.files.sweeping import settle
from famulus.features.files.texts import Start, Texts
from famulus.infra.database import Session
from famulus.infra.idempotency import once
from famulus.kit.errors import FamulusError, Unavailable
from famulus.kit.killpoints import killpoint
from famulus.kit.pages import DEFAULT_LIMIT, MAX_LIMIT, page_of
from famulus.kit.problems import errors

router = APIRouter(prefix="/api/v1/files", responses=errors(), tags=["files"])

Ids = Annotated[list[str] | None, Query(max_length=MAX_LIMIT, description="These files, in this order.")]
NamePart = Annotated[str | None, Query(max_length=200, description="Files with this in their names.")]
RawName = Annotated[str | None, Query(max_length=1_000, description="The name of a file that is sent as it is.")]
Words = Annotated[str, Query(max_length=1_000, description="Words to look for.")]
Wait = Annotated[float, Query(ge=0, le=30, description="Seconds to wait for its text to be read.")]
First = Annotated[int, Query(ge=1, le=2**31 - 1, description="The page, slide, row, line or paragraph to begin at.")]
Sheet = Annotated[str | None, Query(max_length=1_000, description="The sheet that the rows are of.")]
Position = Annotated[int | None, Query(ge=0, le=2**31 - 1, description="The passage to begin at, instead.")]

_BINARY = {"type": "string", "format": "binary"}
_FORM = {
    "type": "object",
    "properties": {"file": {"type": "array", "items": _BINARY, "minItems": 1}},
    "required": ["file"],
}
_UPLOAD: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"multipart/form-data": {"schema": _FORM}, "application/octet-stream": {"schema": _BINARY}},
    }
}
_BYTES: dict[int | str, dict[str, Any]] = {
    200: {"description": "The bytes.", "content": {"*/*": {"schema": _BINARY}}},
    206: {"description": "A range of them.", "content": {"*/*": {"schema": _BINARY}}},
    304: {"description": "Nothing has changed."},
}
_UNSETTLED = ("stored", "indexing")
_LOOK_AGAIN_SECONDS = 0.25


@router.post("", status_code=status.HTTP_201_CREATED, responses=errors(409), openapi_extra=_UPLOAD)
async def upload(
    request: Request, caller: FilerDep, desk: FileDeskDep, name: RawName = None, key: IdempotencyKey = None
) -> Uploaded:
    """Upload files: several as a form, or one as the body with its `name` in the query.

    All of them are kept, or none. Their text is read afterwards: `status` says how far that is.
    """
    if request.headers.get("content-encoding", "identity") != "identity":
        raise UploadNotUnderstood("Send files as they are, not compressed for the way.")
    limits = Limits(desk.settings.max_bytes, desk.settings.max_per_request)
    reception = Reception(desk.blobs, limits)
    try:
        incoming = await reception.take(request.headers.get("content-type", ""), request.stream(), name=name)
        for file in incoming:
            await file.part.keep()
    except BaseException:
        await reception.leave()
        raise
    killpoint("files.bytes_kept")
    keys = [file.part.key for file in incoming]
    try:
        uploaded = await _kept(desk, caller.user_id, incoming, key)
    except FamulusError as error:
        # Of what became unavailable in the middle nobody knows whether it was written: that is left for sweeping.
        if not isinstance(error, Unavailable):
            await settle(desk.database, desk.blobs, keys)
        raise
    # Content that was there before has bytes of its own.
    await settle(desk.database, desk.blobs, keys)
    return uploaded


async def _kept(desk: FileDesk, user_id: str, incoming: list[Incoming], key: str | None) -> Uploaded:
    new = [NewFile(file.part.key, file.name, file.size, file.digest, file.kind) for file in incoming]

    async def work(session: Session) -> Uploaded:
        async def act() -> Uploaded:
            quota = desk.settings.quota_bytes
            kept = await Files(session, user_id).keep(new, queue=desk.queue, quota_bytes=quota)
            return Uploaded(data=[FileView.of(file) for file in kept])

        content = [[file.name, file.digest] for file in incoming]
        return await once(session, user_id, key=key, content=content, view=Uploaded, act=act)

    return await desk.database.write(work)


@router.get("")
async def list_files(
    caller: FilerDep,
    desk: FileDeskDep,
    ids: Ids = None,
    name: NamePart = None,
    kind: FileKind | None = None,
    status: FileStatus | None = None,
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
) -> FilePage:
    """One's files, latest first; or those of the given ids, in the order of the ids."""
    if ids is not None:
        known, missing = await desk.database.read(lambda session: Files(session, caller.user_id).several(ids))
        return FilePage(data=[FileView.of(file) for file in known], has_more=False, missing=missing)
    wanted = FileFilter(name=name, kind=kind, status=status)
    found = await desk.database.read(
        lambda session: Files(session, caller.user_id).page(wanted, after=after, limit=limit + 1)
    )
    page = page_of([FileView.of(file) for file in found], limit=limit, cursor=lambda file: file.id)
    return FilePage(data=page.data, has_more=page.has_more, next=page.next)


@router.get("/storage")
async def show_storage(caller: FilerDep, desk: FileDeskDep) -> Storage:
    """How much room one's files take, and how much they may."""
    quota = desk.settings.quota_bytes
    return await desk.database.read(lambda session: Files(session, caller.user_id).storage(quota_bytes=quota))


@router.get("/search")
async def search_files(
    caller: FilerDep, desk: FileDeskDep, query: Words, ids: Ids = None, limit: Limit = DEFAULT_LIMIT
) -> FoundPassages:
    """The passages of one's files that fit the words best; in all of them, or in those of the given ids."""
    found = await desk.database.read(
        lambda session: Texts(session, caller.user_id).search(query, file_ids=ids or (), limit=limit)
    )
    return FoundPassages(data=[PassageView.of(hit.file, hit.passage, hit.score) for hit in found])


@router.get("/{file_id}", responses=errors(404))
async def show_file(file_id: str, caller: FilerDep, desk: FileDeskDep, wait: Wait = 0) -> FileView:
    """One file. With `wait`, the answer comes once its text has been read, or after that many seconds."""
    loop = asyncio.get_running_loop()
    until = loop.time() + wait
    while True:
        file = await _find(desk, caller.user_id, file_id)
        if file.status not in _UNSETTLED or loop.time() >= until:
            return FileView.of(file)
        await asyncio.sleep(_LOOK_AGAIN_SECONDS)


@router.get("/{file_id}/text", responses=errors(404, 409))
async def show_text(
    file_id: str,
    caller: FilerDep,
    desk: FileDeskDep,
    first: First = 1,
    sheet: Sheet = None,
    position: Position = None,
    limit: Limit = DEFAULT_LIMIT,
) -> TextView:
    """What a file says, from one of its places on: a page, slide, row, line or paragraph, or a passage's position."""
    start = Start(first, sheet, position)
    at, found = await desk.database.read(
        lambda session: Texts(session, caller.user_id).onward(file_id, start, limit=limit + 1)
    )
    data = [TextPassage.of(at + index, passage) for index, passage in enumerate(found[:limit])]
    return TextView(data=data, next=at + limit if len(found) > limit else None)


@router.patch("/{file_id}", responses=errors(404))
async def rename_file(file_id: str, patch: FilePatch, caller: FilerDep, desk: FileDeskDep) -> FileView:
    """Give a file another name."""
    renamed = await desk.database.write(lambda session: Files(session, caller.user_id).rename(file_id, patch.name))
    return FileView.of(renamed)


@router.delete("/{file_id}", status_code=status.HTTP_204_NO_CONTENT, responses=errors(404))
async def delete_file(file_id: str, caller: FilerDep, desk: FileDeskDep) -> None:
    """Delete a file; with the last one of the same content its bytes, its text and all that was made of it."""
    await desk.database.write(lambda session: Files(session, caller.user_id).delete(file_id, queue=desk.queue))


@router.get("/{file_id}/content", response_class=Response, responses=errors(404, 416) | _BYTES)
async def download(
    file_id: str, request: Request, caller: FilerDep, desk: FileDeskDep, inline: bool = False
) -> Response:
    """The bytes of a file, as a download; with `inline`, an image may be shown where it is."""
    file = await _find(desk, caller.user_id, file_id)
    return Download(desk.blobs, file, request.headers, inline=inline)


async def _find(desk: FileDesk, user_id: str, file_id: str) -> File:
    return await desk.database.read(lambda session: Files(session, user_id).find(file_id))
