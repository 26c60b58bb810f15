"""The schema comes up to date whoever begins, however many begin at once, and wherever one of them dies."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from famulus import migrations
from famulus.infra.schema import metadata

ROOT = Path(__file__).parents[2]
# Alembic cannot read an index over an expression back.
NOT_COMPARED = {"uq_users_email", "ix_file_passages_words", "memory_version"}
MEMORYS = {
    "memories", "memory_owners", "memory_proposals", "memory_terms", "memory_vectors", "memory_version",
    "sqlite_sequence",
}  # fmt: skip
# The tables that the full text search makes for itself.
INDEXES_OF_WORDS = "memory_words", "file_words"


def child(*arguments: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "tests.process.children", *arguments], cwd=ROOT, stdout=subprocess.PIPE
    )


def schema_of(path: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as database:
        rows: list[tuple[str, str]] = database.execute("SELECT name, sql FROM sqlite_master ORDER BY 1").fetchall()
        return rows


def triggers_in(schema: list[tuple[str, str]]) -> list[str]:
    """What the database does by itself, however it is spaced: a table that is made anew has to be given it again."""
    return [" ".join(sql.split()) for _, sql in schema if sql and sql.startswith("CREATE TRIGGER")]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str]]:
    """The schema as an undisturbed upgrade makes it."""
    path = tmp_path_factory.mktemp("whole") / "famulus.db"
    migrations.upgrade(f"sqlite:///{path}")
    return schema_of(path)


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection")
@pytest.mark.filterwarnings("ignore:autogenerate skipping")
def test_the_migrated_schema_is_the_declared_one(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'famulus.db'}"
    migrations.upgrade(url)
    engine = sa.create_engine(url, poolclass=sa.NullPool)

    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)

    names = [getattr(difference[1], "name", None) or "" for difference in differences]
    assert [name for name in names if name not in NOT_COMPARED and not name.startswith(INDEXES_OF_WORDS)] == []


def test_the_index_that_is_not_compared_is_there(whole: list[tuple[str, str]]) -> None:
    statement = dict(whole)["uq_users_email"]

    assert statement.upper().startswith("CREATE UNIQUE INDEX")
    assert "lower(email)" in statement


def test_the_migrated_schema_notes_the_same_changes(tmp_path: Path, whole: list[tuple[str, str]]) -> None:
    path = tmp_path / "declared.db"
    engine = sa.create_engine(f"sqlite:///{path}", poolclass=sa.NullPool)
    with engine.begin() as connection:
        metadata.create_all(connection)

    assert triggers_in(schema_of(path)) == triggers_in(whole)
    assert len(triggers_in(whole)) == 27


def test_a_second_upgrade_changes_nothing(tmp_path: Path, whole: list[tuple[str, str]]) -> None:
    path = tmp_path / "famulus.db"

    for _ in range(2):
        migrations.upgrade(f"sqlite:///{path}")

    assert schema_of(path) == whole
    current, newest = migrations.revision_of(f"sqlite:///{path}")
    assert current == newest


def test_many_upgrade_at_once_and_one_does_it(tmp_path: Path, whole: list[tuple[str, str]]) -> None:
    url = f"sqlite:///{tmp_path / 'famulus.db'}"

    upgrading = [child("upgrade_and_die", url, "-1") for _ in range(4)]

    assert [process.wait(60) for process in upgrading] == [0] * 4
    for process in upgrading:
        process.communicate()
    assert schema_of(tmp_path / "famulus.db") == whole


@pytest.mark.parametrize("statement", [4, 12, 25])
def test_a_death_in_the_middle_leaves_the_schema_as_it_was(
    tmp_path: Path, whole: list[tuple[str, str]], statement: int
) -> None:
    path = tmp_path / "famulus.db"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE mine (text)")
        database.execute("INSERT INTO mine VALUES ('still here')")
    before = schema_of(path)

    dying = child("upgrade_and_die", f"sqlite:///{path}", str(statement))
    dying.communicate(timeout=180)
    assert dying.returncode == -9
    assert schema_of(path) == before
    migrations.upgrade(f"sqlite:///{path}")

    assert [row for row in schema_of(path) if row[0] != "mine"] == whole
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT text FROM mine").fetchall() == [("still here",)]


def test_people_and_what_is_theirs_outlive_the_change_of_their_table(tmp_path: Path) -> None:
    path = tmp_path / "famulus.db"
    _upgrade_to(path, "0005")
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(
            "INSERT INTO users (id, email, name, role, zone, preferences, created_at, updated_at)"
            " VALUES ('user_1', 'Ana@example.com', 'Ana', 'owner', 'UTC', '{}', '2026-01-01', '2026-01-01')"
        )
        database.execute("INSERT INTO usage_plans (user_id, plan, set_at) VALUES ('user_1', 'pro', '2026-01-01')")
        database.execute(
            "INSERT INTO sessions VALUES ('h', 'sess_1', 'user_1', '2026-01-01', '2026-01-01', '2027-01-01', '', '')"
        )

    migrations.upgrade(f"sqlite:///{path}")

    with closing(sqlite3.connect(path)) as database, database:
        database.execute("PRAGMA foreign_keys=ON")
        assert database.execute("SELECT name, user_id FROM users JOIN sessions ON user_id = users.id").fetchall() == [
            ("Ana", "user_1")
        ]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        database.execute("UPDATE users SET role = 'admin'")
        database.execute("DELETE FROM users")
        assert database.execute("SELECT count(*) FROM sessions").fetchone() == (0,)


def test_a_memory_of_its_own_gets_what_it_needs_and_no_server_takes_it_for_its_own(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"

    for _ in range(2):
        migrations.upgrade_memory(f"sqlite:///{path}")

    assert {name for name, sql in schema_of(path) if sql and sql.startswith("CREATE TABLE")} == MEMORYS
    with pytest.raises(migrations.MemorysDatabase):
        migrations.upgrade(f"sqlite:///{path}")


def test_where_the_memory_is_in_the_servers_database_both_histories_are_there(
    tmp_path: Path, whole: list[tuple[str, str]]
) -> None:
    path = tmp_path / "famulus.db"
    _upgrade_to(path, "0024")

    # As `famulus memory` does it that is told of the same database in another way.
    migrations.upgrade_memory(f"sqlite:///{path}")

    assert schema_of(path) == whole
    memorys = dict(schema_of(tmp_path / "famulus.db"))
    migrations.upgrade_memory(f"sqlite:///{tmp_path / 'own.db'}")
    indexes = {name for name, _ in schema_of(tmp_path / "own.db")}
    assert {name for name in memorys if "memor" in name} - {"memory_words"} <= indexes


def _upgrade_to(path: Path, revision: str) -> None:
    engine = sa.create_engine(f"sqlite:///{path}", poolclass=sa.NullPool)
    with engine.begin() as connection:
        command.upgrade(migrations.SERVER.config(connection), revision)
    engine.dispose()
