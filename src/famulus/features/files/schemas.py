"""What clients send about files, and what they get to see."""

from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, Field

from famulus.features.files.names import display_name
from famulus.features.files.records import File, FileKind, FileStatus, Passage
from famulus.kit.pages import Page
from famulus.kit.schemas import Draft, Time, View

FileName = Annotated[str, Field(min_length=1, max_length=1_000), AfterValidator(display_name)]

_SAID = {
    "encrypted": "The file is protected by a password.",
    "damaged": "The file is damaged, or not what it seems to be.",
    "too_large_inside": "What is packed into the file is too much to be read.",
    "too_slow": "Reading the file took too long.",
    "too_much_memory": "Reading the file took too much memory.",
    "interrupted": "Reading the file was interrupted too often.",
}


class FilePatch(Draft):
    """Changes to a file."""

    name: FileName


class Failure(View):
    """Why a file's text cannot be read."""

    code: str
    message: str


class FileView(View):
    """A file."""

    id: str
    object: Literal["file"] = "file"
    name: str
    size: int
    """In bytes."""
    kind: FileKind
    media_type: str
    digest: str
    """SHA-256 of the bytes."""
    status: FileStatus
    """`stored`: its text is about to be read; `indexing`: it is being read; `ready`: it can be searched; `failed`."""
    reason: Failure | None
    """Why it has failed, where it has; the bytes are there all the same."""
    passages: int
    """Into how many its text was cut."""
    is_cut: bool
    """Whether it has more text than is searched."""
    created_at: Time
    updated_at: Time

    @classmethod
    def of(cls, file: File) -> Self:
        fields = {name: getattr(file, name) for name in cls.model_fields if name not in ("object", "reason")}
        reason = None
        if file.reason:
            reason = Failure(code=file.reason, message=_SAID.get(file.reason, "The file cannot be read."))
        return cls(**fields, reason=reason)


class Uploaded(BaseModel):
    """What was uploaded, in the order in which it came."""

    data: list[FileView]


class FilePage(Page[FileView]):
    """One page of files; or, where ids were asked for, those files in the order of their ids."""

    missing: list[str] = Field(default_factory=list)
    """Ids that were asked for and are no file of the caller's."""


class PassageView(View):
    """A passage of a file."""

    file_id: str
    name: str
    """The file's."""
    where: str
    """Such as `page 3` or `sheet Budget, rows 1-40`."""
    first: int
    """The first page, row, line or paragraph of it."""
    last: int
    text: str
    score: float
    """Higher is better, among the passages of one answer."""

    @classmethod
    def of(cls, file: File, passage: Passage, score: float) -> Self:
        return cls(
            file_id=file.id, name=file.name, where=passage.where, first=passage.first, last=passage.last,
            text=passage.text, score=score,
        )  # fmt: skip


class FoundPassages(BaseModel):
    """Passages, the best first."""

    data: list[PassageView]


class TextPassage(View):
    """A passage of a text that is read from one to the next."""

    position: int
    """Its number in the text, from 0."""
    where: str
    first: int
    last: int
    sheet: str | None
    text: str
    """Without what the passage before it has said already."""

    @classmethod
    def of(cls, position: int, passage: Passage) -> Self:
        return cls(
            position=position, where=passage.where, first=passage.first, last=passage.last, sheet=passage.sheet,
            text=passage.text,
        )  # fmt: skip


class TextView(BaseModel):
    """A part of what a file says."""

    data: list[TextPassage]
    next: int | None
    """The position to read on from; none at the end."""


class Storage(View):
    """How much room files take."""

    used: int
    """In bytes; what was uploaded twice counts once."""
    limit: int


@dataclass(frozen=True, slots=True)
class FileFilter:
    """Which files to list."""

    name: str | None = None
    kind: FileKind | None = None
    status: FileStatus | None = None
