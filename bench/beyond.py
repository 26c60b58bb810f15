"""What the way beyond one process costs, and what it gains: the measurements that need PostgreSQL and Redis."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from statistics import median

from bench.fleet import are_here, servers
from bench.lab import Lab
from bench.load import Result
from bench.queue import jobs_per_second
from bench.rows import Row, cpu_per_token_us, interleaved, medians
from bench.targets import Target
from famulus import migrations

_BOTH = ("famulus", "fleet")


def fleet(lab: Lab) -> Iterator[Row]:
    """The same work in one process on SQLite, and in a server and a worker on PostgreSQL and Redis."""
    if not are_here():
        return
    length, rate, count, turns = 200, 50, 100, (40 if lab.quick else 150)

    def stream(target: Target) -> Result:
        return lab.load(target, target.conversations(count), tokens=length, rate=rate, spread_seconds=1)

    def talk(target: Target) -> Result:
        requests = [request for conversation in target.conversations(turns) for request in conversation]
        return lab.load(target, [requests], tokens=8)

    with lab.running(*_BOTH, tokens=length, rate=rate) as targets:
        results = interleaved(lab, targets, stream, times=3)
    yield from _split(f"CPU per token, {count} streams", "µs", results, cpu_per_token_us, lambda r: r.tokens / 1e6)
    late = medians(results, lambda result: result.lag_ms["p99"])
    yield Row(f"lag of a token, {count} streams, p99", "ms", late, comparable=False)
    with lab.running(*_BOTH, tokens=8, rate=0) as targets:
        results = interleaved(lab, targets, talk, times=3)
    yield from _split(
        "CPU per turn of 8 tokens", "ms", results, lambda r: r.cpu_seconds / turns * 1e3, lambda _: turns / 1e3
    )
    first = medians(results, lambda result: median(result.first_token_ms))
    yield Row("time to the first token", "ms", first, comparable=False)


def _split(
    name: str,
    unit: str,
    results: dict[str, list[Result]],
    figure: Callable[[Result], float],
    by: Callable[[Result], float],
) -> Iterator[Row]:
    """What Famulus' own processes take, what all take with the database, and both by what the one process takes."""
    own = medians(results, figure)
    whole = medians(results, lambda result: figure(result) + result.beside_cpu_seconds / by(result))
    yield Row(name, unit, own, comparable=False)
    yield Row("the same, with PostgreSQL and Redis", unit, whole, comparable=False)
    if all(own.get(one) for one in _BOTH):
        yield Row("by one process on SQLite", "", {"fleet": own["fleet"] / own["famulus"]}, comparable=False)


def workers(lab: Lab) -> Iterator[Row]:
    """As many turns as go through, with one worker and with two."""
    if not are_here():
        return
    length, count, turns = 8, 20, (8 if lab.quick else 30)

    def measure(target: Target) -> Result:
        return lab.load(target, target.conversations(count, turns=turns), tokens=length)

    with lab.running("famulus", "fleet", "fleet of 2", tokens=length, rate=0) as targets:
        results = interleaved(lab, targets, measure, times=3)
    through = medians(results, lambda result: result.tokens / length / result.elapsed_seconds)
    yield Row(f"turns a second, {count} at once", "1/s", through, more_is_better=True, comparable=False)


def queue(lab: Lab) -> Iterator[Row]:
    """Jobs that do nothing: how many a second are claimed and finished."""
    if not are_here():
        return
    count = 1_000 if lab.quick else 5_000
    sqlite = f"sqlite:///{lab.folder / 'queue.db'}"
    migrations.upgrade(sqlite)
    with ExitStack() as stack:
        postgres, _redis = servers(stack)
        migrations.upgrade(postgres.url)
        found = {"famulus": jobs_per_second(sqlite, count, workers=1)}
        for name, many in (("fleet", 1), ("fleet of 2", 2)):
            found[name] = jobs_per_second(postgres.url, count, workers=many)
    yield Row("jobs a second", "1/s", found, more_is_better=True, comparable=False)
