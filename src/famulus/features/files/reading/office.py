"""Documents, sheets and slides, as office programs pack them."""

import re
from collections.abc import Iterator
from typing import BinaryIO

from famulus.features.files.reading.archive import Archive, Attributes, Handler, local
from famulus.features.files.reading.pieces import Piece, Unreadable

_DOCUMENT, _WORKBOOK, _PRESENTATION = "word/document.xml", "xl/workbook.xml", "ppt/presentation.xml"
_SHARED = "xl/sharedStrings.xml"
_ROW = re.compile(r"[1-9][0-9]{0,6}")
_BETWEEN_CELLS = " | "


def document(file: BinaryIO) -> Iterator[Piece]:
    """The paragraphs of a DOCX."""
    paragraphs = Archive(file).parse(_DOCUMENT, _Paragraphs())
    for number, text in enumerate(paragraphs, 1):
        yield Piece("paragraph", number, text)


def slides(file: BinaryIO) -> Iterator[Piece]:
    """The paragraphs of the slides of a PPTX, in the order in which they are shown."""
    archive = Archive(file)
    places = archive.relations(_PRESENTATION)
    shown = archive.parse(_PRESENTATION, Attributes("sldId"))
    for number, one in enumerate(list(shown), 1):
        place = places.get(one.get("r:id", ""), "")
        if place in archive:
            for text in archive.parse(place, _Paragraphs()):
                yield Piece("slide", number, text)


def workbook(file: BinaryIO) -> Iterator[Piece]:
    """The rows of the sheets of an XLSX that have something in them."""
    archive = Archive(file)
    places = archive.relations(_WORKBOOK)
    sheets = list(archive.parse(_WORKBOOK, Attributes("sheet")))
    shared = list(archive.parse(_SHARED, _SharedStrings())) if _SHARED in archive else []
    for sheet in sheets:
        place = places.get(sheet.get("r:id", ""), "")
        if place in archive:
            for number, text in archive.parse(place, _Rows(shared)):
                yield Piece("row", number, text, sheet.get("name", "")[:100])


class _Paragraphs(Handler):
    """The text of each paragraph: `w:p` with its `w:t`, or `a:p` with its `a:t`."""

    def __init__(self) -> None:
        super().__init__()
        self._texts: list[list[str]] = []
        self._is_text = False

    def start(self, name: str, attributes: dict[str, str]) -> None:  # noqa: ARG002 -- every handler's
        match local(name):
            case "p":
                # A text box stands within a paragraph, with paragraphs of its own.
                self._texts.append([])
            case "t":
                self._is_text = True
            case "tab" | "br" | "cr" if self._texts:
                self._texts[-1].append(" ")

    def end(self, name: str) -> None:
        match local(name):
            case "p" if self._texts:
                self.found.append(" ".join("".join(self._texts.pop()).split()))
            case "t":
                self._is_text = False

    def text(self, data: str) -> None:
        if self._is_text and self._texts:
            self._texts[-1].append(data)


class _SharedStrings(Handler):
    """The strings that cells refer to by number."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[str] = []
        self._is_text = False

    def start(self, name: str, attributes: dict[str, str]) -> None:  # noqa: ARG002 -- every handler's
        self._is_text = local(name) == "t"
        if local(name) == "si":
            self._parts = []

    def end(self, name: str) -> None:
        self._is_text = False
        if local(name) == "si":
            self.found.append("".join(self._parts))

    def text(self, data: str) -> None:
        if self._is_text:
            self._parts.append(data)


class _Rows(Handler):
    """The number of each row, and what its cells say."""

    def __init__(self, shared: list[str]) -> None:
        super().__init__()
        self._shared = shared
        self._number = 0
        self._cells: list[str] = []
        self._kind = ""
        self._value: list[str] = []
        self._is_value = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        match local(name):
            case "row":
                given = attributes.get("r", "")
                self._number = int(given) if _ROW.fullmatch(given) else self._number + 1
                self._cells = []
            case "c":
                self._kind, self._value = attributes.get("t", ""), []
            case "v" | "t":
                self._is_value = True

    def end(self, name: str) -> None:
        match local(name):
            case "v" | "t":
                self._is_value = False
            case "c":
                if shown := self._shown("".join(self._value)):
                    self._cells.append(shown)
            case "row" if self._cells:
                self.found.append((self._number, _BETWEEN_CELLS.join(self._cells)))

    def text(self, data: str) -> None:
        if self._is_value:
            self._value.append(data)

    def _shown(self, value: str) -> str:
        if self._kind == "s":
            try:
                value = self._shared[int(value)]
            except (ValueError, IndexError):
                raise Unreadable("damaged") from None
        elif self._kind == "b":
            value = "TRUE" if value == "1" else "FALSE"
        return " ".join(value.split())
