"""Finds the events in the bytes of an event stream, however these are cut."""

LINE_LIMIT_BYTES = 1024 * 1024


class EventParser:
    """Takes blocks of bytes, gives the data of the events they complete.

    Lines end in LF, CRLF or CR, and several data lines make one event: the HTML standard, section 9.2.6.
    """

    __slots__ = ("_after_cr", "_limit", "_parts", "_pending", "_pending_size", "_size", "overflowed")

    def __init__(self, *, limit_bytes: int = LINE_LIMIT_BYTES) -> None:
        self._limit = limit_bytes
        self._parts: list[bytes] = []
        self._size = 0
        self._pending: list[bytes] = []
        self._pending_size = 0
        self._after_cr = False
        self.overflowed = False
        """A line, or an event, was longer than the limit; nothing is taken any more."""

    def feed(self, block: bytes) -> list[bytes]:
        """The data of every event that ends within `block`."""
        # Nearly every block is just one whole event.
        if (
            block.startswith(b"data: ")
            and block.find(b"\n") == len(block) - 2
            and block.endswith(b"\n\n")
            and b"\r" not in block
            and self._is_between_events
        ):
            return [block[6:-2]]
        if self.overflowed:
            return []
        if b"\r" in block or self._after_cr:
            block = self._with_plain_newlines(block)
        if b"\n" not in block:
            self._keep(block)
            return []
        if self._parts:
            if self._size + block.index(b"\n") > self._limit:
                self._overflow()
                return []
            self._parts.append(block)
            block = b"".join(self._parts)
            self._parts.clear()
            self._size = 0
        *lines, rest = block.split(b"\n")
        events = self._events(lines)
        if rest:
            self._keep(rest)
        return events

    @property
    def _is_between_events(self) -> bool:
        return not (self._parts or self._pending or self._after_cr or self.overflowed)

    def end(self) -> list[bytes]:
        """The event that only its blank line is missing of; a line that broke off is no line."""
        return self._events([b""])

    def _events(self, lines: list[bytes]) -> list[bytes]:
        events: list[bytes] = []
        pending = self._pending
        for line in lines:
            if not line:
                if pending:
                    events.append(pending[0] if len(pending) == 1 else b"\n".join(pending))
                    pending.clear()
                    self._pending_size = 0
            elif line.startswith(b"data:"):
                pending.append(line[6:] if line.startswith(b"data: ") else line[5:])
                self._pending_size += len(line)
                if self._pending_size > self._limit:
                    self._overflow()
                    break
        return events

    def _keep(self, block: bytes) -> None:
        self._size += len(block)
        if self._size > self._limit:
            self._overflow()
        else:
            self._parts.append(block)

    def _overflow(self) -> None:
        self.overflowed = True
        self._parts.clear()
        self._pending.clear()

    def _with_plain_newlines(self, block: bytes) -> bytes:
        # A CR that ended the block before was taken for a whole line end, so its LF is dropped here.
        if self._after_cr:
            block = block.removeprefix(b"\n")
        self._after_cr = block.endswith(b"\r")
        return block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
