"""Uploads as they come in: a form with several files, or one file and nothing else, piece by piece onto the disk."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from famulus.features.files.errors import (
    FileTooLarge,
    NoFileSent,
    TooManyFiles,
    UploadMalformed,
    UploadNotUnderstood,
)
from famulus.features.files.kinds import Kind, Sample
from famulus.features.files.names import display_name
from famulus.infra.blobs import Blobs, Part

_PIECE_BYTES = 262_144
# Besides files, forms have fields; nobody here needs one.
_MOST_OTHER_PARTS = 20
_FORM = b"multipart/form-data"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one request may bring."""

    file_bytes: int
    files: int


@dataclass(slots=True)
class Incoming:
    """One file on its way in."""

    part: Part
    name: str
    most_bytes: int
    size: int = 0
    sample: Sample = field(default_factory=Sample)
    _digest: Any = field(default_factory=hashlib.sha256)
    _waiting: bytearray = field(default_factory=bytearray)

    @property
    def digest(self) -> str:
        """Of all bytes so far."""
        return str(self._digest.hexdigest())

    @property
    def kind(self) -> Kind:
        """What it is; `FileTypeRefused` for what is not accepted."""
        return self.sample.kind(self.name)

    async def write(self, data: bytes) -> None:
        """Take the next bytes; they are written a few at a time."""
        self.size += len(data)
        if self.size > self.most_bytes:
            raise FileTooLarge(f"A file has at most {self.most_bytes:,} bytes.", limit=self.most_bytes, file=self.name)
        self._waiting += data
        if len(self._waiting) >= _PIECE_BYTES:
            await self._flush()

    async def close(self) -> None:
        """All bytes are there."""
        await self._flush()
        # What is refused for its kind is refused before the next file is read.
        self.sample.kind(self.name)

    async def _flush(self) -> None:
        data, self._waiting = bytes(self._waiting), bytearray()
        self._digest.update(data)
        self.sample.add(data)
        await self.part.write(data)


class Reception:
    """Takes in the files of one request; whatever goes wrong, `leave` removes what was not kept."""

    def __init__(self, blobs: Blobs, limits: Limits) -> None:
        self._blobs = blobs
        self._limits = limits
        self.files: list[Incoming] = []

    async def take(self, content_type: str, body: AsyncIterator[bytes], *, name: str | None) -> list[Incoming]:
        """Every file in the body, whole and on the disk, though not yet kept."""
        kind, options = parse_options_header(content_type)
        if kind == _FORM:
            await self._take_form(options.get(b"boundary", b""), body)
        elif kind.startswith(b"multipart/"):
            raise UploadNotUnderstood("Send files as multipart/form-data, or one as it is.")
        else:
            await self._take_one(body, name or "")
        return self.files

    async def leave(self) -> None:
        """Remove what was written."""
        for file in self.files:
            await file.part.discard()

    async def _take_one(self, body: AsyncIterator[bytes], name: str) -> None:
        file = await self._begin(name)
        async for chunk in body:
            await file.write(chunk)
        await file.close()

    async def _take_form(self, boundary: bytes, body: AsyncIterator[bytes]) -> None:
        if not boundary:
            raise UploadMalformed("The form does not say what separates its parts.")
        form = _Form(boundary, most_parts=self._limits.files + _MOST_OTHER_PARTS)
        file: Incoming | None = None
        async for chunk in body:
            for event, data in form.events(chunk):
                if event == "file":
                    file = await self._begin(data.decode(errors="replace"))
                elif event == "data" and file is not None:
                    await file.write(data)
                elif event == "end" and file is not None:
                    await file.close()
                    file = None
        if not form.is_whole:
            raise UploadMalformed("The form ends in the middle.")
        if not self.files:
            raise NoFileSent("The form carries no file.")

    async def _begin(self, name: str) -> Incoming:
        if len(self.files) >= self._limits.files:
            raise TooManyFiles(f"One request carries at most {self._limits.files} files.", limit=self._limits.files)
        file = Incoming(await self._blobs.begin(), display_name(name), self._limits.file_bytes)
        self.files.append(file)
        return file


class _Form:
    """A form as it is parsed: where files begin, their bytes, and where they end."""

    def __init__(self, boundary: bytes, *, most_parts: int) -> None:
        self._events: list[tuple[str, bytes]] = []
        self._most_parts = most_parts
        self._parts = 0
        self._field = self._value = b""
        self._filename: bytes | None = None
        self.is_whole = False
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._on_part_begin,
                    "on_part_data": lambda data, start, end: self._events.append(("data", data[start:end])),
                    "on_part_end": lambda: self._events.append(("end", b"")),
                    "on_header_begin": self._on_header_begin,
                    "on_header_field": self._on_header_field,
                    "on_header_value": self._on_header_value,
                    "on_header_end": self._on_header_end,
                    "on_headers_finished": self._on_headers_finished,
                    "on_end": self._on_end,
                },
            )
        except FormParserError:
            raise UploadMalformed("What separates the parts of the form is too long.") from None

    def events(self, chunk: bytes) -> list[tuple[str, bytes]]:
        """What these bytes bring."""
        self._events = []
        try:
            self._parser.write(chunk)
        except FormParserError:
            raise UploadMalformed("The form is not well-formed.") from None
        return self._events

    def _on_part_begin(self) -> None:
        self._parts += 1
        if self._parts > self._most_parts:
            raise TooManyFiles("The form has too many parts.", limit=self._most_parts)
        self._filename = None

    def _on_header_begin(self) -> None:
        self._field = self._value = b""

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        if self._field.lower() == b"content-disposition":
            self._filename = parse_options_header(self._value)[1].get(b"filename")

    def _on_headers_finished(self) -> None:
        if self._filename is not None:
            self._events.append(("file", self._filename))

    def _on_end(self) -> None:
        self.is_whole = True
