"""Famulus beyond one machine's process: a server and workers, on PostgreSQL and Redis, each a process of its own."""

from contextlib import ExitStack
from pathlib import Path

import psutil

from bench.processes import Server
from bench.targets import Famulus
from tests.infra.postgres_process import PostgresServer, postgres_programs
from tests.infra.redis_process import RedisProcess, redis_executable

# As a server has it that keeps what it has acknowledged.
_POSTGRES_OPTIONS = ("max_connections=60", "shared_buffers=128MB")


class Fleet(Famulus):
    """A server that works on nothing, and one worker that answers nothing."""

    name = "fleet"
    workers = 1

    def __init__(self, model_port: int, folder: Path) -> None:
        super().__init__(model_port, folder)
        self._beside = ExitStack()
        self._at_work: list[Server] = []

    def start(self, model: str) -> None:
        # As new as their database.
        self._postgres, self._redis = servers(self._beside)
        self._key = ""
        super().start(model)
        for number in range(self.workers):
            log = self._folder / f"{self.name}-worker{number}.log"
            environment = self.environment(model)
            self._at_work.append(Server(["famulus", "worker"], log=log, folder=self._folder, environment=environment))

    def arguments(self) -> list[str]:
        return ["famulus", "serve", "--no-worker"]

    def environment(self, model: str) -> dict[str, str]:
        addresses = {"FAMULUS_DATABASE__URL": self._postgres.url, "FAMULUS_REDIS__URL": self._redis.url}
        return super().environment(model) | addresses

    def pids(self) -> list[int]:
        return [*super().pids(), *(pid for worker in self._at_work for pid in worker.pids())]

    def beside(self) -> list[int]:
        backends = psutil.Process(self._postgres.pid).children(recursive=True)
        return [self._postgres.pid, self._redis.pid, *(backend.pid for backend in backends)]

    def stop(self) -> None:
        for worker in self._at_work:
            worker.stop()
        self._at_work = []
        super().stop()
        self._beside.close()


class FleetOfTwo(Fleet):
    """The same with two workers."""

    name = "fleet of 2"
    workers = 2


def are_here() -> bool:
    """Whether there are the servers that these figures need; a line that says so if not."""
    if postgres_programs() and redis_executable():
        return True
    print("  no PostgreSQL or no Redis is here: `make test` installs both, or the system's packages do")
    return False


def servers(stack: ExitStack) -> tuple[PostgresServer, RedisProcess]:
    """A PostgreSQL and a Redis that end with the stack."""
    programs, executable = postgres_programs(), redis_executable()
    if programs is None or executable is None:
        raise RuntimeError("There is no PostgreSQL or no Redis here.")
    postgres = stack.enter_context(PostgresServer(programs, _POSTGRES_OPTIONS))
    return postgres, stack.enter_context(RedisProcess(executable))
