"""The one thread that writes to a SQLite file: whatever waits is committed together.

A commit that survives a power cut costs a flush of the disk, whatever is in it. Works that arrive while one is under
way therefore share the next: each within a savepoint of its own, so that one that fails takes nothing of the others
with it, and all are told together.
"""

import asyncio
import contextvars
import queue
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.engine import Connection

from famulus.kit.errors import Unavailable

_MOST_TOGETHER = 64


@dataclass(slots=True, eq=False)
class Pending:
    """A work that waits for its turn, and for its commit."""

    run: Callable[[Connection], tuple[Any, list[Callable[[], None]]]]
    durable: bool
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    context: contextvars.Context
    result: Any = None
    afterwards: list[Callable[[], None]] = field(default_factory=list)
    error: BaseException | None = None

    def settle(self) -> None:
        """Tell whoever waits; what was to happen after the commit happens first."""
        if self.error is None:
            for action in self.afterwards:
                action()
        if self.future.cancelled():
            return
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


class GroupCommit:
    """Runs works in the order in which they come, in as few transactions as keep up with them."""

    def __init__(
        self, connect: Callable[[bool], Connection], translate: Callable[[BaseException], BaseException]
    ) -> None:
        self._connect = connect
        self._translate = translate
        self._queue: queue.SimpleQueue[Pending | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._starting = threading.Lock()

    def submit(
        self, run: Callable[[Connection], tuple[Any, list[Callable[[], None]]]], *, durable: bool
    ) -> asyncio.Future[Any]:
        """Queue a work; the future has its result once it is committed."""
        if self._closed:
            raise Unavailable("The database is closed.")
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._work, name="famulus-writer", daemon=True)
                    self._thread.start()
        loop = asyncio.get_running_loop()
        pending = Pending(run, durable, loop, loop.create_future(), contextvars.copy_context())
        self._queue.put(pending)
        return pending.future

    def close(self) -> None:
        """Finish what was submitted, and end the thread."""
        self._closed = True
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()

    def _work(self) -> None:
        while (first := self._queue.get()) is not None:
            group = [first]
            while len(group) < _MOST_TOGETHER and not self._queue.empty():
                following = self._queue.get()
                if following is None:
                    self._queue.put(None)
                    break
                group.append(following)
            self._commit(group)
            _tell(group)

    def _commit(self, group: list[Pending]) -> None:
        """One transaction for the whole group; if it cannot be committed, nothing of anybody's is."""
        driver: sqlite3.Connection | None = None
        try:
            connection = self._connect(any(pending.durable for pending in group))
            driver = driver_of(connection)
            driver.execute("BEGIN IMMEDIATE")
            alone = len(group) == 1
            for pending in group:
                self._attempt(pending, connection, driver, alone=alone)
            if alone and group[0].error is not None:
                driver.rollback()
            else:
                driver.commit()
        except BaseException as error:  # noqa: BLE001 -- carried to everybody who waits
            if driver is not None:
                driver.rollback()
            _fail(group, self._translate(error))

    def _attempt(self, pending: Pending, connection: Connection, driver: sqlite3.Connection, *, alone: bool) -> None:
        if not alone:
            driver.execute("SAVEPOINT work")
        try:
            pending.result, pending.afterwards = pending.context.run(pending.run, connection)
        except BaseException as error:  # noqa: BLE001 -- carried to the one who waits
            pending.error = self._translate(error)
            if not alone:
                # A full disk undoes the whole transaction by itself, and with it the savepoint: this then fails too.
                driver.execute("ROLLBACK TO work")
        if not alone:
            driver.execute("RELEASE work")


def driver_of(connection: Connection) -> sqlite3.Connection:
    """The driver's own connection, which begins and ends transactions."""
    driver = connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        raise TypeError("This engine speaks SQLite only.")
    return driver


def _fail(group: list[Pending], error: BaseException) -> None:
    for pending in group:
        pending.error = error


def _tell(group: list[Pending]) -> None:
    """Wake each event loop once for all of its works, in the order of the commits."""
    loops: dict[asyncio.AbstractEventLoop, list[Pending]] = {}
    for pending in group:
        loops.setdefault(pending.loop, []).append(pending)
    for loop, mine in loops.items():
        try:
            loop.call_soon_threadsafe(_settle, mine)
        except RuntimeError:
            # The loop has ended, and with it everybody who waited.
            continue


def _settle(group: list[Pending]) -> None:
    for pending in group:
        pending.settle()
