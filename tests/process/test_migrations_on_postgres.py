"""The schema on PostgreSQL comes up to date as it does on SQLite, and is the declared one."""

import asyncio
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from famulus import migrations
from famulus.infra.postgres import PostgresDatabase, PostgresSession
from famulus.infra.schema import metadata
from tests.databases import create_tables
from tests.process.test_migrations import MEMORYS, NOT_COMPARED, ROOT
from tests.storage import Kept


async def differences(url: str) -> list[Any]:
    def compare(connection: sa.Connection) -> list[Any]:
        found = compare_metadata(MigrationContext.configure(connection), metadata)
        return [one for one in found if getattr(one[1], "name", None) not in NOT_COMPARED]

    database = PostgresDatabase(url)
    async with database.unit_of_work() as session:
        assert isinstance(session, PostgresSession)
        found = await session._connection.run_sync(compare)
    await database.close()
    return found


async def triggers_in(url: str) -> list[tuple[Any, ...]]:
    """What the server does by itself, once every table there is has been made."""
    database = PostgresDatabase(url)
    await database.write(create_tables)
    found = await database.read(
        lambda session: session.driver_sql(
            "SELECT pg_get_triggerdef(pg_trigger.oid), prosrc FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid "
            "WHERE NOT tgisinternal ORDER BY 1"
        )
    )
    await database.close()
    return found


@pytest.mark.filterwarnings("ignore:autogenerate skipping")
def test_many_who_begin_at_once_make_one_schema(postgres_database: str) -> None:
    with ThreadPoolExecutor(5) as threads:
        list(threads.map(migrations.upgrade, [postgres_database] * 5))

    current, newest = migrations.revision_of(postgres_database)
    assert current == newest
    assert asyncio.run(differences(postgres_database)) == []


def test_the_migrated_schema_notes_the_same_changes(postgres_database: str, kept_postgres_database: str) -> None:
    migrations.upgrade(postgres_database)

    migrated, declared = (asyncio.run(triggers_in(url)) for url in (postgres_database, kept_postgres_database))

    assert migrated == declared
    assert len(migrated) == 18


def test_a_memory_of_its_own_gets_what_it_needs(postgres_database: str) -> None:
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(migrations.upgrade_memory, [postgres_database] * 3))

    assert set(Kept(postgres_database, {}).columns()) == MEMORYS - {"sqlite_sequence"}
    with pytest.raises(migrations.MemorysDatabase):
        migrations.upgrade(postgres_database)


def test_an_operator_upgrades_and_asks(postgres_database: str) -> None:
    def famulus(*arguments: str) -> str:
        return subprocess.run(
            [sys.executable, "-m", "famulus", *arguments],
            env={"PYTHONPATH": str(ROOT / "src"), "DATABASE_URL": postgres_database},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    newest = migrations.revision_of(postgres_database)[1]

    assert famulus("db", "status") == f"at nothing, newest {newest}\n"
    famulus("db", "upgrade")
    assert famulus("db", "status") == f"at {newest}, newest {newest}\n"


def test_a_server_that_cannot_be_reached_is_one_line_without_the_password() -> None:
    said = subprocess.run(
        [sys.executable, "-m", "famulus", "db", "status"],
        env={"PYTHONPATH": str(ROOT / "src"), "DATABASE_URL": "postgresql://maria:secret@127.0.0.1:1/famulus"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert said.returncode == 1
    assert len(said.stderr.splitlines()) == 1
    assert "cannot be reached" in said.stderr
    assert "secret" not in said.stderr
