"""`famulus memory`: what the operator sees of what is remembered."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.serving import Client, Server

pytestmark = pytest.mark.anyio


def famulus(server: Server, *arguments: str) -> list[str]:
    environment = {**os.environ, "FAMULUS_DATA_DIR": str(server.folder / "data"), "FAMULUS_MEMORY__EMBEDDINGS": "none"}
    done = subprocess.run(
        [sys.executable, "-m", "famulus", "memory", *arguments],
        env=environment, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.splitlines()


async def test_the_operator_looks_at_what_is_remembered(server: Server, owner: Client) -> None:
    path = f"/memories/{owner.user_id}"
    tea = await owner.post(path, {"text": "Anna likes tea."}, expect=201)
    await owner.request("PATCH", f"{path}/{tea['id']}", {"text": "Anna likes coffee."})

    listed = famulus(server, "list")
    found = famulus(server, "search", "coffee")
    exported = [json.loads(line) for line in famulus(server, "export", owner.user_id)]

    assert len(listed) == 1
    assert listed[0].endswith("Anna likes coffee.")
    assert "Anna likes coffee." in found[0]
    assert json.loads(found[1])["words"] == ["coffee"]
    assert [memory["text"] for memory in exported] == ["Anna likes tea.", "Anna likes coffee."]
