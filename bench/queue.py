"""A worker that does nothing but its jobs: `python -m bench.queue URL` claims and finishes until there are none."""

import asyncio
import json
import subprocess
import sys
import time

import sqlalchemy as sa

from famulus.apps import server as _server  # noqa: F401 -- declares every table
from famulus.infra.clients import make_database
from famulus.infra.database import Session
from famulus.jobs.queue import Claim, JobQueue
from famulus.jobs.tables import jobs
from famulus.jobs.worker import Worker

_KIND = "bench"
_PEOPLE = 20


async def fill(url: str, count: int) -> None:
    """So many due jobs of several people, each in a line of its own."""
    database, queue = make_database(url), JobQueue()

    async def add(session: Session) -> None:
        for number in range(count):
            person = f"user_{number % _PEOPLE}"
            await queue.add(session, _KIND, {"number": number}, user_id=person, serial_key=f"line {number}")

    await database.write(add)
    await database.close()


async def drain(url: str) -> int:
    """Do all there is to do; how many jobs that were."""
    database, queue = make_database(url), JobQueue()
    done, idle = 0, asyncio.Event()

    async def finish(claim: Claim) -> None:
        nonlocal done
        await database.write(lambda session: queue.finish(session, claim))
        done += 1

    worker = Worker(database, queue, {_KIND: finish})
    worker.start()
    left = sa.select(sa.func.count()).where(jobs.c.kind == _KIND)
    while not idle.is_set():
        await asyncio.sleep(0.05)
        if not (await database.read(lambda session: session.execute(left))).scalar_one():
            idle.set()
    await worker.stop()
    await database.close()
    return done


def jobs_per_second(url: str, count: int, *, workers: int) -> float:
    """How many jobs a second so many worker processes claim and finish, from the moment that they may begin."""
    asyncio.run(fill(url, count))
    processes = [
        subprocess.Popen([sys.executable, "-m", "bench.queue", url], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(workers)
    ]
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    began = time.monotonic()
    for process in processes:
        assert process.stdin is not None
        process.stdin.close()
    done = [json.loads(process.stdout.read()) for process in processes if process.stdout]
    seconds = time.monotonic() - began
    if sum(done) != count:
        raise RuntimeError(f"{count} jobs were done {sum(done)} times.")
    for process in processes:
        process.wait()
    return count / seconds


if __name__ == "__main__":
    print("ready", flush=True)
    sys.stdin.read()
    print(json.dumps(asyncio.run(drain(sys.argv[1]))))
