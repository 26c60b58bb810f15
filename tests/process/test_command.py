"""The command as a shell starts it: a process that has loaded nothing before."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.serving import assert_whole, serving, text_of

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]


async def test_a_server_that_a_shell_starts_answers_and_stops_when_asked(tmp_path: Path) -> None:
    with serving(tmp_path) as server, (tmp_path / "log").open("ab") as log:
        server.process = subprocess.Popen(
            [sys.executable, "-m", "famulus", "serve"], env=server.surroundings, stdout=log, stderr=log, cwd=ROOT
        )
        await server.ready()
        owner = await server.owner()
        run = await owner.send(await owner.thread(), "count to 3")
        events = await owner.events(run["id"])

        assert_whole(events)
        assert text_of(events).split() == ["1", "2", "3"]
        assert server.stop() == 0
