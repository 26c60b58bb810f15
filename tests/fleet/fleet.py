"""Several servers and workers on one database, each a real process."""

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.serving import Client, Server, free_port

SETTINGS = {
    "FAMULUS_DATABASE__POOL_SIZE": "5",
    "FAMULUS_JOBS__LEASE_SECONDS": "2",
    "FAMULUS_MODEL__OFFLINE_WORDS_PER_SECOND": "40",
    "FAMULUS_SERVER__DRAIN_SECONDS": "5",
    # Nobody's memory is asked for its meaning here: each process would load a model for it.
    "FAMULUS_MEMORY__EMBEDDINGS": "none",
}


@dataclass
class Fleet:
    """Servers that only accept and show, and workers that only work."""

    folder: Path
    environment: dict[str, str]
    servers: list[Server] = field(default_factory=list)
    workers: list[Server] = field(default_factory=list)
    _folders: int = 0

    def server(self) -> Server:
        """One more server without a worker."""
        self.servers.append(Server(self._folder(), self.environment, arguments=("--no-worker",)))
        return self.servers[-1]

    def worker(self) -> Server:
        """One more worker; its port is that of its health."""
        port = free_port()
        arguments = ("--health-port", str(port))
        self.workers.append(Server(self._folder(), self.environment, port, "worker", arguments))
        return self.workers[-1]

    @contextlib.contextmanager
    def one_more_worker(self, **environment: str) -> Iterator[Server]:
        """One more for a block, with settings of its own."""
        worker = self.worker()
        worker.environment = worker.environment | environment
        try:
            yield worker
        finally:
            worker.end()
            self.workers.remove(worker)

    async def start(self) -> Client:
        """Start everybody; the owner, as a client of the first server."""
        await asyncio.gather(*(process.start() for process in (*self.servers, *self.workers)))
        return await self.servers[0].owner()

    def at(self, server: Server, person: Client) -> Client:
        """The same person, at this server."""
        return Client(server.url, person.key, person.user_id)

    def _folder(self) -> Path:
        self._folders += 1
        folder = self.folder / f"process{self._folders}"
        folder.mkdir()
        return folder


@contextlib.contextmanager
def a_fleet(folder: Path, *, servers: int, workers: int, **environment: str) -> Iterator[Fleet]:
    """So many of each, which end with the block."""
    fleet = Fleet(folder, SETTINGS | environment)
    for _ in range(servers):
        fleet.server()
    for _ in range(workers):
        fleet.worker()
    try:
        yield fleet
    finally:
        for process in (*fleet.servers, *fleet.workers):
            process.end()
