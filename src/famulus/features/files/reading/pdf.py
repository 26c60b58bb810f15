"""The pages of a PDF."""

from collections.abc import Iterator
from typing import BinaryIO

from pypdf import PdfReader
from pypdf.errors import PyPdfError

from famulus.features.files.reading.pieces import Piece, Unreadable

_MOST_PAGES = 5_000


def pages(file: BinaryIO) -> Iterator[Piece]:
    """The lines of each page, as far as they are text."""
    try:
        reader = PdfReader(file)
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unreadable("encrypted")
        for number, page in enumerate(reader.pages, 1):
            if number > _MOST_PAGES:
                return
            for line in page.extract_text().splitlines():
                yield Piece("page", number, " ".join(line.split()))
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, AssertionError, OverflowError):
        # Each of them is what some damaged file makes of the reader.
        raise Unreadable("damaged") from None
