"""Where a client is in a stream, in words: `epoch:number` of the last entry that it has."""

from famulus.kit.errors import Invalid
from famulus.streams.store import Entry

_LONGEST_CURSOR = 40
_LARGEST_NUMBER = 2**53


class InvalidCursor(Invalid):
    """The position in a stream is not one that was ever handed out."""


def cursor_of(entry: Entry) -> str:
    """Where a client is that has received this entry."""
    return f"{entry.epoch}:{entry.seq}"


def parse_cursor(text: str | None) -> tuple[int | None, int]:
    """The epoch, where the cursor names one, and the number of the last entry that a client has."""
    if not text:
        return None, 0
    epoch, _, seq = text.rpartition(":")
    digits = [part for part in (epoch, seq) if part]
    well_formed = len(text) <= _LONGEST_CURSOR and seq and all(d.isascii() and d.isdigit() for d in digits)
    if not well_formed or int(seq) > _LARGEST_NUMBER or text.startswith(":"):
        raise InvalidCursor("This is not a position in a stream.")
    return (int(epoch) if epoch else None), int(seq)
