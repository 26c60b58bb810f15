"""What readers yield, and what they raise."""

from dataclasses import dataclass

from famulus.features.files.records import Unit


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text that stands at one place: a line, a row, a paragraph of a page."""

    unit: Unit
    number: int
    text: str
    sheet: str | None = None


class Unreadable(Exception):
    """The file's text cannot be had; the reason is a word for programs."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
