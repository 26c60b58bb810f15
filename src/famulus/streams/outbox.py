"""What was kept here, on its way to those who follow it in other processes."""

from collections.abc import Sequence

import orjson

from famulus.infra.relay import Relay
from famulus.streams.store import Entry

_MOST_ENTRIES = 256
_MOST_BYTES = 65_536
_MOST_BYTES_AT_ONCE = 1_048_576


class Outbox:
    """Entries that are in the database, gathered until the relay can carry them: one message a stream.

    A stream whose entries come faster than they are carried keeps its last one alone, by which others see that they
    have to look for themselves.
    """

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._pending: dict[str, list[Entry]] = {}
        relay.show_from(self.take)

    def add(self, stream_id: str, fresh: Sequence[Entry]) -> None:
        """Take in entries that have just been committed."""
        if not self._relay.takes:
            return
        pending = self._pending.setdefault(stream_id, [])
        pending += fresh
        if len(pending) > _MOST_ENTRIES:
            del pending[:-1]
        self._relay.show_soon()

    def take(self) -> list[tuple[str, bytes]]:
        """Some of the messages that are due; nothing when there are none."""
        taken: list[tuple[str, bytes]] = []
        size = 0
        while self._pending and size < _MOST_BYTES_AT_ONCE:
            # The oldest first, so that a busy stream holds up no other.
            stream_id = next(iter(self._pending))
            message = packed(self._pending.pop(stream_id))
            taken.append((stream_id, message))
            size += len(message)
        return taken


def packed(entries: Sequence[Entry]) -> bytes:
    """Entries as one message; of those that are too large for one, their last number."""
    message = orjson.dumps([[entry.seq, entry.epoch, entry.kind, entry.data] for entry in entries])
    return message if len(message) <= _MOST_BYTES else orjson.dumps(entries[-1].seq)


def unpacked(message: bytes) -> list[Entry] | int:
    """The entries of a message, or the number up to which there are some."""
    content: list[list[object]] | int = orjson.loads(message)
    return content if isinstance(content, int) else [Entry(*row) for row in content]  # type: ignore[arg-type]
