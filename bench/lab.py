"""Where measurements are made: the model, the targets, and the client that loads them."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Self

from bench.fleet import Fleet, FleetOfTwo
from bench.load import Job, Result
from bench.processes import Server
from bench.targets import ByteFloor, Famulus, Model, ParseFloor, Target

TARGETS: dict[str, type[Target]] = {
    kind.name: kind for kind in (Model, ByteFloor, ParseFloor, Famulus, Fleet, FleetOfTwo)
}


class Lab:
    """One fake model, and the targets in front of it."""

    def __init__(self, names: Sequence[str], *, quick: bool) -> None:
        self.quick = quick
        self._names = names
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        self.folder = Path(self._opened.enter_context(tempfile.TemporaryDirectory(prefix="famulus-bench-")))
        model = Server(["tests.fake_model", "--port", "0"], log=self.folder / "fake_model.log")
        self._opened.callback(model.stop)
        self._model_port = model.announced_port()
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def fresh(self, *names: str) -> list[Target]:
        """Targets that nobody has used, not started: those that were asked for, or these of them."""
        return [TARGETS[name](self._model_port, self.folder) for name in names or self._names if name in self._names]

    @contextmanager
    def running(self, *names: str, tokens: int, rate: float) -> Iterator[list[Target]]:
        """Targets that have started, and have answered once."""
        targets = self.fresh(*names)
        try:
            for target in targets:
                target.start(text_model(tokens, rate))
            with ThreadPoolExecutor() as together:
                for warm_up in [
                    together.submit(self.load, target, target.conversations(1), tokens=tokens, rate=rate)
                    for target in targets
                ]:
                    warm_up.result()
            yield targets
        finally:
            for target in targets:
                target.stop()

    def load(
        self,
        target: Target,
        conversations: list[list[str]],
        *,
        tokens: int,
        rate: float = 0,
        spread_seconds: float = 0,
        cpu_of_each_turn: bool = False,
        memory_after_seconds: float | None = None,
    ) -> Result:
        """Hold these conversations with a target, in a client process of its own."""
        job = Job(
            port=target.port,
            conversations=conversations,
            delta=target.delta,
            tokens=tokens,
            rate=rate,
            spread_seconds=spread_seconds,
            pids=target.pids(),
            beside=target.beside(),
            cpu_of_each_turn=cpu_of_each_turn,
            memory_after_seconds=memory_after_seconds,
        )
        client = subprocess.run(
            [sys.executable, "-m", "bench.load"],
            input=json.dumps(asdict(job)).encode(),
            stdout=subprocess.PIPE,
            check=True,
        )
        result = Result(**json.loads(client.stdout))
        if result.faults:
            shown = "\n  ".join(result.faults[:5])
            raise RuntimeError(f"{target.name}: {len(result.faults)} faults, such as\n  {shown}")
        return result


def text_model(tokens: int, rate: float) -> str:
    """The fake model's name for so many tokens, so many a second, or as fast as it can."""
    return f"text?tokens={tokens}&rate={rate:g}"
