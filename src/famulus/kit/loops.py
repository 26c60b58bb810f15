"""Loops that do not end: what a process does again and again beside its requests."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from famulus.kit.errors import FamulusError

Step = Callable[[], Awaitable[float]]
"""Does something, and says for how many seconds to rest then."""

_logger = structlog.get_logger()


async def forever(name: str, step: Step, *, after_failure_seconds: float) -> None:
    """Take a step after the other. One that fails is told of and followed by the next, whatever it was that failed.

    A loop that has ended would be missed by nobody until somebody asks why nothing happens.
    """
    while True:
        try:
            pause = await step()
        except FamulusError as error:
            _logger.warning("loop.failed", loop=name, code=error.code, **error.for_logs)
            pause = after_failure_seconds
        except Exception:
            _logger.exception("loop.broken", loop=name)
            pause = after_failure_seconds
        await asyncio.sleep(pause)
