"""Programs run for a tool leave nothing behind, whatever they do."""

import asyncio
import contextlib
import sys
import time

import psutil
import pytest

from famulus.infra.processes import ProgramTimedOut, run_program

pytestmark = pytest.mark.anyio

FLOODS = "import sys\nblock = 'x' * 65536\nfor _ in range(16_000): sys.stdout.write(block)\n"
HANGS_AND_FORKS = (
    "import os, signal, sys, time\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "os.fork()\n"
    "print(os.getpid(), flush=True)\n"
    "time.sleep(1000)\n"
)


async def test_what_a_program_says_and_how_it_ends_is_known() -> None:
    ended = await run_program(
        [sys.executable, "-c", "print(input()); raise SystemExit(3)"], timeout_seconds=20, stdin=b"hello\n"
    )

    assert (ended.status, ended.output, ended.was_cut) == (3, b"hello\n", False)


async def test_a_gigabyte_of_output_costs_no_more_than_what_is_kept() -> None:
    before = psutil.Process().memory_info().rss

    ended = await run_program([sys.executable, "-c", FLOODS], timeout_seconds=50, most_bytes=1_000)

    assert len(ended.output) == 1_000
    assert ended.was_cut
    assert psutil.Process().memory_info().rss - before < 32 * 2**20


async def test_a_program_that_hangs_is_killed_with_all_it_has_started() -> None:
    marker = f"marker-{time.monotonic_ns()}"

    with pytest.raises(ProgramTimedOut):
        await run_program([sys.executable, "-c", HANGS_AND_FORKS, marker], timeout_seconds=1)

    assert not running(marker)


async def test_a_caller_that_is_cancelled_leaves_nothing_running() -> None:
    marker = f"marker-{time.monotonic_ns()}"
    task = asyncio.create_task(run_program([sys.executable, "-c", HANGS_AND_FORKS, marker], timeout_seconds=60))
    while len(running(marker)) < 2:
        await asyncio.sleep(0.01)

    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task

    assert not running(marker)


def running(marker: str) -> list[int]:
    """The processes with this among their arguments, zombies that nobody will reap included."""
    processes = psutil.process_iter(["cmdline"])
    return [process.pid for process in processes if marker in (process.info["cmdline"] or [])]
