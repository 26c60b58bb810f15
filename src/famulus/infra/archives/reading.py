"""An archive that somebody has sent: nothing in it is believed, and none of it becomes a path.

What a zip file says of itself is bounded before it is read: the directory's size before the directory, the sizes of the
entries while they are unpacked.
"""

import hashlib
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

import orjson

from famulus.kit.errors import TooLarge, Unprocessable

_MANIFEST = "manifest.json"
_FORMAT, _VERSION = "famulus-archive", 1
_MOST_ENTRIES = 65_000
_MOST_DIRECTORY_BYTES = 16 * 2**20
_MOST_UNPACKED_BYTES = 8 * 2**30
_MOST_MANIFEST_BYTES = 32 * 2**20
_MOST_LINE_BYTES = 8 * 2**20
_MOST_ROWS = 500_000
_PIECE_BYTES = 65_536
# The record at the end of a zip file, and the two before it where that has no room for large numbers.
_END, _LARGE_END = struct.Struct("<4s4H2LH"), struct.Struct("<4sQ2H2L4Q")
_END_MARK, _LOCATOR_MARK = b"PK\x05\x06", b"PK\x06\x07"
_LOCATOR_BYTES = 20
_UNREADABLE = (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, RuntimeError, zlib.error, OSError)


class ArchiveNotUnderstood(Unprocessable):
    """This is no archive that Famulus has written, or somebody has changed it."""


class ArchiveTooLarge(TooLarge):
    """More than is taken in at once."""


class Archive:
    """The entries of an archive; everything here reads from the disk, and is for a thread."""

    def __init__(self, file: BinaryIO) -> None:
        _bound_directory(file)
        try:
            self._zip = zipfile.ZipFile(file)
        except _UNREADABLE:
            raise ArchiveNotUnderstood("This is no whole zip file.") from None
        names = self._zip.namelist()
        if len(set(names)) < len(names):
            raise ArchiveNotUnderstood("The archive has two entries of one name.")
        self.names = frozenset(names)
        self._left = _MOST_UNPACKED_BYTES
        self._rows_left = _MOST_ROWS
        self._known: set[str] = {_MANIFEST}
        self.manifest = self._read_manifest()

    def names_in(self, folder: str) -> list[str]:
        """The entries in a folder."""
        return sorted(name for name in self.names if name.startswith(f"{folder}/"))

    def pieces(self, name: str) -> Iterator[bytes]:
        """The bytes of an entry; `ArchiveNotUnderstood` at their end if they are not those that were written."""
        self._known.add(name)
        digest = hashlib.sha256()
        for piece in self._unpacked(name):
            digest.update(piece)
            yield piece
        if digest.hexdigest() != self._listed(name).get("sha256"):
            raise ArchiveNotUnderstood("An entry is not what the manifest says.", entry=name)

    def whole(self, name: str, *, most_bytes: int) -> bytes:
        """All bytes of a small entry."""
        data = b""
        for piece in self.pieces(name):
            data += piece
            if len(data) > most_bytes:
                raise ArchiveTooLarge("An entry of the archive is too long.", entry=name, limit=most_bytes)
        return data

    def rows(self, name: str) -> Iterator[dict[str, Any]]:
        """The lines of an entry, each an object; none where there is no such entry."""
        if name not in self.names:
            return
        rest = b""
        for piece in self.pieces(name):
            *lines, rest = (rest + piece).split(b"\n")
            if len(rest) > _MOST_LINE_BYTES:
                raise ArchiveTooLarge("A line of the archive is too long.", entry=name)
            for line in lines:
                yield self._row(name, line)
        if rest:
            yield self._row(name, rest)

    def look_at(self, folder: str) -> None:
        """Find out whether the entries in a folder are those that were written, which nobody here needs."""
        for name in self.names_in(folder):
            for _ in self.pieces(name):
                pass

    def refuse_the_rest(self) -> None:
        """Raise if there is an entry at which nobody has looked."""
        if strange := self.names - self._known:
            raise ArchiveNotUnderstood("Nobody here knows what an entry is.", entry=min(strange)[:200])

    def digest_of(self, name: str) -> str:
        """The SHA-256 of an entry, as the manifest has it and `pieces` has found it."""
        return str(self._listed(name).get("sha256"))

    def begin_again(self) -> None:
        """Read it once more from its beginning, within the same bounds."""
        self._left, self._rows_left = _MOST_UNPACKED_BYTES, _MOST_ROWS

    def _row(self, name: str, line: bytes) -> dict[str, Any]:
        self._rows_left -= 1
        if self._rows_left < 0:
            raise ArchiveTooLarge(f"An archive has at most {_MOST_ROWS:,} rows.", limit=_MOST_ROWS)
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError:
            row = None
        if not isinstance(row, dict):
            raise ArchiveNotUnderstood("A line of the archive is no JSON object.", entry=name)
        return row

    def _unpacked(self, name: str) -> Iterator[bytes]:
        try:
            with self._zip.open(name) as member:
                while piece := member.read(_PIECE_BYTES):
                    self._left -= len(piece)
                    if self._left < 0:
                        raise ArchiveTooLarge(
                            "The archive has more in it than is taken in.", limit=_MOST_UNPACKED_BYTES
                        )
                    yield piece
        except KeyError:
            raise ArchiveNotUnderstood("The archive lacks an entry.", entry=name) from None
        except _UNREADABLE:
            raise ArchiveNotUnderstood("The archive is damaged.", entry=name[:200]) from None

    def _listed(self, name: str) -> dict[str, Any]:
        listed = self.manifest["entries"].get(name)
        if not isinstance(listed, dict):
            raise ArchiveNotUnderstood("The manifest does not know an entry.", entry=name[:200])
        return listed

    def _read_manifest(self) -> dict[str, Any]:
        data = b""
        for piece in self._unpacked(_MANIFEST):
            data += piece
            if len(data) > _MOST_MANIFEST_BYTES:
                raise ArchiveTooLarge("The manifest is too long.", limit=_MOST_MANIFEST_BYTES)
        try:
            manifest = orjson.loads(data)
        except orjson.JSONDecodeError:
            manifest = None
        if not isinstance(manifest, dict) or manifest.get("format") != _FORMAT:
            raise ArchiveNotUnderstood("This is no archive of Famulus.")
        if manifest.get("version") != _VERSION or not isinstance(manifest.get("entries"), dict):
            raise ArchiveNotUnderstood(
                "This archive is of another version.", version=str(manifest.get("version"))[:20], understood=_VERSION
            )
        if strange := sorted(self.names - set(manifest["entries"]) - {_MANIFEST}):
            raise ArchiveNotUnderstood("The manifest does not know an entry.", entry=strange[0][:200])
        if lacking := sorted(set(manifest["entries"]) - self.names):
            raise ArchiveNotUnderstood("The archive lacks an entry.", entry=lacking[0][:200])
        return manifest


def _bound_directory(file: BinaryIO) -> None:
    """Refuse a directory that is too large to be held, before it is read."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _END.size - _LOCATOR_BYTES - _LARGE_END.size))
    tail = file.read()
    end, before = tail[-_END.size :], tail[: -_END.size]
    if len(end) < _END.size or not end.startswith(_END_MARK):
        raise ArchiveNotUnderstood("This is no whole zip file.")
    _, _, _, _, entries, directory_bytes, _, _ = _END.unpack(end)
    if before[-_LOCATOR_BYTES:].startswith(_LOCATOR_MARK):
        record = before[:-_LOCATOR_BYTES]
        if len(record) < _LARGE_END.size:
            raise ArchiveNotUnderstood("This is no whole zip file.")
        *_, entries, directory_bytes, _ = _LARGE_END.unpack(record)
    if entries > _MOST_ENTRIES or directory_bytes > _MOST_DIRECTORY_BYTES:
        raise ArchiveTooLarge(f"An archive has at most {_MOST_ENTRIES:,} entries.", limit=_MOST_ENTRIES)
