"""The measurements, one function each: a lab in, rows of a table out."""

import os
import time
from collections.abc import Callable, Iterator
from statistics import median

from bench import beyond
from bench.lab import Lab, text_model
from bench.load import Result
from bench.processes import memory_mib
from bench.rows import Row, cpu_per_token_us, interleaved, medians
from bench.search.filling import Size
from bench.search.measuring import POSTGRES, searched
from bench.targets import Target

ALONE = ("model", "bytes", "parse", "famulus")


def lag_rows(results: dict[str, list[Result]], *, count: int) -> Iterator[Row]:
    middle = medians(results, lambda result: result.lag_ms["p50"])
    yield Row(f"lag of a token, {count} streams, p50", "ms", middle)
    late = medians(results, lambda result: result.lag_ms["p99"])
    yield Row(f"lag of a token, {count} streams, p99", "ms", late)


def without_model(values: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in values.items() if name != "model"}


def tokens(lab: Lab) -> Iterator[Row]:
    """Streams of 50 tokens a second: what one token costs."""
    length, rate = (400 if lab.quick else 200), 50
    with lab.running("bytes", "parse", "famulus", tokens=length, rate=rate) as targets:
        for count in (20, 100):

            def measure(target: Target, count: int = count) -> Result:
                conversations = target.conversations(count)
                return lab.load(target, conversations, tokens=length, rate=rate, spread_seconds=1)

            results = interleaved(lab, targets, measure, times=3)
            yield Row(f"CPU per token, {count} streams", "µs", medians(results, cpu_per_token_us))
    yield from lag_rows(results, count=100)


def turns(lab: Lab) -> Iterator[Row]:
    """Short answers one after another, each the first of its conversation: what one turn costs."""
    length, count = 8, (40 if lab.quick else 150)

    def measure(target: Target) -> Result:
        # One connection for all, as a client would keep it.
        requests = [request for conversation in target.conversations(count) for request in conversation]
        return lab.load(target, [requests], tokens=length)

    with lab.running(*ALONE, tokens=length, rate=0) as targets:
        results = interleaved(lab, targets, measure, times=3)
    first = medians(results, lambda result: median(result.first_token_ms))
    cpu = medians(results, lambda result: result.cpu_seconds / len(result.turn_ms) * 1000)
    yield Row(f"CPU per turn of {length} tokens", "ms", without_model(cpu))
    yield Row("time to the first token", "ms", first)
    if own := first.get("model"):
        added = {name: value - own for name, value in first.items()}
        yield Row("the same, added to the model's own", "ms", without_model(added))
    yield Row("whole turn", "ms", medians(results, lambda result: median(result.turn_ms)))


def saturation(lab: Lab) -> Iterator[Row]:
    """More than the machine can carry, 100 streams: how many tokens a second get through."""
    # Without a pace the model writes 256 tokens at once; a real one, however fast, sends each as it is made.
    length, count = (250 if lab.quick else 500), 100
    for how, rate in (("in bursts", 0), ("one by one", 500)):

        def measure(target: Target, rate: int = rate) -> Result:
            return lab.load(target, target.conversations(count), tokens=length, rate=rate)

        with lab.running(*ALONE, tokens=length, rate=rate) as targets:
            results = interleaved(lab, targets, measure, times=3)
        through = medians(results, lambda result: result.tokens / result.elapsed_seconds)
        yield Row(f"tokens at saturation, {how}", "1/s", through, more_is_better=True)
        cpu = without_model(medians(results, cpu_per_token_us))
        yield Row(f"CPU per token at saturation, {how}", "µs", cpu)


def streams(lab: Lab) -> Iterator[Row]:
    """500 answers at once, at a pace that the machine can keep: how late a token gets."""
    rate, count = 10, 500
    length, spread = (15, 2) if lab.quick else (60, 3)

    def measure(target: Target) -> Result:
        conversations = target.conversations(count)
        return lab.load(target, conversations, tokens=length, rate=rate, spread_seconds=spread)

    with lab.running("model", "parse", "famulus", tokens=length, rate=rate) as targets:
        results = interleaved(lab, targets, measure, times=3)
    yield from lag_rows(results, count=count)
    yield Row(f"CPU per token, {count} streams", "µs", without_model(medians(results, cpu_per_token_us)))


def memory(lab: Lab) -> Iterator[Row]:
    """A server that nobody has used: how soon it answers, and what it weighs idle and with 100 streams."""
    length, rate, count = 40, 20, 100
    first_start, restart = {}, {}
    idle, growth = {}, {}
    for target in lab.fresh("bytes", "parse", "famulus"):
        first_start[target.name] = _start_to_answer(lab, target)
        restart[target.name] = _start_to_answer(lab, target)
        target.start(text_model(length, rate))
        try:
            # A first answer loads what is loaded lazily; that belongs to no stream.
            lab.load(target, target.conversations(1), tokens=length, rate=rate)
            conversations = target.conversations(count)
            before = memory_mib(target.pids())
            loaded = lab.load(
                target, conversations, tokens=length, rate=rate, spread_seconds=1, memory_after_seconds=1.8
            )
        finally:
            target.stop()
        idle[target.name] = before
        growth[target.name] = {key: value - before[key] for key, value in (loaded.memory or {}).items()}
    yield Row("start to the end of the first answer", "s", restart)
    yield Row("the same, with an empty data folder", "s", first_start)
    for key, kind in (("rss_mib", "resident"), ("pss_mib", "proportional")):
        yield Row(f"idle memory, {kind}", "MiB", {name: figures[key] for name, figures in idle.items()})
    # The floors grow by nearly nothing, and PSS falls when the client shares the interpreter's pages.
    for key, kind in (("rss_mib", "resident"), ("uss_mib", "private")):
        grown = {name: figures[key] for name, figures in growth.items()}
        yield Row(f"memory of {count} open streams, {kind}", "MiB", grown, comparable=False)


def _start_to_answer(lab: Lab, target: Target) -> float:
    began_at = time.monotonic()
    target.start(text_model(1, 0))
    try:
        conversations = target.conversations(1)
        ready_after = time.monotonic() - began_at
        answer = lab.load(target, conversations, tokens=1)
        # The client's own start is not the server's.
        return ready_after + answer.turn_ms[0] / 1000
    finally:
        target.stop()


def history(lab: Lab) -> Iterator[Row]:
    """One long conversation: whether its last turns cost more than its first."""
    length, count, few, wake = 4, (100 if lab.quick else 200), 10, 50

    def measure(target: Target) -> Result:
        # A client and a server that have just woken are slow for a while; that has nothing to do with age.
        (waking,), (conversation,) = target.conversations(1, turns=wake), target.conversations(1, turns=count)
        return lab.load(target, [waking + conversation], tokens=length, cpu_of_each_turn=True)

    with lab.running("parse", "famulus", tokens=length, rate=0) as targets:
        results = interleaved(lab, targets, measure, times=3)
    figures: dict[str, Callable[[Result], list[float]]] = {
        "CPU": lambda result: result.turn_cpu_ms,
        "wall": lambda result: result.turn_ms,
    }
    for what, of_turns in figures.items():
        first, last, older = {}, {}, {}
        for name, many in results.items():
            pairs = [(median(of_turns(one)[wake : wake + few]), median(of_turns(one)[-few:])) for one in many]
            first[name] = median(young for young, _ in pairs)
            last[name] = median(old for _, old in pairs)
            older[name] = median(old / young for young, old in pairs)
        yield Row(f"{what} of turn 1", "ms", first)
        yield Row(f"{what} of turn {count}", "ms", last)
        yield Row(f"{what}, turn {count} ÷ turn 1", "", older, comparable=False)


def search(lab: Lab) -> Iterator[Row]:
    """Searches of one person who has much, among two hundred people; on PostgreSQL too, where an address is given."""
    size, others = (Size(10_000, 500, 100), 20) if lab.quick else (Size(100_000, 5_000, 1_000), 199)
    for kind, url in (("SQLite", None), ("PostgreSQL", os.environ.get(POSTGRES))):
        if kind == "SQLite" or url:
            for name, unit, value in searched(lab.folder / "search", url, size, others=others):
                yield Row(f"{name}, {kind}", unit, {"famulus": value}, comparable=False)


MEASUREMENTS: dict[str, Callable[[Lab], Iterator[Row]]] = {
    measurement.__name__: measurement
    for measurement in (
        tokens, turns, saturation, streams, memory, history, beyond.fleet, beyond.workers, beyond.queue, search,
    )
}  # fmt: skip
