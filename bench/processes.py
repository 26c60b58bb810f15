"""Other processes: started, watched and ended."""

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import IO

import psutil

PROJECT = Path(__file__).parent.parent


class Server:
    """A server as a process of its own, its output in a file."""

    def __init__(
        self,
        arguments: list[str],
        *,
        log: Path,
        folder: Path = PROJECT,
        environment: dict[str, str] | None = None,
    ) -> None:
        self._name = arguments[0]
        self._log = log
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if environment is None else errors,
                stderr=errors,
                cwd=folder,
                env={**clean_environment(), **(environment or {})},
            )

    def announced_port(self) -> int:
        """The port that the server names in its first line."""
        output: IO[bytes] | None = self._process.stdout
        assert output is not None
        line = output.readline()
        if not line:
            raise RuntimeError(self.failure("ended before it told its port"))
        return int(json.loads(line)["port"])

    def ended(self) -> bool:
        return self._process.poll() is not None

    def pids(self) -> list[int]:
        """The process and its children."""
        children = psutil.Process(self._process.pid).children(recursive=True)
        return [self._process.pid, *(child.pid for child in children)]

    def failure(self, what: str) -> str:
        tail = self._log.read_text(errors="replace")[-2000:]
        return f"{self._name} {what}\n{tail}"

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()


def clean_environment() -> dict[str, str]:
    """Ours, without what its owner has set for a Famulus of their own, or has numpy take the processor for."""
    foreign = ("FAMULUS_", "OPENAI_", "OPENBLAS_", "DATABASE_URL", "REDIS_URL")
    return {name: value for name, value in os.environ.items() if not name.startswith(foreign)}


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time of these processes, all their threads included.

    psutil counts in ticks of 10 ms, too coarse for a few turns. Linux has a clock of nanoseconds for every
    process, and clock_getcpuclockid(3) says how its number is made.
    """
    if platform.system() == "Linux":
        return sum(time.clock_gettime((~pid << 3) | 2) for pid in pids)
    return sum(sum(psutil.Process(pid).cpu_times()[:2]) for pid in pids)


def memory_mib(pids: Iterable[int]) -> dict[str, float]:
    """Resident, proportional and private memory of these processes."""
    infos = [psutil.Process(pid).memory_full_info() for pid in pids]
    shares = [getattr(info, "pss", info.uss) for info in infos]
    return {
        "rss_mib": sum(info.rss for info in infos) / 2**20,
        "pss_mib": sum(shares) / 2**20,
        "uss_mib": sum(info.uss for info in infos) / 2**20,
    }
