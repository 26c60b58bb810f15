"""Blobs in a folder: a file each, named by its key, in one of a thousand folders.

A part becomes a blob by being renamed once it is on the disk, so a file under a key is always whole.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, TypeVar

from famulus.infra.blobs.store import Part, Stored, checked, new_key, translated

T = TypeVar("T")

_PARTS = "parts"
_PIECE_BYTES = 262_144
_LISTED_AT_ONCE = 500


class FolderPart:
    """A file among the parts."""

    def __init__(self, key: str, part: Path, place: Path) -> None:
        self.key = key
        self._part, self._place = part, place
        self._file: BinaryIO | None = None

    async def write(self, data: bytes) -> None:
        """Add bytes; `StorageFull` when there is no room for them."""
        await _in_thread(lambda: self._write(data))

    async def keep(self) -> None:
        """Make it durable under its key."""
        await _in_thread(self._keep)

    async def discard(self) -> None:
        """Leave nothing of it behind, kept or not."""
        await _in_thread(self._discard)

    def open(self) -> None:
        """Make the file; its folder too, where this is the first."""
        self._part.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = self._part.open("xb", buffering=0)

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view and self._file is not None:
            view = view[self._file.write(view) :]

    def _keep(self) -> None:
        if self._file is not None:
            os.fsync(self._file.fileno())
            self._close()
            self._place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._part.replace(self._place)
            _sync(self._place.parent)

    def _discard(self) -> None:
        self._close()
        self._part.unlink(missing_ok=True)
        self._place.unlink(missing_ok=True)

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()


class FolderBlobs:
    """Blobs below one folder; see `Blobs`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def begin(self, key: str | None = None) -> Part:
        """Begin to write a blob, under a fresh key unless one is given."""
        key = checked(key) if key else new_key()
        part = FolderPart(key, self._folder / _PARTS / key, self._place(key))
        await _in_thread(part.open)
        return part

    async def read(self, key: str, *, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` to before `end`, piece by piece."""
        async with self.opened(key) as file:
            await _in_thread(lambda: file.seek(start))
            left = _PIECE_BYTES if end is None else end - start
            while left > 0:
                most = min(left, _PIECE_BYTES)
                piece = await _in_thread(lambda most=most: file.read(most))
                if not piece:
                    return
                yield piece
                left -= 0 if end is None else len(piece)

    @asynccontextmanager
    async def opened(self, key: str) -> AsyncIterator[BinaryIO]:
        """The blob as a file on this machine, for as long as the block lasts."""
        file: BinaryIO = await _in_thread(lambda: self._place(key).open("rb"))
        try:
            yield file
        finally:
            file.close()

    async def remove(self, keys: Iterable[str]) -> None:
        """Remove blobs; one that is not there is as good as removed."""
        places = [self._place(key) for key in keys]
        await _in_thread(_unlink, places)

    async def all(self) -> AsyncIterator[Stored]:
        """Every blob there is, in no order."""
        listed = self._listed()
        while some := await _in_thread(lambda: [one for one, _ in zip(listed, range(_LISTED_AT_ONCE), strict=False)]):
            for one in some:
                yield one

    async def sweep_parts(self, *, before: datetime) -> int:
        """Remove what was begun before then and never kept; how many there were."""
        return await _in_thread(lambda: self._sweep(before.timestamp()))

    def _place(self, key: str) -> Path:
        # The end of a key is random, its beginning is not.
        return self._folder / checked(key)[-2:] / key

    def _listed(self) -> Iterator[Stored]:
        for folder in sorted(self._folder.glob("??")):
            for path in folder.iterdir():
                with contextlib.suppress(FileNotFoundError):
                    found = path.stat()
                    yield Stored(path.name, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))

    def _sweep(self, before: float) -> int:
        swept = 0
        parts = self._folder / _PARTS
        for path in parts.iterdir() if parts.is_dir() else ():
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < before:
                    path.unlink()
                    swept += 1
        return swept


async def _in_thread(work: Callable[..., T], *arguments: object) -> T:
    """Run what touches the disk where it holds up nobody, and say what its failing means."""
    try:
        return await asyncio.to_thread(work, *arguments)
    except OSError as error:
        raise translated(error) from error


def _unlink(places: Iterable[Path]) -> None:
    for place in places:
        place.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """Make a name in a folder as durable as what it names."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
