"""What is packed into an office document: taken out with an eye on how much it becomes, and parsed without entities."""

import zipfile
from collections.abc import Iterator
from typing import Any, BinaryIO
from xml.parsers import expat

from famulus.features.files.reading.pieces import Unreadable

_MOST_BYTES = 128 * 2**20
_MOST_MEMBERS = 10_000
_PIECE_BYTES = 65_536
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


class Archive:
    """An office document's members."""

    def __init__(self, file: BinaryIO) -> None:
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
            raise Unreadable("damaged") from None
        self._names = set(self._zip.namelist())
        if len(self._names) > _MOST_MEMBERS:
            raise Unreadable("too_large_inside")
        self._left = _MOST_BYTES

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def pieces(self, name: str) -> Iterator[bytes]:
        """The bytes of a member. One that says itself that it is too large is not begun; the others are counted."""
        try:
            if self._zip.getinfo(name).file_size > self._left:
                raise Unreadable("too_large_inside")
            with self._zip.open(name) as member:
                while piece := member.read(_PIECE_BYTES):
                    self._left -= len(piece)
                    if self._left < 0:
                        raise Unreadable("too_large_inside")
                    yield piece
        except KeyError:
            raise Unreadable("damaged") from None
        except RuntimeError:
            raise Unreadable("encrypted") from None
        except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, zipfile.zlib.error):  # type: ignore[attr-defined]
            raise Unreadable("damaged") from None

    def parse(self, name: str, handler: "Handler") -> Iterator[Any]:
        """Whatever the handler has found in a member, as it comes."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = handler.start
        parser.EndElementHandler = handler.end
        parser.CharacterDataHandler = handler.text
        # No document of an office program has one; who sends one wants entities to be resolved.
        parser.StartDoctypeDeclHandler = _refuse
        parser.EntityDeclHandler = _refuse
        try:
            for piece in self.pieces(name):
                parser.Parse(piece, False)
                yield from handler.taken()
            parser.Parse(b"", True)
        except expat.ExpatError:
            raise Unreadable("damaged") from None
        yield from handler.taken()

    def relations(self, name: str) -> dict[str, str]:
        """Where a member's references lead to, by their ids."""
        folder, _, leaf = name.rpartition("/")
        place = f"{folder}/_rels/{leaf}.rels"
        handler = Attributes("Relationship")
        found = list(self.parse(place, handler)) if place in self else []
        return {one.get("Id", ""): _resolved(folder, one.get("Target", "")) for one in found}


class Handler:
    """Collects what a parser comes upon; `found` is taken away between two pieces."""

    def __init__(self) -> None:
        self.found: list[Any] = []

    def taken(self) -> list[Any]:
        found, self.found = self.found, []
        return found

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""

    def end(self, name: str) -> None:
        """An element ends."""

    def text(self, data: str) -> None:
        """Text within an element."""


class Attributes(Handler):
    """The attributes of every element of a name, without their namespaces."""

    def __init__(self, element: str) -> None:
        super().__init__()
        self._element = element

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if local(name) == self._element:
            # Of two with one local name, the reference is the one that is asked for.
            plain = {local(key): value for key, value in attributes.items() if not key.startswith(_RELATIONS)}
            references = {f"r:{local(key)}": value for key, value in attributes.items() if key.startswith(_RELATIONS)}
            self.found.append(plain | references)


def local(name: str) -> str:
    """An element's or attribute's name without its namespace."""
    return name.rpartition(" ")[2]


def _resolved(folder: str, target: str) -> str:
    return target.lstrip("/") if target.startswith("/") else f"{folder}/{target}"


def _refuse(*_arguments: object) -> None:
    raise Unreadable("damaged")
