"""The fake provider as a fixture: one process for the whole session, forgetful between tests."""

import asyncio
import http.client
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

_ROOT = Path(__file__).parents[2]


class FakeModel:
    """How a test arranges the fake provider and asks it what it saw."""

    def __init__(self, port: int) -> None:
        self.port = port

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def requests(self) -> list[dict[str, Any]]:
        """Every request so far."""
        seen: list[dict[str, Any]] = self._ask("GET", "/_requests")
        return seen

    async def requests_after(self, count: int) -> list[dict[str, Any]]:
        """Every request, as soon as so many have come."""
        seen: list[dict[str, Any]] = await asyncio.to_thread(self._ask, "GET", f"/_requests?count={count}")
        return seen

    async def settled_requests(self) -> list[dict[str, Any]]:
        """Every request, as soon as no stream is under way; the event loop goes on and can hang up."""
        seen: list[dict[str, Any]] = await asyncio.to_thread(self._ask, "GET", "/_requests?settled=1")
        return seen

    def script(self, behaviours: Sequence[str]) -> None:
        """What the following chat requests get, one each, whatever model they name."""
        self._ask("POST", "/_script", list(behaviours))

    def reset(self) -> None:
        self._ask("POST", "/_reset")

    def stats(self) -> dict[str, float]:
        counts: dict[str, float] = self._ask("GET", "/_stats")
        return counts

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, json.dumps(body))
            answer = connection.getresponse()
            content = json.loads(answer.read())
        finally:
            connection.close()
        if answer.status >= 400:
            raise AssertionError(content)
        return content


def start_fake_model() -> tuple[subprocess.Popen[str], FakeModel]:
    """Start the provider; it ends when its standard input is closed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.fake_model", "--port", "0"],
        cwd=_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    return process, FakeModel(json.loads(process.stdout.readline())["port"])


@pytest.fixture(scope="session")
def fake_model_process() -> Iterator[FakeModel]:
    process, model = start_fake_model()
    with process:
        yield model
        process.terminate()


@pytest.fixture
def fake_model(fake_model_process: FakeModel) -> FakeModel:
    fake_model_process.reset()
    return fake_model_process
