"""An archive as it is written: one entry after the other, and never more of it in memory than a piece."""

import asyncio
import hashlib
import io
import zipfile
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import IO, Any

import orjson

from famulus.infra.archives.parts import Part
from famulus.kit.clock import iso, utc_now

FORMAT = "famulus-archive"
VERSION = 1
MANIFEST = "manifest.json"
_PIECE_BYTES = 65_536
_READABLE_BY_ITS_OWNER = 0o600 << 16


class _Outlet(io.RawIOBase):
    """Takes what the zip file's writer says, until it is taken away; there is no way back in it."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self._waiting.append(piece)
        self.size += len(piece)
        return len(piece)

    def taken(self) -> bytes:
        waiting, self._waiting = self._waiting, []
        self.size = 0
        return b"".join(waiting)


async def written(
    user_id: str, version: str, parts: Iterable[Part], left_behind: Mapping[str, str]
) -> AsyncIterator[bytes]:
    """The archive of a person, piece by piece; the manifest, which knows what the others hold, comes last."""
    outlet, listed = _Outlet(), {}
    file = zipfile.ZipFile(outlet, "w", allowZip64=True)
    for part in parts:
        async for entry in part.entries(user_id):
            digest, size = hashlib.sha256(), 0
            with file.open(_named(entry.name, squeezed=entry.squeezed), "w", force_zip64=True) as member:
                async for piece in entry.pieces:
                    size += len(piece)
                    await asyncio.to_thread(_add, member, digest, piece)
                    if outlet.size >= _PIECE_BYTES:
                        yield outlet.taken()
            listed[entry.name] = {"bytes": size, "sha256": digest.hexdigest()}
            if entry.rows:
                listed[entry.name]["rows"] = sum(entry.rows)
    manifest = {
        "format": FORMAT, "version": VERSION, "written_by": f"Famulus {version}", "written_at": iso(utc_now()),
        "user_id": user_id, "entries": listed,
        "left_behind": {str(what): why for what, why in left_behind.items()},
    }  # fmt: skip
    file.writestr(_named(MANIFEST, squeezed=True), orjson.dumps(manifest, option=orjson.OPT_INDENT_2))
    file.close()
    yield outlet.taken()


def _add(member: IO[bytes], digest: Any, piece: bytes) -> None:
    digest.update(piece)
    member.write(piece)


def _named(name: str, *, squeezed: bool) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, utc_now().timetuple()[:6])
    info.compress_type = zipfile.ZIP_DEFLATED if squeezed else zipfile.ZIP_STORED
    info.external_attr = _READABLE_BY_ITS_OWNER
    return info
