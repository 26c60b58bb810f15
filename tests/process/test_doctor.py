"""`famulus doctor` says what is broken in one line each, and its status says whether anything is."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from famulus import migrations
from famulus.features.conversations.stuck import stuck_runs
from famulus.infra.database import Database
from famulus.kit.clock import utc_now
from tests.databases import sqlite_url
from tests.process.test_refusals import famulus
from tests.serving import free_port


def findings(folder: Path, **environment: str) -> tuple[int, dict[str, tuple[str, str]]]:
    outcome = famulus("doctor", "--json", folder=folder, **environment)
    said = json.loads(outcome.stdout)
    assert said["ok"] is (outcome.returncode == 0)
    return outcome.returncode, {one["name"]: (one["state"], one["said"]) for one in said["findings"]}


def test_a_new_place_is_fit_for_a_server(tmp_path: Path) -> None:
    status, found = findings(tmp_path)

    assert status == 0
    assert found["data folder"][0] == found["database"][0] == "warn"
    assert not (tmp_path / "data").exists()


def test_a_place_in_use_is_described(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o700)
    migrations.upgrade(sqlite_url(tmp_path / "data"))
    with closing(sqlite3.connect(tmp_path / "data" / "famulus.db")) as database, database:
        row = (
            "INSERT INTO jobs (id, kind, payload, priority, due_at, attempts, fence, dead, created_at) "
            "VALUES (?, 'run', '{}', 0, '2026-01-01 00:00:00.000000', 1, 1, ?, '2026-01-01 00:00:00.000000')"
        )
        database.executemany(row, [("job_1", 0), ("job_2", 1)])

    status, found = findings(tmp_path)

    assert status == 0
    assert {name: state for name, (state, _) in found.items() if name in {"database", "schema", "journal"}} == {
        "database": "ok", "schema": "ok", "journal": "ok",
    }  # fmt: skip
    assert found["dead jobs"] == ("warn", "1 were given up: their last_error in the table jobs says why.")
    assert found["jobs"][0] == "warn"
    assert "is a server or a worker running?" in found["jobs"][1]


LONG_AGO, IN_TIME = "2026-01-01 00:00:00.000000", "2199-01-01 00:00:00.000000"
ADD_RUN = (
    "INSERT INTO runs (id, job_id, status, expires_at, created_at, user_id, conversation_id, assistant_id, model,"
    " instructions, client_tools, zone, correlation_id, fingerprint, degraded, memories)"
    " VALUES (?, ?, ?, ?, ?, 'u', 'c', 'a', 'm', '', '[]', 'UTC', '', '', '[]', '[]')"
)
RUNS = [
    ("run_gone", "job_gone", "queued", None),
    ("run_dead", "job_dead", "in_progress", IN_TIME),
    ("run_late", "job_late", "queued", None),
    ("run_next", "job_next", "queued", None),
    ("run_slow", "job_slow", "in_progress", LONG_AGO),
    ("run_well", "job_well", "in_progress", IN_TIME),
]
ADD_JOB = (
    "INSERT INTO jobs (id, kind, payload, serial_key, priority, due_at, attempts, fence, leased_by, dead, last_error,"
    " created_at) VALUES (?, 'run', '{}', ?, 0, ?, 1, 1, ?, ?, ?, ?)"
)
JOBS = [
    ("job_dead", "one", IN_TIME, None, 1, "ValueError"),
    ("job_late", "two", LONG_AGO, None, 0, None),
    # Its turn has not come.
    ("job_next", "two", LONG_AGO, None, 0, None),
    ("job_slow", "three", IN_TIME, "worker_1", 0, None),
    ("job_well", "four", IN_TIME, "worker_1", 0, None),
]


def test_runs_that_do_not_get_on_are_named_each_with_who_has_it_and_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o700)
    migrations.upgrade(sqlite_url(tmp_path / "data"))
    with closing(sqlite3.connect(tmp_path / "data" / "famulus.db")) as database, database:
        database.executemany(ADD_RUN, [(*row, LONG_AGO) for row in RUNS])
        database.executemany(ADD_JOB, [(*row, LONG_AGO) for row in JOBS])

    outcome = famulus("doctor", "--json", folder=tmp_path)
    said = [one["said"] for one in json.loads(outcome.stdout)["findings"] if one["name"] == "stuck run"]

    begin = "2026-01-01 00:00:00 UTC, held by"
    expected = [
        f"run_dead, in_progress since {begin} nobody: its job was given up (ValueError)",
        f"run_gone, queued since {begin} nobody: its job is gone",
        f"run_late, queued since {begin} nobody: it is due and nobody claims it",
        f"run_slow, in_progress since {begin} worker_1: it is at work beyond its time limit",
    ]
    assert [line[: len(start)] for line, start in zip(said, expected, strict=True)] == expected


@pytest.mark.anyio
async def test_either_database_can_be_asked_for_what_is_stuck(database: Database) -> None:
    assert await database.read(lambda session: stuck_runs(session, at=utc_now(), most=10)) == []


def test_what_does_not_answer_fails_and_a_person_reads_it_in_a_line_each(tmp_path: Path) -> None:
    nowhere = f"127.0.0.1:{free_port()}"
    broken = {
        "FAMULUS_DATABASE__URL": f"postgresql://somebody:secret@{nowhere}/none",
        "FAMULUS_REDIS__URL": f"redis://{nowhere}",
        "FAMULUS_MODEL__BASE_URL": f"http://{nowhere}/v1",
        "FAMULUS_MODEL__NAME": "some-model",
    }

    status, found = findings(tmp_path, **broken)
    printed = famulus("doctor", folder=tmp_path, **broken)

    assert status == printed.returncode == 1
    assert {found[name][0] for name in ("database", "Redis", "model")} == {"fail"}
    assert len(printed.stdout.splitlines()) == len(found)
    assert "secret" not in printed.stdout + printed.stderr
