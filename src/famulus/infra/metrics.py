"""What this process counts of its work, for Prometheus.

Labels are names that the program knows, never a person's, a conversation's or a client's: there are only so many of
them. What happens for each token is counted once for each flush.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.process_collector import ProcessCollector

from famulus.kit.errors import FamulusError

registry = CollectorRegistry()
ProcessCollector(registry=registry)
_counter = partial(Counter, registry=registry)
_gauge = partial(Gauge, registry=registry)
_histogram = partial(Histogram, registry=registry)
_QUICK = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3)
_SLOW = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1_000)


requests = _histogram(
    "famulus_http_request_seconds", "From a request's arrival to the beginning of its answer.",
    ("method", "route", "status"), buckets=(*_QUICK, 10, 30),
)  # fmt: skip
jobs = _histogram(
    "famulus_job_seconds", "Jobs that were worked on: done, failed, given_up, lost or cancelled.",
    ("kind", "outcome"), buckets=_SLOW,
)  # fmt: skip
leases_lost = _counter("famulus_leases_lost", "Jobs that somebody else has taken over from this process.")
flushes = _histogram("famulus_flush_seconds", "Writes of the event log.", buckets=_QUICK)
entries = _counter("famulus_entries", "Entries that the event log has flushed.")
flushes_failed = _counter("famulus_flushes_failed", "Writes of the event log that failed, and are repeated.")
model_calls = _histogram(
    "famulus_model_call_seconds", "Model calls, to the end of their answers: ok, cancelled or an error's code.",
    ("outcome",), buckets=_SLOW,
)  # fmt: skip
tokens = _counter("famulus_tokens", "Tokens as the provider counts them: in or out.", ("direction",))
tool_calls = _histogram(
    "famulus_tool_call_seconds", "Tool calls on the server: ok, or an error's code, such as tool_timeout.",
    ("tool", "outcome"), buckets=_SLOW,
)  # fmt: skip
recalls = _counter("famulus_recalls", "What runs asked of the memory: answered, or degraded.", ("outcome",))

runs = _gauge("famulus_runs", "Runs that have not ended, in the whole database.", ("status",))
due_jobs = _gauge("famulus_jobs_due", "Jobs that wait for a worker, in the whole database.")
oldest_due = _gauge("famulus_jobs_oldest_due_seconds", "For how long the oldest of them has been due.")
dead_jobs = _gauge("famulus_jobs_dead", "Jobs that were given up, in the whole database.")
followers = _gauge("famulus_stream_followers", "Clients that follow streams of this process.")
connections = _gauge("famulus_database_connections_in_use", "Connections of the pool that are in use.")


@contextmanager
def timed_call() -> Iterator[None]:
    """Count a model call, by how its block ends."""
    began, outcome = time.monotonic(), "cancelled"
    try:
        yield
        outcome = "ok"
    except FamulusError as error:
        outcome = error.code
        raise
    finally:
        model_calls.labels(outcome).observe(time.monotonic() - began)


def exposition() -> bytes:
    """All of it, as Prometheus reads it."""
    return generate_latest(registry)
