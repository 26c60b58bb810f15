"""Tools that misbehave in every way a tool can, and count what they did in a file."""

import asyncio
import time
from pathlib import Path

import aiohttp

from famulus.agent.tools import Arguments, ToolContext, tool


class Line(Arguments):
    """A line for a file."""

    path: str
    line: str = "x"
    seconds: float = 0
    """How long to go on after the line was written."""


class Page(Arguments):
    """A page, and what somebody has written on it."""

    text: str


class Pause(Arguments):
    """How long to take."""

    seconds: float = 0


class Size(Arguments):
    """How much to say."""

    expression: str = ""
    """Nothing: models that call calculators may call this too."""
    characters: int = 1_000_000


class Door(Arguments):
    """Where, and as whom, to ask for the end of one's own run."""

    url: str
    key: str
    path: str


def _append(path: str, line: str) -> None:
    with Path(path).open("a") as file:
        file.write(f"{line}\n")


@tool
async def append_line(context: ToolContext, arguments: Line) -> str:
    """Append a line to a file: twice would be wrong."""
    _append(arguments.path, arguments.line)
    await asyncio.sleep(arguments.seconds)
    return f"Appended for {context.idempotency_key.partition('_')[0]}."


@tool(idempotent=True)
async def put_line(context: ToolContext, arguments: Line) -> str:
    """Note a line, which may be done again."""
    _append(arguments.path, context.idempotency_key)
    await asyncio.sleep(arguments.seconds)
    return "Put."


@tool
async def slow(context: ToolContext, arguments: Pause) -> str:
    """Take a while."""
    await asyncio.sleep(arguments.seconds)
    return "Done, slowly."


@tool(timeout_seconds=0.5)
async def hang(context: ToolContext, arguments: Pause) -> str:
    """Never come back."""
    await asyncio.Event().wait()
    return "Never said."


@tool(timeout_seconds=0.5)
def block(context: ToolContext, arguments: Pause) -> str:
    """Keep a thread busy."""
    time.sleep(arguments.seconds)
    return "Blocked."


@tool
async def flood(context: ToolContext, arguments: Size) -> str:
    """Say far too much."""
    return "y" * arguments.characters


@tool
async def broken(context: ToolContext, arguments: Pause) -> str:
    """Fail in a way that nobody has foreseen."""
    raise ZeroDivisionError("the inside of a tool")


@tool(transactional=True)
async def broken_transaction(context: ToolContext, arguments: Pause) -> str:
    """Fail in the middle of a transaction."""
    raise ZeroDivisionError("the inside of a transaction")


@tool
async def stop_me(context: ToolContext, arguments: Door) -> str:
    """Ask for the end of the run that makes this call, and never come back by itself."""
    headers = {"Authorization": f"Bearer {arguments.key}"}
    _append(arguments.path, "asking")
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{arguments.url}/runs/{context.run_id}/cancel", headers=headers),
    ):
        pass
    await asyncio.sleep(30)
    _append(arguments.path, "was not stopped")
    return "Never said."


@tool(idempotent=True, untrusted=True)
async def page(context: ToolContext, arguments: Page) -> str:
    """Read a page that somebody else has written."""
    return arguments.text
