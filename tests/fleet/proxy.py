"""A wire on loopback that can be cut, frozen, or slow, between a process and a server that it depends on."""

import asyncio
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit, urlunsplit

_READ_BYTES = 65_536


class Wire:
    """Forwards connections to the address behind it, and does to them what it is told; for an `async with` block."""

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)
        self._flows = asyncio.Event()
        self._flows.set()
        self._is_cut = False
        self._lines: set[asyncio.StreamWriter] = set()
        self.delay_seconds = 0.0
        """How long whatever passes is on its way, in each direction."""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.thaw()
        self._server.close()
        self._drop_all()

    @property
    def url(self) -> str:
        """The address of this end."""
        port = self._server.sockets[0].getsockname()[1]
        who = f"{self._url.username}@" if self._url.username else ""
        return urlunsplit(self._url._replace(netloc=f"{who}127.0.0.1:{port}"))

    def freeze(self) -> None:
        """Accept everything, and let nothing through."""
        self._flows.clear()

    def thaw(self) -> None:
        self._flows.set()

    def cut(self) -> None:
        """End every connection, and accept none until it is mended."""
        self._is_cut = True
        self._drop_all()

    def mend(self) -> None:
        self._is_cut = False

    def _drop_all(self) -> None:
        for line in list(self._lines):
            line.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.transport.abort()
            return
        try:
            there = await asyncio.open_connection(self._url.hostname, self._url.port)
        except OSError:
            writer.transport.abort()
            return
        self._lines |= {writer, there[1]}
        await asyncio.gather(self._pass(reader, there[1]), self._pass(there[0], writer), return_exceptions=True)
        self._lines -= {writer, there[1]}

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Everything that comes, in order, each piece as late as it has to be."""
        loop = asyncio.get_running_loop()
        pieces: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def deliver() -> None:
            while True:
                due, piece = await pieces.get()
                await asyncio.sleep(max(0, due - loop.time()))
                await self._flows.wait()
                if not piece:
                    break
                writer.write(piece)
                await writer.drain()

        delivering = asyncio.create_task(deliver())
        try:
            while piece := await reader.read(_READ_BYTES):
                pieces.put_nowait((loop.time() + self.delay_seconds, piece))
        except OSError:
            pass
        finally:
            pieces.put_nowait((loop.time() + self.delay_seconds, b""))
            await asyncio.gather(delivering, return_exceptions=True)
            writer.close()
