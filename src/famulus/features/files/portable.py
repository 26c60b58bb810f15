"""What an archive has of files: their names, what is known of them, and their bytes. Their text is read anew."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable, Coroutine
from functools import partial
from typing import Any

from famulus.features.accounts.schemas import UserView
from famulus.features.accounts.unit import Unit
from famulus.features.files.desk import FileDesk
from famulus.features.files.errors import FileTypeRefused, PictureNotFound, StorageQuotaExceeded
from famulus.features.files.kinds import Kind, Sample
from famulus.features.files.names import display_name
from famulus.features.files.portraits import MOST_PICTURE_BYTES, show
from famulus.features.files.reading.pieces import Unreadable
from famulus.features.files.reading.reader import portrait_of
from famulus.features.files.records import File
from famulus.features.files.schemas import FileFilter
from famulus.features.files.service import Files, NewFile, Pictures
from famulus.features.files.sweeping import settle
from famulus.features.files.tables import file_contents, file_passages, file_vectors, files, pictures
from famulus.infra.archives import Added, Archive, ArchiveNotUnderstood, Arrival, Entry, Portion, Row, Rows, add_rows
from famulus.infra.blobs import BlobNotFound
from famulus.infra.database import Session
from famulus.kit.clock import utc_now

# How far the reading of its text has come says nothing where the text is read anew.
CONTENTS = Portion(file_contents, instead={"status": "stored", "reason": None, "passages": 0, "is_cut": False})
FILES = Portion(files)
PORTIONS = (CONTENTS, FILES)
STAYS = {
    file_passages.name: "read out of the bytes",
    file_vectors.name: "made of the passages",
    pictures.name: "an entry of its own, picture.webp",
}
_FOLDER, _PICTURE = "files", "picture.webp"
_FILES_AT_ONCE = 100
_SHOWN_CHARACTERS = 100


class FilePart:
    """Files with their bytes, and the picture."""

    def __init__(self, desk: FileDesk) -> None:
        self._desk = desk
        self._rows = Rows(desk.database, PORTIONS)

    async def entries(self, user_id: str) -> AsyncIterator[Entry]:
        """The rows, the bytes of each content, under the latest name it has, and the picture."""
        async for entry in self._rows.entries(user_id):
            yield entry
        written: set[str] = set()
        async for file in self._all(user_id):
            if file.content_id not in written and (pieces := await self._pieces(file.content_id)) is not None:
                yield Entry(f"{_FOLDER}/{file.content_id}/{file.name[-_SHOWN_CHARACTERS:]}", pieces, squeezed=False)
            written.add(file.content_id)
        try:
            key, _ = await self._desk.database.read(lambda session: Pictures(session, user_id).find())
        except PictureNotFound:
            return
        if (pieces := await self._pieces(key)) is not None:
            yield Entry(_PICTURE, pieces, squeezed=False)

    def check(self, archive: Archive) -> None:
        """Raise unless every row can be read, and all bytes are those that were written."""
        self._rows.check(archive)
        places = _places(archive)
        for row in archive.rows(CONTENTS.entry):
            if (name := places.pop(row["id"], None)) is not None:
                _weigh(archive, name, row)
        if places:
            raise ArchiveNotUnderstood("Nobody knows what these bytes are.", entry=min(places.values())[:200])
        if _PICTURE in archive.names:
            archive.whole(_PICTURE, most_bytes=MOST_PICTURE_BYTES)

    async def take(self, archive: Archive, arrival: Arrival) -> None:
        """Take in what is not there yet, one content with its names at a time."""
        archive.begin_again()
        named, contents = await asyncio.to_thread(_listed, archive)
        await self._check_quota(arrival.user_id, contents)
        total = sum(len(rows) for rows in named.values())
        imported = known = 0
        for content in contents:
            added = await self._take(archive, content, named[content["id"]], arrival)
            arrival.renamed |= added.renamed
            imported, known = imported + added.imported, known + added.known
        arrival.note(files.name, imported=imported, known=known, total=total)
        if _PICTURE in archive.names:
            await self._take_picture(archive, arrival.user_id)

    async def _take(self, archive: Archive, content: Row, names: list[Row], arrival: Arrival) -> Added:
        """One content with its names, in one transaction, once its bytes are kept."""
        desk, user_id = self._desk, arrival.user_id
        known = await desk.database.read(lambda session: Files(session, user_id).has_content(content["digest"]))
        new = NewFile("", "", content["size"], content["digest"], Kind(content["kind"], content["media_type"]))
        if not known:
            new = await self._stored(archive, _places(archive)[content["id"]], content)

        async def work(session: Session) -> Added:
            await session.alone(f"files {user_id}")
            content_id = await Files(session, user_id).content_of(new, desk.queue)
            return await add_rows(session, FILES, arrival, [row | {"content_id": content_id} for row in names])

        try:
            return await desk.database.write(work)
        finally:
            if new.key:
                await settle(desk.database, desk.blobs, [new.key])

    async def _stored(self, archive: Archive, name: str, content: Row) -> NewFile:
        """The bytes of an entry as a blob; what they are is found out anew."""
        part, sample = await self._desk.blobs.begin(), Sample()
        pieces = archive.pieces(name)
        try:
            while piece := await asyncio.to_thread(next, pieces, b""):
                sample.add(piece)
                await part.write(piece)
            await part.keep()
        except BaseException:
            await part.discard()
            raise
        kind = sample.kind(name.rpartition("/")[2])
        return NewFile(part.key, "", content["size"], content["digest"], kind)

    async def _take_picture(self, archive: Archive, user_id: str) -> None:
        """Draw the picture anew, unless there is one."""
        database = self._desk.database
        try:
            await database.read(lambda session: Pictures(session, user_id).find())
        except PictureNotFound:
            data = await asyncio.to_thread(archive.whole, _PICTURE, most_bytes=MOST_PICTURE_BYTES)
            try:
                drawn = await portrait_of(io.BytesIO(data))
            except Unreadable:
                return

            async def write(work: Callable[[Unit], Coroutine[Any, Any, UserView]]) -> UserView:
                async def run(session: Session) -> UserView:
                    return await work(Unit(session))

                return await database.write(run)

            await show(self._desk, write, user_id, drawn)

    async def _check_quota(self, user_id: str, contents: list[Row]) -> None:
        """Raise before anything is written if there is no room for all of it."""
        digests = {content["digest"]: content["size"] for content in contents}

        async def room(session: Session) -> int:
            found = Files(session, user_id)
            storage = await found.storage(quota_bytes=self._desk.settings.quota_bytes)
            fresh = [size for digest, size in digests.items() if not await found.has_content(digest)]
            return storage.limit - storage.used - sum(map(int, fresh))

        if await self._desk.database.read(room) < 0:
            limit = self._desk.settings.quota_bytes
            raise StorageQuotaExceeded(f"Your files may take {limit:,} bytes in all.", limit=limit)

    async def _all(self, user_id: str) -> AsyncIterator[File]:
        after: str | None = None
        while True:
            some = await self._desk.database.read(partial(_page, user_id=user_id, after=after))
            for file in some:
                yield file
            if len(some) < _FILES_AT_ONCE:
                return
            after = some[-1].id

    async def _pieces(self, key: str) -> AsyncIterator[bytes] | None:
        """The bytes; none where they have been deleted meanwhile."""
        pieces = self._desk.blobs.read(key)
        try:
            first = await anext(pieces, b"")
        except BlobNotFound:
            return None
        return _chained(first, pieces)


async def _page(session: Session, user_id: str, after: str | None) -> list[File]:
    return await Files(session, user_id).page(FileFilter(), after=after, limit=_FILES_AT_ONCE)


async def _chained(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece


def _places(archive: Archive) -> dict[str, str]:
    """The entry of each content's bytes; a name is a name, whatever slashes it has, and never a path."""
    places: dict[str, str] = {}
    for name in archive.names_in(_FOLDER):
        content_id = name.split("/")[1]
        if content_id in places:
            raise ArchiveNotUnderstood("A content has its bytes twice.", entry=name[:200])
        places[content_id] = name
    return places


def _weigh(archive: Archive, name: str, row: dict[str, Any]) -> None:
    """Raise unless these bytes are the ones that the row tells of, and of a kind that is accepted."""
    sample, size = Sample(), 0
    for piece in archive.pieces(name):
        sample.add(piece)
        size += len(piece)
    if size != row["size"] or archive.digest_of(name) != row["digest"]:
        raise ArchiveNotUnderstood("A file is not what the archive says of it.", entry=name[:200])
    try:
        sample.kind(name.rpartition("/")[2])
    except FileTypeRefused as error:
        raise ArchiveNotUnderstood(error.message, entry=name[:200]) from None


def _listed(archive: Archive) -> tuple[dict[str, list[Row]], list[Row]]:
    """Names by their content, and the contents that have one, and their bytes."""
    now, places = utc_now(), _places(archive)
    named: dict[str, list[Row]] = {}
    for row in archive.rows(FILES.entry):
        read = FILES.read(row, now)
        named.setdefault(read["content_id"], []).append(read | {"name": display_name(read["name"])})
    contents = [CONTENTS.read(row, now) for row in archive.rows(CONTENTS.entry)]
    return named, [content for content in contents if content["id"] in named and content["id"] in places]
