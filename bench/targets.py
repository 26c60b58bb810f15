"""What is measured, each behind the same few words: start with a model, give requests, stop."""

import json
import secrets
import socket
import tempfile
import time
import urllib.request
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

from bench.processes import Server
from bench.wire import post

SSE = {"accept": "text/event-stream"}
NATIVE_DELTA = "event: thread.message.delta\n"
PROVIDER_DELTA = "data: {"
GREETING = "Count for me, please."


class Target(ABC):
    """One server under measurement."""

    name: str
    delta = NATIVE_DELTA

    def __init__(self, model_port: int, folder: Path) -> None:
        self._model_port = model_port
        self._folder = folder
        self._log = folder / f"{self.name}.log"
        self.server: Server | None = None
        self.port = 0
        self.model = ""

    @abstractmethod
    def start(self, model: str) -> None:
        """Start the server, so that it answers with this model."""

    @abstractmethod
    def conversations(self, count: int, turns: int = 1) -> list[list[str]]:
        """The requests of so many new conversations."""

    def pids(self) -> list[int]:
        return self.server.pids() if self.server else []

    def beside(self) -> list[int]:
        """Processes that work for it and are not its own."""
        return []

    def stop(self) -> None:
        if self.server:
            self.server.stop()
            self.server = None


class Model(Target):
    """The fake model itself, with nobody between: how late and how slow it is by its own doing."""

    name = "model"
    delta = PROVIDER_DELTA

    def start(self, model: str) -> None:
        self.model, self.port = model, self._model_port

    def conversations(self, count: int, turns: int = 1) -> list[list[str]]:
        messages = [{"role": "user", "content": GREETING}]
        options = {"stream": True, "stream_options": {"include_usage": True}}
        body = json.dumps({"model": self.model, "messages": messages, **options}).encode()
        request = post("/v1/chat/completions", body, SSE).decode()
        return [[request] * turns for _ in range(count)]


class Floor(Model):
    kind: str

    def start(self, model: str) -> None:
        self.model = model
        upstream = f"http://127.0.0.1:{self._model_port}"
        self.server = Server(["bench.floors", self.kind, "--upstream", upstream], log=self._log)
        self.port = self.server.announced_port()


class ByteFloor(Floor):
    name = kind = "bytes"


class ParseFloor(Floor):
    name = kind = "parse"
    delta = NATIVE_DELTA


class Famulus(Target):
    """The product as an operator starts it, with SQLite in a fresh folder unless another database is named."""

    name = "famulus"

    def __init__(self, model_port: int, folder: Path, *, database_url: str | None = None) -> None:
        super().__init__(model_port, folder)
        self._database = {"FAMULUS_DATABASE__URL": database_url} if database_url else {}
        self._data = tempfile.TemporaryDirectory(dir=folder)
        self._setup_token = secrets.token_urlsafe(32)
        self._key = ""

    def start(self, model: str) -> None:
        self.model, self.port = model, free_port()
        self.server = Server(self.arguments(), log=self._log, folder=self._folder, environment=self.environment(model))
        self._wait_until_it_listens()
        self._key = self._key or self._sign_in()

    def arguments(self) -> list[str]:
        return ["famulus", "serve"]

    def environment(self, model: str) -> dict[str, str]:
        return {
            "FAMULUS_SERVER__PORT": str(self.port),
            "FAMULUS_DATA_DIR": self._data.name,
            "FAMULUS_MODEL__NAME": model,
            "FAMULUS_ACCOUNTS__SETUP_TOKEN": self._setup_token,
            "OPENAI_BASE_URL": f"http://127.0.0.1:{self._model_port}/v1",
            "OPENAI_API_KEY": "sk-fake",
            # Nobody else asks the provider about a turn once it has ended.
            "FAMULUS_MEMORY__EXTRACTION": "false",
            "FAMULUS_LIMITS__PER_KEY_PER_MINUTE": "0",
            "FAMULUS_LIMITS__PER_ADDRESS_PER_MINUTE": "0",
            **self._database,
        }

    def conversations(self, count: int, turns: int = 1) -> list[list[str]]:
        headers = {**SSE, "authorization": f"Bearer {self._key}"}
        conversations = []
        for _ in range(count):
            thread, _cookie = self._call(
                "/api/v1/conversations", {"title": "Measured"}, {"authorization": f"Bearer {self._key}"}
            )
            body = json.dumps({"thread_id": thread["id"], "message": GREETING}).encode()
            conversations.append([post("/chat", body, headers).decode()] * turns)
        return conversations

    @property
    def data(self) -> Path:
        """The folder of its data."""
        return Path(self._data.name)

    @property
    def headers(self) -> dict[str, str]:
        """What lets its owner in."""
        return {"authorization": f"Bearer {self._key}"}

    def user_id(self) -> str:
        """The id of its owner."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/api/v1/users/me", headers=self.headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return str(json.load(answer)["id"])

    def _wait_until_it_listens(self) -> None:
        assert self.server is not None
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline:
            if self.server.ended():
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.01)
            else:
                return
        raise RuntimeError(self.server.failure("does not listen"))

    def _sign_in(self) -> str:
        _user, cookie = self._call("/api/v1/auth/token", {"token": self._setup_token}, {})
        key, _cookie = self._call("/api/v1/api-keys", {"name": "bench"}, {"cookie": cookie})
        return str(key["secret"])

    def _call(self, path: str, body: dict[str, str], headers: dict[str, str]) -> tuple[dict[str, Any], str]:
        origin = f"http://127.0.0.1:{self.port}"
        request = urllib.request.Request(
            origin + path,
            data=json.dumps(body).encode(),
            headers={"content-type": "application/json", "origin": origin, **headers},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer), (answer.headers["set-cookie"] or "").partition(";")[0]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
