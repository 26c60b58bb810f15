"""Named places at which a test makes this process die, to prove that nothing is lost there.

`KILLPOINT=name` kills at the first pass, `KILLPOINT=name:3` at the third. Without the variable, passing one costs a
comparison.
"""

import os
import signal

_NAME, _, _PASSES = os.environ.get("KILLPOINT", "").partition(":")
_left = int(_PASSES or 1)


def killpoint(name: str) -> None:
    """Die here if a test wants it."""
    global _left  # noqa: PLW0603 -- counts the passes of one process
    if name != _NAME:
        return
    _left -= 1
    if _left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
