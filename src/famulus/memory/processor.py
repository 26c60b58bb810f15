"""What numpy's library for matrices does on this machine, as far as it is told or can be foreseen."""

import os
from pathlib import Path

# The threads of such a library wait for each other in loops, which is worse than one thread on a busy machine.
_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
_WIDE = frozenset({"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"})
_WIDE_KINDS = frozenset({"skylakex", "cooperlake", "sapphirerapids"})
_DESCRIPTION = Path("/proc/cpuinfo")


def prepare() -> None:
    """Tell it, before it is loaded, to stay in the thread that calls it."""
    for name in _THREADS:
        os.environ.setdefault(name, "1")


def multiplies_in_place() -> bool:
    """Whether a product of few rows and few columns is worked out without copying the columns first.

    OpenBLAS does so where registers have 512 bits, unless it was told to take the processor for another.
    """
    if told := os.environ.get("OPENBLAS_CORETYPE"):
        return told.lower() in _WIDE_KINDS
    try:
        described = _DESCRIPTION.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return frozenset(described.partition("\n\n")[0].split()) >= _WIDE
