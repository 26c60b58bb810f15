"""The only SQL of files: of one person's at a time."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from famulus.features.files.records import File
from famulus.features.files.schemas import FileFilter
from famulus.features.files.tables import file_contents, file_passages, file_vectors, files, pictures
from famulus.infra import full_text
from famulus.infra.database import Session

_INDEX = "file_words"
words = sa.table(_INDEX, sa.column("rowid"), sa.column("owner"), sa.column("text"))
_content = file_contents.c
_COLUMNS = (
    files.c.id, files.c.user_id, files.c.content_id, files.c.name, files.c.created_at, files.c.updated_at,
    _content.digest, _content.size, _content.kind, _content.media_type, _content.status, _content.reason,
    _content.passages, _content.is_cut,
)  # fmt: skip
_FILES = sa.select(*_COLUMNS).join(file_contents, _content.id == files.c.content_id)


class FileRepository:
    """The files of one person."""

    def __init__(self, session: Session, user_id: str) -> None:
        self._session = session
        self._user_id = user_id

    @property
    def _mine(self) -> sa.Select[Any]:
        return _FILES.where(files.c.user_id == self._user_id)

    async def find(self, file_id: str) -> File | None:
        row = (await self._session.execute(self._mine.where(files.c.id == file_id))).one_or_none()
        return File(*row) if row else None

    async def several(self, file_ids: Sequence[str]) -> dict[str, File]:
        rows = await self._session.execute(self._mine.where(files.c.id.in_(file_ids)))
        return {row.id: File(*row) for row in rows}

    async def named(self, content_ids: Collection[str], *, among: Collection[str] = ()) -> dict[str, File]:
        """The latest file with each of these contents, or the latest of those among which to look."""
        query = self._mine.where(files.c.content_id.in_(content_ids)).order_by(files.c.id)
        if among:
            query = query.where(files.c.id.in_(among))
        return {row.content_id: File(*row) for row in await self._session.execute(query)}

    async def page(self, wanted: FileFilter, *, after: str | None, limit: int) -> list[File]:
        """The latest first."""
        query = self._mine.order_by(files.c.id.desc()).limit(limit)
        if after is not None:
            query = query.where(files.c.id < after)
        if wanted.name:
            query = query.where(files.c.name.icontains(wanted.name, autoescape=True))
        if wanted.kind:
            query = query.where(_content.kind == wanted.kind)
        if wanted.status:
            query = query.where(_content.status == wanted.status)
        return [File(*row) for row in await self._session.execute(query)]

    async def add(self, file: dict[str, Any]) -> None:
        await self._session.execute(sa.insert(files), file | {"user_id": self._user_id})

    async def rename(self, file_id: str, values: dict[str, Any]) -> None:
        mine = files.c.id == file_id, files.c.user_id == self._user_id
        await self._session.execute(sa.update(files).where(*mine).values(values))

    async def remove(self, file_id: str) -> None:
        mine = files.c.id == file_id, files.c.user_id == self._user_id
        await self._session.execute(sa.delete(files).where(*mine))

    async def content_with(self, digest: str) -> str | None:
        """The content that has this digest."""
        query = sa.select(_content.id).where(_content.user_id == self._user_id, _content.digest == digest)
        return (await self._session.execute(query)).scalar_one_or_none()

    async def add_content(self, content: dict[str, Any]) -> None:
        await self._session.execute(sa.insert(file_contents), content | {"user_id": self._user_id})

    async def is_named(self, content_id: str) -> bool:
        """Whether any file has this content."""
        named = sa.exists().where(files.c.content_id == content_id, files.c.user_id == self._user_id)
        return bool((await self._session.execute(sa.select(named))).scalar())

    async def used_bytes(self) -> int:
        query = sa.select(sa.func.coalesce(sa.func.sum(_content.size), 0)).where(_content.user_id == self._user_id)
        return int((await self._session.execute(query)).scalar_one())

    async def remove_content(self, content_id: str) -> None:
        """Remove a content with its text, its words and its vectors, overwritten and not only unlinked."""
        await full_text.leave_no_trace(self._session, _INDEX)
        await self.remove_text(content_id)
        mine = _content.id == content_id, _content.user_id == self._user_id
        await self._session.execute(sa.delete(file_contents).where(*mine))
        await full_text.sweep_traces(self._session, _INDEX)

    async def remove_text(self, content_id: str) -> None:
        """Remove the passages of a content, their words and their vectors."""
        await self._remove_passages(file_passages.c.content_id == content_id)
        vectors = file_vectors.c.content_id == content_id, file_vectors.c.user_id == self._user_id
        await self._session.execute(sa.delete(file_vectors).where(*vectors))

    async def erase(self) -> list[str]:
        """Remove everything; the keys of the bytes that nobody needs any more."""
        mine = sa.select(_content.id).where(_content.user_id == self._user_id)
        picture = sa.select(pictures.c.content_id).where(pictures.c.user_id == self._user_id)
        keys = [row[0] for query in (mine, picture) for row in await self._session.execute(query)]
        await full_text.leave_no_trace(self._session, _INDEX)
        await self._remove_passages(sa.true())
        for table in (file_vectors, files, file_contents, pictures):
            await self._session.execute(sa.delete(table).where(table.c.user_id == self._user_id))
        await full_text.sweep_traces(self._session, _INDEX)
        return keys

    async def picture(self) -> tuple[str, str] | None:
        """The key and the type of the person's picture."""
        query = sa.select(pictures.c.content_id, pictures.c.media_type).where(pictures.c.user_id == self._user_id)
        row = (await self._session.execute(query)).one_or_none()
        return (row[0], row[1]) if row else None

    async def put_picture(self, picture: dict[str, Any] | None) -> None:
        """Replace the person's picture, or take it away."""
        await self._session.execute(sa.delete(pictures).where(pictures.c.user_id == self._user_id))
        if picture is not None:
            await self._session.execute(sa.insert(pictures), picture | {"user_id": self._user_id})

    async def _remove_passages(self, which: "sa.ColumnElement[bool]") -> None:
        wanted = file_passages.c.user_id == self._user_id, which
        if self._session.speaks == "sqlite":
            numbers = sa.select(file_passages.c.number).where(*wanted)
            await self._session.execute(sa.delete(words).where(words.c.rowid.in_(numbers)))
        await self._session.execute(sa.delete(file_passages).where(*wanted))


async def known_keys(session: Session, keys: Iterable[str]) -> set[str]:
    """Which of these keys of bytes anybody's file or picture has: for sweeping, where the owner is not known."""
    asked = list(keys)
    contents = sa.select(_content.id).where(_content.id.in_(asked))
    portraits = sa.select(pictures.c.content_id).where(pictures.c.content_id.in_(asked))
    return {row[0] for query in (contents, portraits) for row in await session.execute(query)}


async def write_next_words(session: Session, after: int, *, most: int) -> int | None:
    """Index the passages that follow a number, whoever they belong to; the last one's number, None when none follow.

    For a database whose passages came without their index.
    """
    if session.speaks != "sqlite":
        return None
    passage = file_passages.c
    query = sa.select(passage.number, passage.user_id, passage.text).where(passage.number > after)
    rows = [
        {"rowid": number, "owner": full_text.owner_token(user_id), "text": text}
        for number, user_id, text in await session.execute(query.order_by(passage.number).limit(most))
    ]
    if not rows:
        return None
    await session.execute(sa.delete(words).where(words.c.rowid.in_([row["rowid"] for row in rows])))
    await session.execute(sa.insert(words), rows)
    last: int = rows[-1]["rowid"]
    return last
