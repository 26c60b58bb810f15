"""Having a file read: the process is started, listened to, and ended, whatever it does."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import orjson

from famulus.features.files.reading.pieces import Unreadable
from famulus.features.files.records import FileKind, Passage

_LONGEST_LINE = 65_536
_PORTRAIT_SECONDS = 15
_MODULE = "famulus.features.files.reading"


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long reading may take, and how much text is taken."""

    seconds: float
    characters: int


@dataclass(slots=True)
class Reading:
    """A file that is being read."""

    file: BinaryIO
    kind: FileKind
    bounds: Bounds
    is_cut: bool = False
    """Whether there was more text than was taken; known at the end."""

    async def passages(self) -> AsyncGenerator[Passage, None]:
        """What the file says; `Unreadable` where it cannot be read, or not in time."""
        process = await self._started()
        try:
            async for line in self._lines(process):
                said = orjson.loads(line)
                if isinstance(said, dict):
                    self._ended(said)
                    return
                yield Passage(*said)
            raise Unreadable(_why(await process.wait()))
        except TimeoutError:
            raise Unreadable("too_slow") from None
        except ValueError:
            raise Unreadable("damaged") from None
        finally:
            await _end(process)

    async def _lines(self, process: asyncio.subprocess.Process) -> AsyncIterator[bytes]:
        """What the process says. Only its own time counts, and not what is done with its words meanwhile."""
        now = asyncio.get_running_loop().time
        left = self.bounds.seconds
        while process.stdout is not None:
            began = now()
            async with asyncio.timeout(left):
                line = await process.stdout.readline()
            if not line:
                return
            left -= now() - began
            yield line

    async def _started(self) -> asyncio.subprocess.Process:
        seconds = max(1, round(self.bounds.seconds))
        return await _start(_MODULE, self.kind, str(self.bounds.characters), str(seconds), file=self.file)

    def _ended(self, outcome: dict[str, Any]) -> None:
        if "failed" in outcome:
            raise Unreadable(str(outcome["failed"]))
        self.is_cut = bool(outcome["is_cut"])


async def portrait_of(file: BinaryIO) -> bytes:
    """A small picture of this one; `Unreadable` where it is none, or far too large."""
    process = await _start(f"{_MODULE}.portrait", file=file)
    try:
        async with asyncio.timeout(_PORTRAIT_SECONDS):
            drawn, _ = await process.communicate()
    except TimeoutError:
        raise Unreadable("too_slow") from None
    finally:
        await _end(process)
    if process.returncode or not drawn:
        raise Unreadable("damaged")
    return drawn


async def _start(module: str, *arguments: str, file: BinaryIO) -> asyncio.subprocess.Process:
    # Nothing of ours goes with it: no secret in its environment, no file but the one it reads.
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", module, *arguments),
        env={"PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path)), "LANG": "C.UTF-8"},
        stdin=file,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=_LONGEST_LINE,
        start_new_session=True,
    )


def _why(status: int) -> str:
    """What it means that the process ended without a word."""
    if status in (-signal.SIGXCPU, -signal.SIGKILL):
        return "too_slow"
    return "damaged"


async def _end(process: asyncio.subprocess.Process) -> None:
    """Leave nothing running, and nobody unburied."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
