"""The HTTP server: how it listens and stops, and how it treats clients that say that they will send no more."""

import asyncio
import contextlib
import gc
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from famulus.infra import tracing

_USER_TIMEOUT_MILLISECONDS = 60_000
_GARBAGE_THRESHOLDS = 20_000, 20, 50
_MOST_MESSAGE_BYTES = 1_048_576
_LAST_SECONDS = 3


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

    def __init__(self, config: uvicorn.Config, *, let_go: Callable[[], None], hurry: Callable[[], None]) -> None:
        super().__init__(config)
        self._let_go = let_go
        self._hurry = hurry

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop when asked to; unlike the original, do not die of the same signal in the end."""
        asked_by = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in asked_by}
        try:
            yield
        finally:
            for number, handler in before.items():
                # What is about to end by itself is not ended by whoever asks once more.
                signal.signal(number, signal.SIG_IGN if self.should_exit else handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop in good order; whoever asks again wants it now."""
        self.force_exit = self.should_exit
        if self.force_exit:
            self._hurry()
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams first: their clients resume, and nobody else ends them."""
        self._let_go()
        await super().shutdown(sockets)
        if self.force_exit and not self.lifespan.shutdown_event.is_set():
            # Even in a hurry, what is at work here is given back to whoever takes it next.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.lifespan.shutdown(), _LAST_SECONDS)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket, so that the address that is printed is the one that answers."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # By its protocol asyncio knows that it may switch off Nagle's delays, of forty milliseconds an answer.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        # A peer that is gone, or takes nothing, gives its buffers back after a minute.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _USER_TIMEOUT_MILLISECONDS)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise OSError(error.errno, f"Cannot listen on {host}:{port}: {error.strerror}") from None
    listening.listen(2048)
    listening.set_inheritable(True)
    return listening


def address_of(listening: socket.socket, host: str) -> str:
    """What to type to reach it."""
    return f"http://{host if ':' not in host else f'[{host}]'}:{listening.getsockname()[1]}"


def run(
    app: ASGIApp,
    listening: socket.socket | None,
    *,
    drain_seconds: float,
    let_go: Callable[[], None],
    hurry: Callable[[], None] = lambda: None,
) -> bool:
    """Serve until asked to stop, where there is somebody to serve; whether it has begun at all.

    `let_go` is called first when it is to stop, and `hurry` when it is asked again.
    """
    config = uvicorn.Config(
        app,
        http=HalfOpenProtocol,
        ws="websockets-sansio",
        ws_max_size=_MOST_MESSAGE_BYTES,
        ws_per_message_deflate=False,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=int(drain_seconds) + 5,
    )
    # What exists by now stays: looking through it for garbage, thousands of times an hour, would find none.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GARBAGE_THRESHOLDS)
    server = StoppingServer(config, let_go=let_go, hurry=hurry)
    try:
        server.run(sockets=[listening] if listening else [])
    finally:
        tracing.stop()
    return bool(server.started)
