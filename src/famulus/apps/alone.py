"""A lock beside a SQLite file: who holds it knows that no other process works on the database."""

import fcntl
from pathlib import Path
from typing import TextIO


def only_process(database: Path) -> TextIO | None:
    """A lock that says that no other process works on this database; None when there is one."""
    lock = database.with_suffix(".lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        return None
    return lock
