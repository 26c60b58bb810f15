"""Texts of all kinds: lines, tables, pages of the web, letters."""

import codecs
import csv
import email
import email.policy
import io
import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from typing import BinaryIO

from famulus.features.files.reading.pieces import Piece

_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([A-Za-z0-9_-]{1,40})", re.IGNORECASE)
_SNIFFED_BYTES = 4_096
_LONGEST_FIELD = 1_000_000
_HEADERS = ("Subject", "From", "To", "Cc", "Date")
_SILENT = frozenset({"script", "style", "template", "noscript", "svg", "math"})
_BLOCKS = frozenset(
    (  # noqa: SIM905 -- as prose it can be read
        "address article aside blockquote body br dd div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 "
        "h6 header hr li main nav ol option p pre section table td th title tr ul"
    ).split()
)


def decoded(data: bytes, charset: str | None = None) -> str:
    """Text, by the marks it carries; what is nothing else is what Windows writes in the west."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    for declared in (charset, "utf-8"):
        try:
            if declared:
                return data.decode(declared)
        except (UnicodeDecodeError, LookupError):
            continue
    return data.decode("cp1252", errors="replace")


def lines(file: BinaryIO) -> Iterator[Piece]:
    """The lines of a text; blank ones too, since they are counted."""
    yield from _numbered(decoded(file.read()).splitlines())


def table(file: BinaryIO) -> Iterator[Piece]:
    """The rows of a table of values that are separated by whatever its first line has most of."""
    text = decoded(file.read())
    first = text.partition("\n")[0]
    separator = max(",;\t|", key=first.count)
    csv.field_size_limit(_LONGEST_FIELD)
    for number, row in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=separator), 1):
        yield Piece("row", number, " | ".join(" ".join(cell.split()) for cell in row))


def page_of_web(file: BinaryIO) -> Iterator[Piece]:
    """The paragraphs of an HTML page."""
    data = file.read()
    meta = _CHARSET.search(data[:_SNIFFED_BYTES])
    yield from _paragraphs(decoded(data, meta[1].decode() if meta else None))


def letter(file: BinaryIO) -> Iterator[Piece]:
    """An e-mail: who, when, about what, and the text of it; what is attached is named."""
    message = email.message_from_binary_file(file, policy=email.policy.default)
    said = [f"{name}: {message[name]}" for name in _HEADERS if message[name]]
    body = message.get_body(("plain", "html"))
    if body is not None:
        text = body.get_content()
        if body.get_content_subtype() == "html":
            said += ["", *(piece.text for piece in _paragraphs(text))]
        else:
            said += ["", *text.splitlines()]
    names = [name for part in message.iter_attachments() if (name := part.get_filename())]
    if names:
        said += ["", f"Attached: {', '.join(names)}"]
    yield from _numbered(said)


def _numbered(said: Iterable[str]) -> Iterator[Piece]:
    for number, line in enumerate(said, 1):
        yield Piece("line", number, line.rstrip())


def _paragraphs(text: str) -> Iterator[Piece]:
    page = _Page()
    page.feed(text)
    page.close()
    page.break_here()
    for number, paragraph in enumerate(page.found, 1):
        yield Piece("paragraph", number, paragraph)


class _Page(HTMLParser):
    """The texts between the tags that begin something new."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._texts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 -- the parser's
        if tag in _SILENT:
            self._silent += 1
        if tag in _BLOCKS:
            self.break_here()

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        if tag in _BLOCKS:
            self.break_here()

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._texts.append(data)

    def break_here(self) -> None:
        """What was said so far is a paragraph."""
        if text := " ".join("".join(self._texts).split()):
            self.found.append(text)
        self._texts = []
