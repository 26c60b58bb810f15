"""Blobs in a bucket of S3, or of whatever speaks like it; obstore, an extra, does the speaking.

An object appears whole, when its upload is completed. What was begun and never completed is nobody's object: a rule of
the bucket has it removed.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from importlib import import_module
from typing import Any, BinaryIO, TypeVar

from famulus.infra.blobs.store import Part, Stored, checked, new_key, translated
from famulus.kit.errors import Invalid, Unavailable
from famulus.kit.ids import is_id
from famulus.settings import FileSettings

T = TypeVar("T")

_PIECE_BYTES = 1_048_576
# The least that a part of an upload may have; two are on their way at once.
_PART_BYTES, _PARTS_AT_ONCE = 5_242_880, 2


class ExtraMissing(Invalid):
    """What the settings ask for is not installed."""


class BucketPart:
    """An upload to the bucket."""

    def __init__(self, key: str, blobs: "BucketBlobs") -> None:
        self.key = key
        self._blobs = blobs
        self._file: Any = None

    async def write(self, data: bytes) -> None:
        """Add bytes."""
        await _told(self._writer().write(data))

    async def keep(self) -> None:
        """Complete the upload."""
        file, self._file = self._writer(), None
        await _told(file.close())

    async def discard(self) -> None:
        """Leave no object behind."""
        self._file = None
        await self._blobs.remove([self.key])

    def _writer(self) -> Any:
        if self._file is None:
            obstore = import_module("obstore")
            self._file = obstore.open_writer_async(
                self._blobs.store, self.key, buffer_size=_PART_BYTES, max_concurrency=_PARTS_AT_ONCE
            )
        return self._file


class BucketBlobs:
    """Blobs in one bucket; see `Blobs`."""

    def __init__(self, store: Any) -> None:
        self.store = store
        self._obstore = import_module("obstore")

    async def begin(self, key: str | None = None) -> Part:
        """Begin to write a blob, under a fresh key unless one is given."""
        return BucketPart(checked(key) if key else new_key(), self)

    async def read(self, key: str, *, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` to before `end`, piece by piece."""
        size = (await _told(self._obstore.head_async(self.store, checked(key))))["size"]
        last = size if end is None else min(end, size)
        while start < last:
            until = min(start + _PIECE_BYTES, last)
            yield bytes(await _told(self._obstore.get_range_async(self.store, key, start=start, end=until)))
            start = until

    @asynccontextmanager
    async def opened(self, key: str) -> AsyncIterator[BinaryIO]:
        """The blob as a file on this machine, for as long as the block lasts."""
        try:
            with tempfile.TemporaryFile() as file:
                async for piece in self.read(key):
                    await asyncio.to_thread(file.write, piece)
                await asyncio.to_thread(file.seek, 0)
                yield file
        except OSError as error:
            raise translated(error) from error

    async def remove(self, keys: Iterable[str]) -> None:
        """Remove blobs; one that is not there is as good as removed."""
        for key in keys:
            await _told(self._obstore.delete_async(self.store, checked(key)), missing=lambda: None)

    async def all(self) -> AsyncIterator[Stored]:
        """Every blob there is, in no order; what else is in the bucket is none of ours."""
        listed = self._obstore.list(self.store, chunk_size=500)
        while some := await _told(_next(listed)):
            for one in some:
                if is_id(one["path"], "blob"):
                    yield Stored(one["path"], one["size"], one["last_modified"])

    async def sweep_parts(self, *, before: datetime) -> int:  # noqa: ARG002 -- the bucket's own rules do it
        """Nothing: what was never completed is no object."""
        return 0


def open_bucket(settings: FileSettings) -> BucketBlobs:
    """The bucket that the settings name."""
    try:
        stores = import_module("obstore.store")
    except ImportError:
        raise ExtraMissing("Files in a bucket need the extra s3: pip install 'famulus[s3]'.") from None
    bucket, _, prefix = (settings.bucket or "").removeprefix("s3://").partition("/")
    endpoint, key_id, key = settings.bucket_endpoint, settings.bucket_key_id, settings.bucket_key
    config: dict[str, Any] = {
        "endpoint": endpoint,
        "region": settings.bucket_region,
        "access_key_id": key_id.get_secret_value() if key_id else None,
        "secret_access_key": key.get_secret_value() if key else None,
    }
    given = {name: value for name, value in config.items() if value is not None}
    # Somebody's own service on the own machine has no certificate.
    options = {"allow_http": bool(endpoint and endpoint.startswith("http://")), "timeout": "30s"}
    return BucketBlobs(stores.S3Store(bucket, prefix=prefix or None, config=given, client_options=options))


async def _next(listed: Any) -> Any:
    return await anext(listed, None)


async def _told(asking: Coroutine[Any, Any, T], *, missing: Callable[[], T] | None = None) -> T:
    """What the bucket answers, its refusals as ours."""
    try:
        return await asking
    except FileNotFoundError as error:
        if missing is not None:
            return missing()
        raise translated(error) from None
    except import_module("obstore.exceptions").BaseError as error:
        raise Unavailable("Files cannot be stored or read right now.", said=type(error).__name__) from None
