"""A database copied to the other kind: whole, checked, and to be gone on with where it was interrupted."""

import contextlib
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from famulus import migrations
from famulus.apps.copying import TargetNotEmpty, copy, copy_blobs
from famulus.infra import full_text
from famulus.infra.blobs import FolderBlobs, read_whole
from famulus.infra.clients import make_database
from famulus.infra.copying import Differs
from famulus.infra.copying.table import CopiedTable, checksum
from famulus.infra.database import Database, Session
from famulus.infra.schema import metadata
from tests.databases import sqlite_url
from tests.process.test_refusals import famulus, is_refused
from tests.serving import Client, serving

pytestmark = pytest.mark.anyio

MANY = 2_500
ANA = {
    "id": "user_1", "name": "Ana", "role": "owner", "zone": "UTC", "preferences": {},
    "created_at": "2026-11-01 12:00:00.000001", "updated_at": "2026-11-01 12:00:00.000000",
}  # fmt: skip


@contextlib.contextmanager
def unseen(what: str, rows: int) -> Iterator[Callable[[int], None]]:
    yield lambda _: None


def add_messages(path: Path, many: int) -> None:
    """Say so much in the one conversation that there is."""
    with closing(sqlite3.connect(path)) as database, database:
        [(conversation, owner)] = database.execute("SELECT id, user_id FROM conversations").fetchall()
        database.executemany(
            "INSERT INTO messages (id, user_id, conversation_id, position, role, status, text, created_at) "
            "VALUES (?, ?, ?, ?, 'user', 'completed', ?, '2026-11-01 12:00:00.000001')",
            [(f"msg_{n:06}", owner, conversation, n - many, f"Ünïcode {n} \0 \U0001f600") for n in range(many)],
        )


async def lived_in(folder: Path) -> Client:
    """A server that was used, and is stopped; its owner."""
    with serving(folder) as server:
        await server.start()
        owner = await server.owner()
        thread = await owner.thread()
        for said in ("remember that I like green tea", "count to 5"):
            assert (await owner.ended((await owner.send(thread, said))["id"]))["status"] == "completed"
        await server.member(owner)
        assert server.stop() == 0
    return owner


async def finds_everything(folder: Path, owner: Client, url: str) -> None:
    """Start a server on a copy; its owner is known there, finds what there was, and can go on."""
    with serving(folder) as server:
        await server.start(FAMULUS_DATABASE__URL=url)
        there = Client(server.url, owner.key, owner.user_id)
        [conversation] = (await there.get("/api/v1/conversations"))["data"]
        run = await there.send(conversation["id"], "remember that I like rain")
        assert (await there.ended(run["id"]))["status"] == "completed"
        for wanted in ("green tea", "rain"):
            found = await there.post(f"/memories/{there.user_id}/search", {"query": wanted})
            assert any(wanted in hit["memory"]["text"] for hit in found["data"])
        # The copy has noted everything that can be found, and each search takes some of it in.
        while "index" in (said := await there.get("/api/v1/search?q=tea&kinds=message"))["degraded"]:
            pass
        assert "remember that I like green tea" in [hit["snippet"] for hit in said["data"]]
        assert server.stop() == 0


async def test_a_copy_that_was_killed_goes_on_and_servers_work_on_it_and_on_its_copy(
    tmp_path: Path, postgres_database: str
) -> None:
    owner = await lived_in(tmp_path)
    add_messages(tmp_path / "data" / "famulus.db", MANY)
    there = ("db", "copy", "--from", sqlite_url(tmp_path / "data"), "--to", postgres_database)
    back = ("db", "copy", "--from", postgres_database, "--to", sqlite_url(tmp_path / "back"))

    killed = famulus(*there, folder=tmp_path, KILLPOINT="copied_messages:2")
    served = famulus("serve", folder=tmp_path, FAMULUS_DATABASE__URL=postgres_database)
    elsewhere = famulus(*back, folder=tmp_path)
    finished = famulus(*there, folder=tmp_path)
    again = famulus(*there, folder=tmp_path)

    assert killed.returncode == -signal.SIGKILL
    is_refused(served, "copy that is not finished")
    is_refused(elsewhere, "source", "not finished")
    assert finished.returncode == 0, finished.stderr
    assert any(line.startswith("messages ") and "2,504" in line for line in finished.stdout.splitlines())
    assert "are the same on both sides" in finished.stdout
    is_refused(again, "has data of its own", "messages")
    await finds_everything(tmp_path, owner, postgres_database)
    returned = famulus(*back, folder=tmp_path)
    assert returned.returncode == 0, returned.stderr
    await finds_everything(tmp_path / "back", owner, sqlite_url(tmp_path / "back"))


async def test_nothing_is_copied_from_or_to_where_a_server_runs(tmp_path: Path, postgres_database: str) -> None:
    with serving(tmp_path) as server:
        await server.start()
        from_sqlite = famulus(
            "db", "copy", "--from", sqlite_url(tmp_path / "data"), "--to", postgres_database, folder=tmp_path
        )
        is_refused(from_sqlite, "A server is running on", "stop it first")
    with serving(tmp_path) as server:
        await server.start(FAMULUS_DATABASE__URL=postgres_database)
        target = sqlite_url(tmp_path)
        from_postgres = famulus("db", "copy", "--from", postgres_database, "--to", target, folder=tmp_path)
        is_refused(from_postgres, "Something else uses", "stop it first")


def test_addresses_that_cannot_be_copied_are_refused(tmp_path: Path) -> None:
    known, empty = sqlite_url(tmp_path), f"sqlite:///{tmp_path}/other.db"

    def refused(source: str, target: str, *words: str) -> None:
        is_refused(famulus("db", "copy", "--from", source, "--to", target, folder=tmp_path), *words)

    refused("mysql://somewhere", empty, "begins with sqlite:/// or postgresql://")
    refused(known, empty, "There is no database at")
    assert not (tmp_path / "famulus.db").exists()
    migrations.upgrade(known)
    refused(known, known, "the same database")
    refused(known, "postgresql://nobody:secret@127.0.0.1:1/none", "cannot be reached")
    with closing(sqlite3.connect(tmp_path / "famulus.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '0001'")
    refused(known, empty, "revision 0001", "famulus db upgrade")


async def filled(url: str, **rows: list[dict[str, Any]]) -> None:
    """A database at the newest revision with these rows."""
    migrations.upgrade(url)

    async def fill(session: Session) -> None:
        for name, some in rows.items():
            await session.execute(sa.insert(sa.table(name, *map(sa.column, some[0]))), some)

    database = make_database(url)
    await database.write(fill)
    await database.close()


async def test_a_target_that_became_another_copy_or_was_changed_is_refused(tmp_path: Path) -> None:
    source, other, target, changed = (
        f"sqlite:///{tmp_path}/{name}.db" for name in ("source", "other", "target", "changed")
    )
    person = {**ANA, "preferences": "{}"}
    await filled(source, users=[person])
    await filled(other, users=[{**person, "name": "Berta"}])
    migrations.upgrade(target)
    migrations.begin_copy(target, other)
    with pytest.raises(TargetNotEmpty, match=r"unfinished copy of .*other\.db"):
        await copy(source, target, unseen)

    await filled(changed, users=[{**person, "name": "Carla"}])
    migrations.begin_copy(changed, source)

    with pytest.raises(Differs, match="in the table users"):
        await copy(source, changed, unseen)


async def test_the_bytes_of_files_come_along_once_and_their_words_are_found(tmp_path: Path) -> None:
    source, target = FolderBlobs(tmp_path / "one"), FolderBlobs(tmp_path / "two")
    for text in (b"tea", b"rain"):
        part = await source.begin()
        await part.write(text)
        await part.keep()

    assert await copy_blobs(source, target, unseen) == 2
    assert await copy_blobs(source, target, unseen) == 0

    keys = [blob.key async for blob in source.all()]
    assert sorted([await read_whole(target, key) for key in keys]) == [b"rain", b"tea"]


async def test_the_words_of_passages_are_indexed_anew(tmp_path: Path) -> None:
    content = {"id": "c1", "user_id": "user_1", "digest": "d", "size": 3, "kind": "text", "media_type": "text/plain",
               "status": "ready", "passages": 1, "is_cut": False, "created_at": ANA["created_at"]}  # fmt: skip
    passage = {"number": 7, "user_id": "user_1", "content_id": "c1", "position": 0, "unit": "line", "first": 1,
               "last": 1, "overlap": 0, "text": "green tea"}  # fmt: skip
    source, target = f"sqlite:///{tmp_path}/one.db", f"sqlite:///{tmp_path}/two.db"
    await filled(source, file_contents=[content], file_passages=[passage])

    await copy(source, target, unseen)

    with closing(sqlite3.connect(tmp_path / "two.db")) as database:
        wanted = full_text.match_expression("user_1", ["tea"])
        assert database.execute("SELECT rowid FROM file_words WHERE file_words MATCH ?", (wanted,)).fetchall() == [(7,)]


async def test_a_number_that_was_given_once_is_not_given_again_in_the_copy(
    tmp_path: Path, postgres_database: str
) -> None:
    migrations.upgrade(sqlite_url(tmp_path))
    with closing(sqlite3.connect(tmp_path / "famulus.db")) as database, database:
        database.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('memories', 41)")
    back = f"sqlite:///{tmp_path}/back.db"

    await copy(sqlite_url(tmp_path), postgres_database, unseen)
    await copy(postgres_database, back, unseen)

    table = CopiedTable(metadata.tables["memories"])
    for url in (postgres_database, back):
        copied = make_database(url)
        assert await copied.read(table.last_number) == 41
        await copied.close()


async def test_rows_are_told_apart_and_come_back_as_they_were(database: Database) -> None:
    odd = sa.Table(
        "odd_things",
        sa.MetaData(),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("parent", sa.ForeignKey("odd_things.id")),
        sa.Column("json", sa.JSON),
        sa.Column("bytes", sa.LargeBinary),
        sa.Column("share", sa.Float),
        sa.Column("day", sa.Date),
    )
    rows = [
        ("a", "c", sa.JSON.NULL, b"\0\xff", 0.1, None),
        ("b", None, None, None, None, None),
        ("c", "b", {"b": 1, "a": [None, "é"]}, b"", 1e300, None),
    ]
    table = CopiedTable(odd)

    async def there_and_back(session: Session) -> list[Any]:
        columns = "id TEXT PRIMARY KEY, parent TEXT REFERENCES odd_things, json JSON, share DOUBLE PRECISION, day DATE"
        binary = "BLOB" if session.speaks == "sqlite" else "BYTEA"
        await session.driver_sql(f"CREATE TABLE odd_things ({columns}, bytes {binary})")
        await table.add(session, rows)
        await table.link(session, rows)
        return await table.page(session)

    found = await database.write(there_and_back)

    assert [tuple(row) for row in found] == rows
    assert checksum(found) == checksum(reversed(rows))
    assert len({checksum([row[:5]]) for row in rows}) == 3
    assert checksum(rows) != checksum(rows[:2])
    assert checksum([("a", sa.JSON.NULL)]) != checksum([("a", None)])
