"""The process: a file on standard input, its kind in the arguments, a passage in each line of standard output."""

import json
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import BinaryIO

from famulus.features.files.reading.confinement import confine
from famulus.features.files.reading.pieces import Piece, Unreadable
from famulus.features.files.reading.splitter import split

Reader = Callable[[BinaryIO], Iterator[Piece]]

_PLACES = {
    "pdf": ("pdf", "pages"), "docx": ("office", "document"), "xlsx": ("office", "workbook"),
    "pptx": ("office", "slides"), "html": ("plain", "page_of_web"), "csv": ("plain", "table"),
    "email": ("plain", "letter"), "markdown": ("plain", "lines"), "code": ("plain", "lines"),
    "text": ("plain", "lines"),
}  # fmt: skip


def main(kind: str, most_characters: int, cpu_seconds: int) -> None:
    """Read the file, and say what came of it in the last line."""
    module, name = _PLACES[kind]
    # Only what this kind needs; and all of it, before nothing can be opened any more.
    read: Reader = getattr(import_module(f"famulus.features.files.reading.{module}"), name)
    confine(cpu_seconds=cpu_seconds)
    try:
        _say({"end": True, "is_cut": _written(read(sys.stdin.buffer), most_characters)})
    except Unreadable as error:
        _say({"failed": error.reason})
    except MemoryError:
        _say({"failed": "too_much_memory"})
    except RecursionError:
        _say({"failed": "damaged"})


def _written(pieces: Iterator[Piece], most_characters: int) -> bool:
    """Write passages until there are no more, or no more may be; whether some were left."""
    for passage in split(pieces):
        most_characters -= len(passage.text) - passage.overlap
        if most_characters < 0:
            return True
        shown = [passage.unit, passage.first, passage.last, passage.sheet, passage.overlap, passage.text]
        sys.stdout.write(json.dumps(shown) + "\n")
    return False


def _say(outcome: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(outcome) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
