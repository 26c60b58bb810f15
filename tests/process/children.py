"""What the processes of these tests do: `python -m tests.process.children WHAT ARGUMENTS…`."""

import asyncio
import json
import os
import signal
import sys
import time

import sqlalchemy as sa

from famulus import migrations
from famulus.infra.database import Session
from famulus.infra.sqlite import SqliteDatabase
from famulus.kit.errors import FamulusError
from famulus.kit.ids import new_id


def upgrade_and_die(url: str, statement: str) -> None:
    """Migrate, and die as in a power cut in front of the statement of this number."""
    left = int(statement)

    @sa.event.listens_for(sa.Engine, "before_cursor_execute")
    def count(*_: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    migrations.upgrade(url)


def write(url: str, times: str) -> None:
    """Make so many small durable writes, and print how long each took and what went wrong."""
    sys.stdout.write(json.dumps(asyncio.run(_write(url, int(times)))))


async def _write(url: str, times: int) -> dict[str, list[float] | list[str]]:
    database = SqliteDatabase(url)
    seconds: list[float] = []
    errors: list[str] = []

    async def add(session: Session) -> None:
        [(count,)] = await session.driver_sql("SELECT count(*) FROM notes")
        await session.driver_sql("INSERT INTO notes VALUES (?, ?)", (new_id("note"), count))

    for _ in range(times):
        began = time.monotonic()
        try:
            await database.write(add)
        except FamulusError as error:
            errors.append(f"{error.message} {error.details}")
        seconds.append(time.monotonic() - began)
    await database.close()
    return {"seconds": seconds, "errors": errors}


if __name__ == "__main__":
    {"upgrade_and_die": upgrade_and_die, "write": write}[sys.argv[1]](*sys.argv[2:])
