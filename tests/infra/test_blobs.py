"""Blobs are the same in a folder and in a bucket: whole or not there, read in ranges, listed, and gone when removed."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from obstore.store import MemoryStore
from pydantic import SecretStr

from famulus.infra.blobs import BlobNotFound, Blobs, BucketBlobs, FolderBlobs, open_bucket, read_whole
from famulus.kit.ids import new_id
from famulus.settings import FileSettings

pytestmark = pytest.mark.anyio

DATA = bytes(range(256)) * 40_000


# The address of something that speaks S3 and has a bucket named famulus, such as `moto_server`: tried with that too.
S3 = os.environ.get("FAMULUS_TEST_S3")


@pytest.fixture(params=["folder", "bucket", *(["s3"] if S3 else [])])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    if request.param == "s3":
        secret = SecretStr("famulus")
        place = {"bucket": f"famulus/{new_id('test')}", "bucket_endpoint": S3, "bucket_region": "us-east-1"}
        return open_bucket(FileSettings(**place, bucket_key_id=secret, bucket_key=secret))
    return FolderBlobs(tmp_path) if request.param == "folder" else BucketBlobs(MemoryStore())


async def kept(blobs: Blobs, data: bytes, key: str | None = None) -> str:
    part = await blobs.begin(key)
    for start in range(0, len(data), 3_000_000):
        await part.write(data[start : start + 3_000_000])
    await part.keep()
    return part.key


async def keys(blobs: Blobs) -> set[str]:
    return {stored.key async for stored in blobs.all()}


@pytest.mark.parametrize("data", [DATA, b"x", b""], ids=["large", "small", "empty"])
async def test_what_is_kept_is_read_as_it_was(blobs: Blobs, data: bytes) -> None:
    key = await kept(blobs, data)

    assert await read_whole(blobs, key) == data
    async with blobs.opened(key) as file:
        assert file.read() == data
    assert [(one.key, one.size) async for one in blobs.all()] == [(key, len(data))]


@pytest.mark.parametrize(("start", "end"), [(0, 1), (5, 5), (300_000, 5_000_000), (len(DATA) - 3, None)])
async def test_a_range_is_read(blobs: Blobs, start: int, end: int | None) -> None:
    key = await kept(blobs, DATA)

    assert b"".join([piece async for piece in blobs.read(key, start=start, end=end)]) == DATA[start:end]


async def test_what_is_not_kept_is_not_there(blobs: Blobs) -> None:
    part = await blobs.begin()
    await part.write(b"half")

    assert await keys(blobs) == set()
    await part.discard()
    assert await keys(blobs) == set()


async def test_what_was_kept_can_still_be_discarded(blobs: Blobs) -> None:
    part = await blobs.begin()
    await part.write(b"whole")
    await part.keep()

    await part.discard()

    assert await keys(blobs) == set()


async def test_what_is_removed_is_gone_and_removing_it_again_is_no_mistake(blobs: Blobs) -> None:
    key, other = await kept(blobs, b"a"), await kept(blobs, b"b")

    await blobs.remove([key])
    await blobs.remove([key, new_id("blob")])

    assert await keys(blobs) == {other}
    with pytest.raises(BlobNotFound):
        await read_whole(blobs, key)
    with pytest.raises(BlobNotFound):
        async with blobs.opened(key):
            pass


@pytest.mark.parametrize("key", ["../../etc/passwd", "/etc/passwd", "", "file_01h455vb4pex5vsknk084sn02q", "a/b"])
async def test_a_key_is_no_path(blobs: Blobs, key: str) -> None:
    with pytest.raises(BlobNotFound):
        await read_whole(blobs, key)
    with pytest.raises(BlobNotFound):
        await blobs.remove([key])


async def test_a_copy_keeps_its_key(blobs: Blobs, tmp_path: Path) -> None:
    target = FolderBlobs(tmp_path / "copy")
    key = await kept(blobs, DATA)

    async for stored in blobs.all():
        await kept(target, await read_whole(blobs, stored.key), stored.key)

    assert await read_whole(target, key) == DATA


async def test_parts_that_were_left_are_swept_when_they_are_old(tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path)
    part = await blobs.begin()
    await part.write(b"left")
    await part.discard()
    (tmp_path / "parts" / part.key).write_bytes(b"left by somebody who died")
    now = datetime.now(UTC)

    assert await blobs.sweep_parts(before=now - timedelta(hours=1)) == 0
    assert await blobs.sweep_parts(before=now + timedelta(hours=1)) == 1
    assert await blobs.sweep_parts(before=now + timedelta(hours=1)) == 0


def test_a_bucket_is_opened_without_being_asked() -> None:
    settings = FileSettings(bucket="famulus/files", bucket_endpoint="http://127.0.0.1:9", bucket_region="here")

    assert "famulus" in repr(open_bucket(settings).store)
