"""The HTTP protocol of the server, for clients that have asked and say that they will send no more."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class HalfOpenProtocol(HttpToolsProtocol):
    """Answers in full a client that has closed its own side of the connection after its request.

    One that has gone altogether looks the same at first; it is found out by the next bytes that are sent to it.
    """

    def eof_received(self) -> bool:  # type: ignore[override]
        """Keep the connection open for as long as an answer is under way."""
        answering = self.cycle is not None and not self.cycle.response_complete
        if answering:
            self.cycle.keep_alive = False
        return answering
