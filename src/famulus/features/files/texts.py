"""What the files of a person say: written down passage by passage, searched, and read again."""

from collections.abc import Sequence
from dataclasses import dataclass

from famulus.features.files.errors import FileNotFound, TextNotThere
from famulus.features.files.passages import PassageRepository
from famulus.features.files.records import File, FileKind, Passage
from famulus.features.files.repository import FileRepository
from famulus.infra import full_text
from famulus.infra.database import Session


class TextUnwanted(Exception):
    """The file is gone: nobody wants its text any more."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found, and the file that it is in."""

    file: File
    passage: Passage
    score: float


@dataclass(frozen=True, slots=True)
class Start:
    """Where to begin to read: at a passage by its number, or at a page, row or line, maybe of a sheet."""

    first: int = 1
    sheet: str | None = None
    position: int | None = None


class Texts:
    """The texts of one person's files, within one transaction."""

    def __init__(self, session: Session, user_id: str) -> None:
        self._session = session
        self._files = FileRepository(session, user_id)
        self._passages = PassageRepository(session, user_id)

    async def begin(self, content_id: str) -> FileKind:
        """Begin to write a text down, anew if somebody has begun before; of what kind its file is."""
        kind = await self._passages.kind_of(content_id)
        if kind is None:
            raise TextUnwanted
        await self._files.remove_text(content_id)
        await self._passages.settle(content_id, {"status": "indexing", "reason": None, "passages": 0})
        return kind

    async def add(self, content_id: str, passages: Sequence[Passage], *, position: int) -> None:
        """Write passages down, the first of them at a position."""
        if await self._passages.kind_of(content_id) is None:
            raise TextUnwanted
        if passages:
            await self._passages.add(content_id, passages, position=position)

    async def end(self, content_id: str, *, passages: int, is_cut: bool, reason: str | None) -> None:
        """The text is whole, or cannot be had for this reason."""
        if await self._passages.kind_of(content_id) is None:
            raise TextUnwanted
        if reason is not None:
            await self._files.remove_text(content_id)
        outcome = {
            "status": "failed" if reason else "ready", "reason": reason, "is_cut": is_cut,
            "passages": 0 if reason else passages,
        }  # fmt: skip
        await self._passages.settle(content_id, outcome)

    async def search(self, query: str, *, file_ids: Sequence[str] = (), limit: int = 8) -> list[Hit]:
        """The passages that fit the words best, in all files or in some of them."""
        words = full_text.words_of(query)
        if not words:
            return []
        found = await self._passages.search(words, file_ids=file_ids, limit=limit)
        named = await self._files.named({content_id for content_id, _, _ in found}, among=file_ids)
        return [Hit(named[content_id], passage, score) for content_id, passage, score in found if content_id in named]

    async def read(self, file_id: str, *, first: int, last: int, most_characters: int) -> tuple[File, list[Passage]]:
        """What stands from one page, row or line to another, as far as it fits, without what passages repeat."""
        file = await self._readable(file_id)
        return file, await self._passages.between(
            file.content_id, first=first, last=last, most_characters=most_characters
        )

    async def onward(self, file_id: str, start: Start, *, limit: int) -> tuple[int, list[Passage]]:
        """Some passages from a place on, and the number of the first of them."""
        file = await self._readable(file_id)
        position = start.position
        if position is None:
            position = await self._passages.position_of(file.content_id, first=start.first, sheet=start.sheet)
        return position, await self._passages.onward(file.content_id, position=position, limit=limit)

    async def _readable(self, file_id: str) -> File:
        file = await self._files.find(file_id)
        if file is None:
            raise FileNotFound("There is no such file.")
        if file.status != "ready":
            said = {"failed": "cannot be read", "stored": "is not read yet", "indexing": "is still being read"}
            raise TextNotThere(f"The text of this file {said[file.status]}.", status=file.status, reason=file.reason)
        return file
