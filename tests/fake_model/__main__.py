"""A fake OpenAI-compatible provider on loopback: `python -m tests.fake_model --port 0`.

It prints `{"port": N}` when it listens, and ends on SIGTERM or when a pipe at its standard input closes.
"""

import argparse
import asyncio
import json
import os
import signal
import stat
import sys

import uvloop

from tests.fake_model.server import FakeModel
from tests.fake_model.wire import Connection


def _end_with_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Stop when the pipe closes; anything else than a pipe (a terminal, /dev/null) is left alone."""
    descriptor = sys.stdin.fileno()

    def look() -> None:
        if not os.read(descriptor, 1024):
            loop.remove_reader(descriptor)
            stop.set()

    if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
        loop.add_reader(descriptor, look)


async def serve(port: int) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    model = FakeModel(loop)
    server = await loop.create_server(
        lambda: Connection(model.handle, model.connections), "127.0.0.1", port, backlog=1024
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    _end_with_stdin(loop, stop)
    sys.stdout.write(json.dumps({"port": server.sockets[0].getsockname()[1]}) + "\n")
    sys.stdout.flush()
    await stop.wait()
    server.close()
    for connection in list(model.connections):
        connection.close()


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m tests.fake_model", description=__doc__)
    arguments.add_argument("--port", type=int, default=0)
    uvloop.run(serve(arguments.parse_args().port))


main()
