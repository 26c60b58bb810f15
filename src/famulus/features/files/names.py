"""Names that people give their files: shown and sent, never used as a path."""

import re
import unicodedata
from urllib.parse import quote

from famulus.kit.text import storable

_NAMELESS = "file"
_LONGEST = 200
_LONGEST_ENDING = 20
_UNSAFE = re.compile(r'[<>:"|?*]')
# Of browsers, which write these three so in a form.
_ESCAPED = {"%22": '"', "%0D": " ", "%0A": " "}
# Names that Windows gives to devices, whatever stands behind their dot.
_DEVICE = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def display_name(given: str) -> str:
    """What may be shown of a name: the part behind its last slash, without what deceives or is in the way."""
    for written, meant in _ESCAPED.items():
        given = given.replace(written, meant)
    name = unicodedata.normalize("NFC", storable(given[: 10 * _LONGEST + 10_000]))
    name = re.split(r"[/\\]", name.rstrip("/\\"))[-1]
    # Marks that turn the direction of writing make "gpj.exe" look like "exe.jpg".
    name = "".join(letter for letter in name if unicodedata.category(letter) not in _INVISIBLE)
    name = _UNSAFE.sub("_", name)
    name = " ".join(name.split()).strip(". ")
    if _DEVICE.fullmatch(name):
        name = f"_{name}"
    return _shortened(name) or _NAMELESS


def ending_of(name: str) -> str:
    """The part behind the last dot, in small letters."""
    _, dot, ending = name.rpartition(".")
    return ending.lower() if dot and len(ending) <= _LONGEST_ENDING else ""


def disposition(name: str, *, inline: bool = False) -> str:
    """The header that names a download, for old readers and new ones (RFC 6266, RFC 8187)."""
    plain = re.sub(r'[^ -~]|["\\%]', "_", name)
    how = "inline" if inline else "attachment"
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _shortened(name: str) -> str:
    if len(name) <= _LONGEST:
        return name
    ending = ending_of(name)
    kept = name[: _LONGEST - len(ending) - 1] if ending else name[:_LONGEST]
    return f"{kept.rstrip('. ')}.{ending}" if ending else kept
