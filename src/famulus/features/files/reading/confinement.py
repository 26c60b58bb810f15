"""What a process that reads strange files may not do; it ties its own hands before it begins."""

import os
import resource
import sys
from typing import NoReturn

_MEBIBYTE = 2**20
_MOST_MEMORY = 512 * _MEBIBYTE
_MOST_OPEN = 32
_FORBIDDEN = ("socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "ctypes.", "shutil.")


def confine(*, cpu_seconds: int) -> None:
    """Little memory, little time, no writing, no network, no other programs; and everybody else goes first."""
    os.nice(10)
    _limit(resource.RLIMIT_AS, _MOST_MEMORY)
    _limit(resource.RLIMIT_CPU, cpu_seconds)
    _limit(resource.RLIMIT_NOFILE, _MOST_OPEN)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)
    sys.addaudithook(_audit)


def _limit(what: int, most: int) -> None:
    _, hard = resource.getrlimit(what)
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(what, (most, most))


def _audit(event: str, _arguments: object) -> None:
    if event.startswith(_FORBIDDEN):
        _refuse(event)


def _refuse(event: str) -> NoReturn:
    raise PermissionError(f"A reader of files does not do this: {event}.")
