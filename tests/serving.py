"""A real server process for tests: started, killed, started again on the same data, and spoken to over real sockets."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import aiohttp

from tests.forked import Forked
from tests.storage import STORAGE, Kept

SETUP_TOKEN = "a-token-for-tests"
_START_SECONDS = 90
_PORT_OF = {"serve": "SERVER", "worker": "SERVER", "memory": "MEMORY"}
_INHERITED = ("PATH", "HOME", "LANG", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Event:
    """One event as a client receives it."""

    name: str
    id: str | None
    data: Any


@dataclass
class Server:
    """One server process, and the folder that outlives it."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    command: str = "serve"
    arguments: tuple[str, ...] = ()
    process: "Forked | subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @cached_property
    def kept(self) -> Kept:
        """What the server keeps, seen from behind its back."""
        if url := self.environment.get("FAMULUS_DATABASE__URL"):
            return Kept(url, {})
        return STORAGE.new_place(self.folder)

    @property
    def log_text(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    async def start(self, **environment: str) -> Self:
        """Start the process, and wait until it is ready."""
        surroundings = {**self.surroundings, **environment}
        self.process = Forked([self.command, *self.arguments], environment=surroundings, log=self.folder / "log")
        await self.ready()
        return self

    def commanded(self, *commands: Sequence[str]) -> list[tuple[int, str, str]]:
        """What comes of each `famulus …`, given by whoever operates the server, whether it runs or not."""
        done = subprocess.run(
            [sys.executable, "-m", "tests.commanded"],
            env=self.surroundings,
            input=json.dumps(commands),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            cwd=Path(__file__).parents[1],
        )
        return [(status, said, wrong) for status, said, wrong in json.loads(done.stdout)]

    @property
    def surroundings(self) -> dict[str, str]:
        """The environment in which it is started."""
        # Only what a server needs: the machine's own settings must not leak into a test.
        clean = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        own = {
            "FAMULUS_DATA_DIR": str(self.folder / "data"),
            f"FAMULUS_{_PORT_OF[self.command]}__PORT": str(self.port),
            "FAMULUS_ACCOUNTS__SETUP_TOKEN": SETUP_TOKEN,
            "FAMULUS_MODEL__OFFLINE_WORDS_PER_SECOND": "0",
            "FAMULUS_SERVER__DRAIN_SECONDS": "10",
            "FAMULUS_LOG__FORMAT": "json",
            # Tests ask more in a minute than people do in a day; those of limits say which.
            "FAMULUS_LIMITS__PER_KEY_PER_MINUTE": "0",
            "FAMULUS_LIMITS__PER_ADDRESS_PER_MINUTE": "0",
            "FAMULUS_LIMITS__SIGN_UPS_PER_MINUTE": "0",
            "FAMULUS_LIMITS__ARCHIVES_PER_HOUR": "0",
            "PYTHONPATH": os.pathsep.join(["src", "."]),
        }
        return {**clean, **own, **self.kept.environment, **self.environment}

    async def ready(self) -> None:
        """Wait until the server answers; fail with its log if it ends before."""
        loop = asyncio.get_running_loop()
        until = loop.time() + _START_SECONDS
        async with aiohttp.ClientSession() as http:
            while loop.time() < until:
                if self.process is not None and self.process.poll() is not None:
                    raise AssertionError(f"The server has ended:\n{self.log_text}")
                with contextlib.suppress(aiohttp.ClientError):
                    async with http.get(f"{self.url}/health/ready") as response:
                        if response.status == 200:
                            return
                await asyncio.sleep(0.05)
        raise AssertionError(f"The server is not ready:\n{self.log_text}")

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        """Kill the process as a power cut would, and wait until it is gone."""
        self.signal(signal.SIGKILL)
        self.wait()

    def stop(self) -> int:
        """Ask the process to end; its exit status."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def wait(self, timeout: float = 60) -> int:
        assert self.process is not None
        return self.process.wait(timeout)

    async def died(self, timeout: float = 30) -> int:
        """Wait for a process that is expected to die by itself."""
        return await asyncio.to_thread(self.wait, timeout)

    def end(self) -> None:
        """Leave nothing running."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    async def owner(self) -> "Client":
        """The first person, signed in with an API key of every scope."""
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
            async with http.post(f"{self.url}/api/v1/auth/token", json={"token": SETUP_TOKEN}) as answer:
                assert answer.status == 200, await answer.text()
                user = await answer.json()
            scopes = ["chat", "account", "users:act", "admin"]
            headers = {"Origin": self.url}
            async with http.post(
                f"{self.url}/api/v1/api-keys", json={"name": "test", "scopes": scopes}, headers=headers
            ) as answer:
                assert answer.status == 201, await answer.text()
                return Client(self.url, (await answer.json())["secret"], user["id"])

    async def member(self, owner: "Client", name: str = "Berta") -> "Client":
        """A second person, invited by the owner, with an API key."""
        invitation = await owner.post("/api/v1/invitations", {}, expect=201)
        token = invitation["link"].rpartition("token=")[2]
        person = {
            "token": token,
            "name": name,
            "email": f"{name.lower().replace(' ', '.')}@example.org",
            "password": "a long enough one",
        }
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
            headers = {"Origin": self.url}
            async with http.post(f"{self.url}/api/v1/auth/join", json=person, headers=headers) as answer:
                assert answer.status == 201, await answer.text()
                user = await answer.json()
            async with http.post(
                f"{self.url}/api/v1/api-keys",
                json={"name": "test", "scopes": ["chat", "account"]},
                headers=headers,
            ) as answer:
                assert answer.status == 201, await answer.text()
                return Client(self.url, (await answer.json())["secret"], user["id"])


class Client:
    """A program that speaks to a server with an API key."""

    def __init__(self, url: str, key: str, user_id: str) -> None:
        self.url = url
        self.key = key
        self.user_id = user_id
        self.headers = {"Authorization": f"Bearer {key}"}

    async def request(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        """One request; its status and its JSON."""
        async with (
            aiohttp.ClientSession() as http,
            http.request(method, self.url + path, json=body, headers={**self.headers, **(headers or {})}) as answer,
        ):
            text = await answer.text()
            return answer.status, json.loads(text) if text else None

    async def get(self, path: str, *, expect: int = 200) -> Any:
        status, body = await self.request("GET", path)
        assert status == expect, (status, body)
        return body

    async def post(self, path: str, body: Any = None, *, expect: int = 200, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        status, answer = await self.request("POST", path, body, headers=named)
        assert status == expect, (status, answer)
        return answer

    async def thread(self) -> str:
        """A new conversation."""
        started = await self.post("/start")
        thread_id: str = started["thread_id"]
        return thread_id

    async def send(self, thread_id: str, message: str, **fields: Any) -> Any:
        """Say something, and leave; the run."""
        return await self.post(f"/api/v1/conversations/{thread_id}/runs", {"message": message, **fields}, expect=202)

    async def follow(self, run_id: str, *, after: str | None = None) -> AsyncIterator[Event]:
        """The events of a run from a position on, as long as the connection lasts."""
        headers = {**self.headers, **({"Last-Event-ID": after} if after else {})}
        timeout = aiohttp.ClientTimeout(total=None, sock_read=120)
        async with (
            aiohttp.ClientSession(timeout=timeout) as http,
            http.get(f"{self.url}/runs/{run_id}/events", headers=headers) as answer,
        ):
            if answer.status == 204:
                return
            assert answer.status == 200, (answer.status, await answer.text())
            buffer = b""
            async for chunk in answer.content.iter_any():
                buffer += chunk
                *frames, buffer = buffer.split(b"\n\n")
                for frame in frames:
                    if event := parsed(frame):
                        yield event

    async def events(self, run_id: str, *, after: str | None = None) -> list[Event]:
        """All events of a run from a position on, to its end."""
        return [event async for event in self.follow(run_id, after=after)]

    async def ended(self, run_id: str) -> Any:
        """The run, once it has ended."""
        async for _ in self.follow(run_id):
            pass
        return await self.get(f"/runs/{run_id}")

    async def texts(self, thread_id: str) -> list[tuple[str, str, str]]:
        """What was said, oldest first: role, status, text."""
        page = await self.get(f"/api/v1/conversations/{thread_id}/messages?limit=100")
        said = [
            (
                message["role"],
                message["status"],
                "".join(part["text"]["value"] for part in message["content"]),
            )
            for message in page["data"]
        ]
        return said[::-1]


def parsed(frame: bytes) -> Event | None:
    """One SSE frame; None for a comment."""
    fields: dict[str, str] = {}
    for line in frame.decode().split("\n"):
        name, _, value = line.partition(": ")
        if name in ("event", "id", "data"):
            fields[name] = value
    if "event" not in fields:
        return None
    return Event(fields["event"], fields.get("id"), json.loads(fields["data"]))


def text_of(events: list[Event]) -> str:
    """All the text that deltas carry, whatever message they belong to."""
    return "".join(
        event.data["delta"]["content"][0]["text"]["value"] for event in events if event.name == "thread.message.delta"
    )


def messages_of(events: list[Event]) -> dict[str, str]:
    """The text of each message, folded from its deltas."""
    texts: dict[str, str] = {}
    for event in events:
        if event.name == "thread.message.delta":
            value = event.data["delta"]["content"][0]["text"]["value"]
            texts[event.data["id"]] = texts.get(event.data["id"], "") + value
    return texts


def assert_whole(events: list[Event]) -> None:
    """The log's promises: numbered without gap from 1, one end, which comes last and has a status."""
    numbers = [int(str(event.id).rpartition(":")[2]) for event in events]
    assert numbers == list(range(1, len(numbers) + 1)), numbers
    ends = [event for event in events if event.name == "done"]
    assert len(ends) == 1, [event.name for event in events][-5:]
    assert events[-1] is ends[0]
    assert ends[0].data["status"] in {"completed", "failed", "cancelled", "expired", "incomplete"}
    terminal = [e for e in events if e.name == f"thread.run.{ends[0].data['status']}"]
    assert len(terminal) == 1


@contextlib.contextmanager
def serving(folder: Path, *, command: str = "serve", **environment: str) -> Iterator[Server]:
    """A server that is ended with the block, however that ends."""
    folder.mkdir(parents=True, exist_ok=True)
    server = Server(folder, environment, command=command)
    try:
        yield server
    finally:
        server.end()
        server.kept.drop()
