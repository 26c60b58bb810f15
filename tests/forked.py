"""Commands of Famulus in processes of their own, forked from one that has loaded everything: a start costs no import.

They are processes like any other, to be killed, stopped and waited for. What differs from `python -m famulus` is how
the code came into memory, which `tests/process/test_command.py` and the refusals are about.
"""

import importlib
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

_ROOT = Path(__file__).parents[1]
_forking = multiprocessing.get_context("forkserver")
_forking.set_forkserver_preload(["famulus.cli", "tests.forked"])


class Forked:
    """A running command, with the words of `subprocess.Popen`."""

    def __init__(self, arguments: Sequence[str], *, environment: Mapping[str, str], log: Path) -> None:
        self._arguments = list(arguments)
        # A daemon in the sense of the module: ended with the tests, whatever becomes of them.
        self._process = _forking.Process(target=_run, args=(self._arguments, dict(environment), str(log)), daemon=True)
        self._process.start()
        self.pid = self._process.pid or 0

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired(self._arguments, timeout or 0)
        return code

    def send_signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _run(arguments: list[str], environment: dict[str, str], log: str) -> None:
    """Become the command, as a shell would have started it."""
    os.chdir(_ROOT)
    os.environ.clear()
    os.environ.update(environment)
    written = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    for descriptor in (sys.__stdout__, sys.__stderr__):
        os.dup2(written, descriptor.fileno() if descriptor else 1)
    os.close(written)
    # The one module that reads the environment when it is loaded.
    importlib.reload(importlib.import_module("famulus.kit.killpoints"))
    sys.argv = ["famulus", *arguments]
    importlib.import_module("famulus.cli").main()
