"""What the README tells a newcomer to type does what it says."""

import asyncio
import json
import re
from pathlib import Path

import pytest

from tests.serving import Client, Server

pytestmark = pytest.mark.anyio

README = (Path(__file__).parents[2] / "README.md").read_text()


def commands() -> list[str]:
    """The README's curl commands, each on one line."""
    joined = README.replace("\\\n", " ")
    return [line for line in joined.splitlines() if line.startswith("curl ")]


async def shell(command: str) -> str:
    process = await asyncio.create_subprocess_shell(
        command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await process.communicate()
    return output.decode()


async def test_the_first_five_minutes_go_as_they_are_written(server: Server, owner: Client) -> None:
    def adapted(command: str, **names: str) -> str:
        command = command.replace("localhost:8000", f"127.0.0.1:{server.port}").replace("$KEY", owner.key)
        for placeholder, name in names.items():
            command = command.replace(f"{placeholder}_01…", name)
        return command

    start, ask, stream, resume = commands()

    started = json.loads(await shell(adapted(start)))
    asked = json.loads(await shell(adapted(ask, thread=started["thread_id"])))
    streamed = await shell(adapted(stream, thread=started["thread_id"]))
    run = re.search(r"run_01\w+", streamed)
    assert run is not None
    resumed = await shell(adapted(resume, run=run[0]).replace("1:17", "1:7"))

    assert asked["responses"] == ["Here is what I found: 42"]
    assert "event: thread.run.created\nid: 0:2\n" in streamed
    assert resumed.split("\n\n")[1:] == streamed.split("id: 1:7\n")[1].split("\n\n")[1:]


def test_every_page_that_is_linked_to_is_there() -> None:
    root = Path(__file__).parents[2]
    pages = [root / "README.md", root / "AGENTS.md", *root.glob("docs/**/*.md"), *root.glob("bench/*.md")]

    dead = [
        f"{page.name}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text())
        if not (page.parent / target).exists()
    ]

    assert dead == []
