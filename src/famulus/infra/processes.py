"""Other programs, run for a tool: in bounded time, with bounded output, and with nothing left running afterwards."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass

from famulus.kit.errors import Unavailable

_READ_BYTES = 65_536
_REAP_SECONDS = 5


class ProgramTimedOut(Unavailable):
    """The program did not end in time, and was killed with everything it had started."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended, and what it said."""

    status: int
    output: bytes
    """The beginning of its standard output and standard error, together."""
    was_cut: bool
    """Whether it said more than was kept."""


async def run_program(
    arguments: Sequence[str], *, timeout_seconds: float, most_bytes: int = 65_536, stdin: bytes = b""
) -> Ended:
    """Run a program in a process group of its own, and kill the group when time is up or the caller is cancelled."""
    process = await asyncio.create_subprocess_exec(
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(timeout_seconds):
            output, was_cut = await _talk(process, stdin, most_bytes)
            return Ended(await process.wait(), output, was_cut)
    except TimeoutError:
        raise ProgramTimedOut(f"The program did not end within {timeout_seconds:g} seconds.") from None
    finally:
        await asyncio.shield(_end(process))


async def _talk(process: asyncio.subprocess.Process, stdin: bytes, most_bytes: int) -> tuple[bytes, bool]:
    """Give the program its input, and keep the beginning of what it says; the rest is read and dropped."""
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("The program has no pipes.")
    with contextlib.suppress(ConnectionError):
        process.stdin.write(stdin)
        await process.stdin.drain()
    process.stdin.close()
    kept = bytearray()
    size = 0
    while block := await process.stdout.read(_READ_BYTES):
        size += len(block)
        kept += block[: max(0, most_bytes - len(kept))]
    return bytes(kept), size > most_bytes


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill what is left of the group, whatever it does with gentler signals, and reap the program."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_REAP_SECONDS):
            await process.wait()
