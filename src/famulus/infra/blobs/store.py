"""What a store of blobs is to everybody else."""

import errno
from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Protocol

from famulus.kit.errors import FamulusError, NotFound, StorageFull, Unavailable
from famulus.kit.ids import is_id, new_id

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class BlobNotFound(NotFound):
    """There are no bytes under this key."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A blob that is there, whether anybody knows of it or not."""

    key: str
    size: int
    changed_at: datetime


class Part(Protocol):
    """A blob that is being written; nobody sees it before it is kept."""

    @property
    def key(self) -> str:
        """The name under which it will be found."""

    async def write(self, data: bytes) -> None:
        """Add bytes; `StorageFull` when there is no room for them."""

    async def keep(self) -> None:
        """Make it durable under its key."""

    async def discard(self) -> None:
        """Leave nothing of it behind, kept or not."""


class Blobs(Protocol):
    """Where blobs are."""

    async def begin(self, key: str | None = None) -> Part:
        """Begin to write a blob, under a fresh key unless one is given."""

    def read(self, key: str, *, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` to before `end`, piece by piece."""

    def opened(self, key: str) -> AbstractAsyncContextManager[BinaryIO]:
        """The blob as a file on this machine, for as long as the block lasts."""

    async def remove(self, keys: Iterable[str]) -> None:
        """Remove blobs; one that is not there is as good as removed."""

    def all(self) -> AsyncIterator[Stored]:
        """Every blob there is, in no order: to copy them, or to find those that nobody knows."""

    async def sweep_parts(self, *, before: datetime) -> int:
        """Remove what was begun before then and never kept; how many there were."""


def new_key() -> str:
    """A key that was never used."""
    return new_id("blob")


def checked(key: str) -> str:
    """The key, which is one of ours: it becomes part of a path."""
    if not is_id(key, "blob"):
        raise BlobNotFound("There are no such bytes.")
    return key


def translated(error: OSError) -> FamulusError:
    """What a failing disk means to a caller."""
    if isinstance(error, FileNotFoundError):
        return BlobNotFound("There are no such bytes.")
    if error.errno in _FULL:
        return StorageFull("There is no room left for files; reading goes on.")
    return Unavailable("Files cannot be stored or read right now.", said=error.strerror or type(error).__name__)


async def read_whole(blobs: Blobs, key: str) -> bytes:
    """All bytes of a small blob."""
    return b"".join([piece async for piece in blobs.read(key)])
