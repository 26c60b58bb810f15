"""Who waits for a place at the database, and for how long: where places are few, not all are in the same hurry.

When more is to be done than there are connections, what keeps the rest alive must not stand in line with it: a worker
whose heartbeat waits behind its own work loses that work to another, which begins it again, and has the more to do.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import Enum


class Standing(Enum):
    """In what hurry somebody is."""

    URGENT = "urgent"
    """What all else depends on: heartbeats, claims, the event log, whether the process is well. It does not wait."""
    ASKED = "asked"
    """Somebody waits for the answer, and would rather hear that it is not to be had."""
    PATIENT = "patient"
    """Work that is begun again when it is given up: better late than twice."""


STANDING: ContextVar[Standing] = ContextVar("standing", default=Standing.ASKED)
"""That of the task that asks; a task that it begins has the same, until it says otherwise."""


@contextmanager
def standing(wanted: Standing) -> Iterator[None]:
    """Ask in this hurry, for a block."""
    token = STANDING.set(wanted)
    try:
        yield
    finally:
        STANDING.reset(token)
