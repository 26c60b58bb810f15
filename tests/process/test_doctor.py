"""`famulus doctor` says what is broken in one line each, and its status says whether anything is."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from famulus import migrations
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
