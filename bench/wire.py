"""Just enough HTTP/1.1, by hand, for the floors and for the client that loads them."""

HEAD_END = b"\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"


class RequestReader:
    """Cuts what a client sends into whole requests, head and body together."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> bytes | None:
        """Take what arrived; give the request once it is whole."""
        self._buffer += data
        head, found, _ = self._buffer.partition(HEAD_END)
        if not found:
            return None
        length = len(head) + len(HEAD_END) + int(header(head, b"content-length") or 0)
        if len(self._buffer) < length:
            return None
        request, self._buffer = self._buffer[:length], self._buffer[length:]
        return request


class ResponseReader:
    """Takes the head and the chunk framing off one response."""

    def __init__(self) -> None:
        self._buffer = b""
        self._chunked = False
        self._remaining: int | None = None
        self.status = 0
        self.ended = False

    def feed(self, data: bytes) -> bytes:
        """Take what arrived; give the part of the body that was in it."""
        if not self.status:
            data = self._read_head(data)
            if not self.status:
                return b""
        if self._chunked:
            return self._unchunk(data)
        if self._remaining is not None:
            self._remaining -= len(data)
            self.ended = self._remaining <= 0
        return data

    def _read_head(self, data: bytes) -> bytes:
        head, found, rest = (self._buffer + data).partition(HEAD_END)
        if not found:
            self._buffer = head
            return b""
        self._buffer = b""
        self.status = int(head[9:12])
        self._chunked = header(head, b"transfer-encoding") == b"chunked"
        length = header(head, b"content-length")
        self._remaining = None if length is None else int(length)
        return rest

    def _unchunk(self, data: bytes) -> bytes:
        buffer = self._buffer + data if self._buffer else data
        pieces = []
        start = 0
        while (line_end := buffer.find(b"\r\n", start)) >= 0:
            size = int(buffer[start:line_end], 16)
            end = line_end + 2 + size
            if len(buffer) < end + 2:
                break
            if not size:
                self.ended = True
            pieces.append(buffer[line_end + 2 : end])
            start = end + 2
        self._buffer = buffer[start:]
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def header(head: bytes, name: bytes) -> bytes | None:
    """The value of one header, in lower case, or nothing."""
    _, found, rest = head.lower().partition(b"\r\n" + name + b":")
    return rest.partition(b"\r\n")[0].strip() if found else None


def post(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """A POST request of JSON, whole."""
    lines = [
        f"POST {path} HTTP/1.1",
        "host: 127.0.0.1",
        "content-type: application/json",
        f"content-length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join(lines).encode() + HEAD_END + body
