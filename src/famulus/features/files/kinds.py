"""What a file is, by what is in it. Its name only says which of several kinds of harmless text it is."""

import codecs
import re
from dataclasses import dataclass
from importlib import import_module

from famulus.features.files.errors import FileTypeRefused
from famulus.features.files.names import ending_of
from famulus.features.files.records import FileKind

_ENDS_BYTES = 65_536
_OFFICE: tuple[tuple[bytes, FileKind, str], ...] = (
    (b"word/document.xml", "docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (b"xl/workbook.xml", "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (b"ppt/presentation.xml", "pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
)
_IMAGES = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF87a", "image/gif"),
           (b"GIF89a", "image/gif"))  # fmt: skip
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CONTROL = re.compile(rb"[\x00-\x07\x0b\x0e-\x1a\x1c-\x1f]")
_HTML = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)
_MAIL = re.compile(rb"(?:[!-9;-~]+:[^\n]*\n(?:[ \t][^\n]*\n)*){2,}\r?\n")
_MAIL_HEADERS = re.compile(
    rb"^(?:from|to|subject|date|message-id|received|mime-version|return-path):", re.IGNORECASE | re.MULTILINE
)
_MAIL_HEADERS_NEEDED = 2
_TEXTS: dict[str, tuple[FileKind, str]] = {
    "md": ("markdown", "text/markdown"), "markdown": ("markdown", "text/markdown"),
    "csv": ("csv", "text/csv"), "tsv": ("csv", "text/tab-separated-values"),
}  # fmt: skip
_CODE = frozenset(
    (  # noqa: SIM905 -- as prose it can be read
        "bash c cc cfg clj cmake conf cpp cs css dart ex exs go gradle graphql h hpp hs ini ipynb java jl js json "
        "jsonl jsx kt less lua m mjs mm nim nix pas php pl properties proto ps1 py pyi r rb rs sass scala scss sh sql "
        "svelte swift tex tf toml ts tsx vb vue xml xsl yaml yml zig zsh"
    ).split()
)


@dataclass(frozen=True, slots=True)
class Kind:
    """What a file is."""

    kind: FileKind
    media_type: str


class Sample:
    """The two ends of some bytes that pass by, and whether all of them may be text."""

    def __init__(self) -> None:
        self._head = b""
        self._tail = b""
        self._has_nul = False

    def add(self, data: bytes) -> None:
        """Look at the next bytes."""
        if len(self._head) < _ENDS_BYTES:
            self._head += data[: _ENDS_BYTES - len(self._head)]
        self._tail = (self._tail + data[-_ENDS_BYTES:])[-_ENDS_BYTES:]
        self._has_nul = self._has_nul or b"\0" in data

    def kind(self, name: str) -> Kind:
        """What these bytes are; `FileTypeRefused` for what is not accepted."""
        head = self._head
        if b"%PDF-" in head[:1024]:
            return Kind("pdf", "application/pdf")
        for magic, media_type in _IMAGES:
            if head.startswith(magic):
                return Kind("image", media_type)
        if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
            return Kind("image", "image/webp")
        if head.startswith(b"PK\x03\x04"):
            for member, kind, media_type in _OFFICE:
                if member in head or member in self._tail:
                    return Kind(kind, media_type)
        elif self._is_text():
            return _kind_of_text(head, name)
        raise FileTypeRefused("Files of this kind are not accepted.", file=name, found=_named(head))

    def _is_text(self) -> bool:
        if self._head.startswith(_UTF16):
            return True
        return not self._has_nul and _CONTROL.search(self._head) is None


def _kind_of_text(head: bytes, name: str) -> Kind:
    if _HTML.match(head.removeprefix(codecs.BOM_UTF8)[:4096]):
        return Kind("html", "text/html")
    ending = ending_of(name)
    if ending in _TEXTS:
        return Kind(*_TEXTS[ending])
    if ending in _CODE:
        return Kind("code", "text/plain")
    fields = _MAIL.match(head)
    if fields and len(_MAIL_HEADERS.findall(fields[0])) >= _MAIL_HEADERS_NEEDED:
        return Kind("email", "message/rfc822")
    return Kind("text", "text/plain")


def _named(head: bytes) -> str | None:
    """What is refused, for whoever wonders why."""
    # Only who sends something odd pays for the list of all the oddities there are.
    puremagic = import_module("puremagic")
    try:
        return str(puremagic.from_string(head, mime=True)) or None
    except (puremagic.PureError, ValueError):
        return None
