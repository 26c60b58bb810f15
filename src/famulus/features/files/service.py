"""What may be done with files."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from famulus.features.files.errors import FileNotFound, PictureNotFound, StorageQuotaExceeded
from famulus.features.files.kinds import Kind
from famulus.features.files.passages import PassageRepository
from famulus.features.files.records import File
from famulus.features.files.repository import FileRepository
from famulus.features.files.schemas import FileFilter, Storage
from famulus.infra.database import Session
from famulus.infra.idempotency import forget_mention
from famulus.jobs.queue import JobQueue
from famulus.kit.clock import Clock, utc_now
from famulus.kit.ids import new_id

INDEX_JOB = "files.index"
"""Reads the text of a content."""
REMOVE_JOB = "files.remove"
"""Removes bytes that nobody names any more."""


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file whose bytes are stored, and that has no row yet."""

    key: str
    name: str
    size: int
    digest: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Introduction:
    """A file as somebody is told of it who has not seen it."""

    in_words: str
    beginning: str


class Files:
    """The files of one person, within one transaction."""

    def __init__(self, session: Session, user_id: str, *, now: Clock = utc_now) -> None:
        self._session = session
        self._user_id = user_id
        self._repository = FileRepository(session, user_id)
        self._now = now

    async def keep(self, new: Sequence[NewFile], *, queue: JobQueue, quota_bytes: int) -> list[File]:
        """Name what was uploaded; content that is there already is named once more, and takes no more room."""
        # Two uploads at once would both find room for the last byte, or both miss the other's content.
        await self._session.alone(f"files {self._user_id}")
        kept = [await self._keep(one, queue) for one in new]
        used = await self._repository.used_bytes()
        if used > quota_bytes:
            raise StorageQuotaExceeded(
                f"Your files may take {quota_bytes:,} bytes in all.", limit=quota_bytes, wanted=used
            )
        return [await self.find(file_id) for file_id in kept]

    async def find(self, file_id: str) -> File:
        file = await self._repository.find(file_id)
        if file is None:
            raise FileNotFound("There is no such file.")
        return file

    async def several(self, file_ids: Sequence[str]) -> tuple[list[File], list[str]]:
        """The files of these ids, in their order, and the ids that are none of the person's files."""
        found = await self._repository.several(file_ids)
        known = [found[one] for one in file_ids if one in found]
        return known, [one for one in dict.fromkeys(file_ids) if one not in found]

    async def introduced(self, file_ids: Sequence[str], *, beginning_characters: int) -> dict[str, Introduction]:
        """What to say of each of these files: its name, its id, and how its text begins."""
        found = await self._repository.several(file_ids)
        passages = PassageRepository(self._session, self._user_id)
        texts = await passages.first_texts([file.content_id for file in found.values()])
        return {
            file_id: Introduction(file.in_words, texts.get(file.content_id, "")[:beginning_characters])
            for file_id, file in found.items()
        }

    async def page(self, wanted: FileFilter, *, after: str | None, limit: int) -> list[File]:
        """The latest first, from behind file `after` on."""
        return await self._repository.page(wanted, after=after, limit=limit)

    async def rename(self, file_id: str, name: str) -> File:
        await self.find(file_id)
        await forget_mention(self._session, self._user_id, file_id)
        await self._repository.rename(file_id, {"name": name, "updated_at": self._now()})
        return await self.find(file_id)

    async def delete(self, file_id: str, *, queue: JobQueue) -> None:
        """Remove a file; with the last one of its content everything that is kept of that."""
        await self._session.alone(f"files {self._user_id}")
        file = await self.find(file_id)
        await self._repository.remove(file_id)
        await forget_mention(self._session, self._user_id, file_id)
        if not await self._repository.is_named(file.content_id):
            await self._repository.remove_content(file.content_id)
            await forget_bytes(self._session, queue, [file.content_id])

    async def storage(self, *, quota_bytes: int) -> Storage:
        """How much room the files take."""
        return Storage(used=await self._repository.used_bytes(), limit=quota_bytes)

    async def has_content(self, digest: str) -> bool:
        """Whether the person has a file with this digest."""
        return await self._repository.content_with(digest) is not None

    async def content_of(self, new: NewFile, queue: JobQueue) -> str:
        """The content that these bytes are: known already, or kept from now on, and its text read soon."""
        content_id = await self._repository.content_with(new.digest)
        if content_id is not None:
            return content_id
        has_text = new.kind.kind != "image"
        content: dict[str, Any] = {
            "id": new.key, "digest": new.digest, "size": new.size, "kind": new.kind.kind,
            "media_type": new.kind.media_type, "status": "stored" if has_text else "ready", "reason": None,
            "passages": 0, "is_cut": False, "created_at": self._now(),
        }  # fmt: skip
        await self._repository.add_content(content)
        if has_text:
            payload = {"user_id": self._user_id, "content_id": new.key}
            # One after the other, so that nobody's thousand files stand before everybody else's first.
            serial_key = f"files {self._user_id}"
            await queue.add(self._session, INDEX_JOB, payload, user_id=self._user_id, serial_key=serial_key)
        return new.key

    async def _keep(self, new: NewFile, queue: JobQueue) -> str:
        now = self._now()
        content_id = await self.content_of(new, queue)
        file = {"id": new_id("file"), "content_id": content_id, "name": new.name, "created_at": now, "updated_at": now}
        await self._repository.add(file)
        return str(file["id"])


class Pictures:
    """The picture of one person, within one transaction."""

    def __init__(self, session: Session, user_id: str, *, now: Clock = utc_now) -> None:
        self._session = session
        self._user_id = user_id
        self._repository = FileRepository(session, user_id)
        self._now = now

    async def find(self) -> tuple[str, str]:
        """The key of its bytes, and what they are."""
        found = await self._repository.picture()
        if found is None:
            raise PictureNotFound("There is no picture.")
        return found

    async def put(self, key: str, media_type: str, *, queue: JobQueue) -> None:
        """Show the picture with these bytes from now on."""
        await self._replace({"content_id": key, "media_type": media_type, "created_at": self._now()}, queue)

    async def remove(self, *, queue: JobQueue) -> None:
        """Show none; it is no mistake if there was none."""
        await self._replace(None, queue)

    async def _replace(self, picture: dict[str, Any] | None, queue: JobQueue) -> None:
        await self._session.alone(f"files {self._user_id}")
        before = await self._repository.picture()
        await self._repository.put_picture(picture)
        if before is not None:
            await forget_bytes(self._session, queue, [before[0]])


async def forget_bytes(session: Session, queue: JobQueue, keys: Sequence[str]) -> None:
    """Have bytes removed once this transaction, which takes their last name away, is durable."""
    if keys:
        # The job belongs to nobody: it must outlive the person whose files are erased.
        await queue.add(session, REMOVE_JOB, {"keys": list(keys)})


async def erase_files(session: Session, user_id: str, *, queue: JobQueue) -> None:
    """Remove every file of a person, within the transaction that removes the account."""
    await forget_bytes(session, queue, await FileRepository(session, user_id).erase())
