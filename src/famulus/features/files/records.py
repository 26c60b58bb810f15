"""The nouns, as rows have them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

FileStatus = Literal["stored", "indexing", "ready", "failed"]
FileKind = Literal[
    "pdf", "docx", "xlsx", "pptx", "html", "markdown", "csv", "email", "code", "text", "image",
]  # fmt: skip
_IN_WORDS: dict[FileStatus, str] = {
    "stored": "about to be read", "indexing": "being read", "failed": "whose text cannot be read",
}  # fmt: skip
Unit = Literal["page", "slide", "row", "line", "paragraph"]


@dataclass(frozen=True, slots=True)
class File:
    """A name for some content, and what is known of the content."""

    id: str
    user_id: str
    content_id: str
    name: str
    created_at: datetime
    updated_at: datetime
    digest: str
    size: int
    kind: FileKind
    media_type: str
    status: FileStatus
    reason: str | None
    passages: int
    is_cut: bool

    @property
    def in_words(self) -> str:
        """A file in a line, as a model is told of it."""
        state = "" if self.status == "ready" else f", {_IN_WORDS[self.status]}"
        return f"{self.name} (file_id {self.id}, {self.kind}, {self.size:,} bytes{state})"


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a file's text, and where in the file it stands."""

    unit: Unit
    first: int
    last: int
    sheet: str | None
    overlap: int
    text: str

    @property
    def where(self) -> str:
        """In words: `page 3`, `lines 10-24`, `sheet Budget, rows 1-40`."""
        many = self.unit if self.first == self.last else f"{self.unit}s"
        span = f"{self.first}" if self.first == self.last else f"{self.first}-{self.last}"
        return f"sheet {self.sheet}, {many} {span}" if self.sheet else f"{many} {span}"
