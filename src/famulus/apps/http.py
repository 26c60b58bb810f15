"""The HTTP server: how it stops, and how it treats clients that say that they will send no more."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from socket import socket
from types import FrameType

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class HalfOpenProtocol(HttpToolsProtocol):
    """Answers in full a client that has closed its own side of the connection after its request.

    One that has gone altogether looks the same at first; it is found out by the next bytes that are sent to it.
    """

    def eof_received(self) -> bool:  # type: ignore[override]
        """Keep the connection open for as long as an answer is under way."""
        # One that closes in the middle of its request has nothing to be answered.
        answering = self.cycle is not None and not self.cycle.response_complete and not self.cycle.more_body
        if answering:
            self.cycle.keep_alive = False
        return answering


class StoppingServer(uvicorn.Server):
    """Lets go of everybody who watches as soon as it is to stop, ends with status 0, and at once when asked twice."""

    def __init__(self, config: uvicorn.Config, *, let_go: Callable[[], None]) -> None:
        super().__init__(config)
        self._let_go = let_go

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop when asked to; unlike the original, do not die of the same signal in the end."""
        asked_by = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in asked_by}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop in good order; whoever asks again wants it now."""
        self.force_exit = self.should_exit
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """End the streams first: their clients resume, and nobody else ends them."""
        self._let_go()
        await super().shutdown(sockets)
