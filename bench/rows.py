"""A row of the table, and how results become one."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from bench.lab import Lab
from bench.load import Result
from bench.targets import Target


@dataclass(frozen=True)
class Row:
    """One figure of every target that has it."""

    name: str
    unit: str
    values: dict[str, float]
    more_is_better: bool = False
    comparable: bool = True


def medians(results: dict[str, list[Result]], figure: Callable[[Result], float]) -> dict[str, float]:
    return {name: median(map(figure, many)) for name, many in results.items()}


def cpu_per_token_us(result: Result) -> float:
    return result.cpu_seconds / result.tokens * 1e6


def interleaved(
    lab: Lab, targets: list[Target], measure: Callable[[Target], Result], *, times: int
) -> dict[str, list[Result]]:
    """Measure the targets in turn, several times: a busy minute of the machine falls on all of them."""
    results: dict[str, list[Result]] = {target.name: [] for target in targets}
    for _ in range(1 if lab.quick else times):
        for target in targets:
            results[target.name].append(measure(target))
    return results
