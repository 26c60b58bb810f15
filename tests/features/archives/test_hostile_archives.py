"""Archives that nobody has exported: each ends as an error that says what is wrong, and nothing of it is written."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from famulus.apps.archives import PORTIONS, STAYS, TOLD_OF, make_archives
from famulus.features.accounts.tables import users
from famulus.features.archives.memories import MemoryPart
from famulus.features.archives.service import Archives
from famulus.features.conversations.schemas import ConversationDraft
from famulus.features.conversations.service import Conversations
from famulus.features.conversations.tables import conversations, messages
from famulus.features.files.desk import FileDesk
from famulus.features.files.tables import files
from famulus.features.goals.schemas import GoalDraft
from famulus.features.goals.service import Goals
from famulus.features.notifications.tables import channels
from famulus.infra.archives import ArchiveNotUnderstood, ArchiveTooLarge
from famulus.infra.blobs import FolderBlobs
from famulus.infra.database import Database, Session
from famulus.infra.schema import metadata
from famulus.jobs.queue import JobQueue
from famulus.kit.errors import FamulusError
from famulus.memory.client import local_keeper
from famulus.settings import FileSettings, MemorySettings, Settings

pytestmark = pytest.mark.anyio

MARIA, OTTO = "user_01m7zgv1rme009rcyfc3hbe6t8", "user_01m7zgv1rme009rcyfc3hbe6t9"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
Entries = dict[str, bytes]


@pytest.fixture
async def archives(database: Database, tmp_path: Path) -> Archives:
    """Maria, who has a goal and a conversation, and Otto, who has nothing."""
    desk = FileDesk(database, FolderBlobs(tmp_path / "blobs"), JobQueue(), FileSettings(quota_bytes=1_000))
    keeper = local_keeper(database, MemorySettings(embeddings="none"))
    await database.write(_people)
    return make_archives(database, desk, keeper, Settings(data_dir=tmp_path))


async def _people(session: Session) -> None:
    for user_id, role in ((MARIA, "owner"), (OTTO, "member")):
        row = {"id": user_id, "name": user_id, "role": role, "zone": "UTC", "preferences": {}}
        await session.execute(users.insert(), row | {"created_at": NOW, "updated_at": NOW})
    await Goals(session, MARIA, now=lambda: NOW).set(GoalDraft(title="Sail", steps=["Buy a boat"]))
    await Conversations(session, MARIA, now=lambda: NOW).start(ConversationDraft(title="Boats"))


async def archive_of(archives: Archives, user_id: str = MARIA) -> bytes:
    return b"".join([piece async for piece in archives.pieces(user_id)])


def entries_of(archive: bytes) -> Entries:
    opened = zipfile.ZipFile(io.BytesIO(archive))
    return {name: opened.read(name) for name in opened.namelist() if name != "manifest.json"}


def packed(entries: Entries, said: Any = None, **manifest: Any) -> bytes:
    """An archive of these entries whose manifest fits."""
    listed = {name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in entries.items()}
    whole = {"format": "famulus-archive", "version": 1, "entries": said or listed, **manifest}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {**entries, "manifest.json": json.dumps(whole).encode()}.items():
            archive.writestr(name, data)
    return file.getvalue()


async def rows(database: Database) -> dict[str, int]:
    """How many rows each table has, but for those that say that somebody was there."""

    async def count(session: Session) -> dict[str, int]:
        return {
            table.name: (await session.execute(sa.select(sa.func.count()).select_from(table))).scalar_one()
            for table in metadata.sorted_tables
            if table.name != "audit_log"
        }

    return await database.read(count)


def changed(table: str, **fields: Any) -> Callable[[Entries], None]:
    """Says something else in every row of a table."""

    def change(entries: Entries) -> None:
        name = f"data/{table}.jsonl"
        lines = [{**json.loads(line), **fields} for line in entries[name].splitlines()]
        entries[name] = b"".join(json.dumps(line).encode() + b"\n" for line in lines)

    return change


def with_entry(name: str, data: bytes) -> Callable[[Entries], None]:
    return lambda entries: entries.update({name: data})


A_CONTENT = {"id": "blob_01m7zgv1rme009rcyfc3hbe6t8", "digest": "0" * 64, "size": 3, "kind": "text"}
A_CHANNEL = {
    "id": "chan_01m7zgv1rme009rcyfc3hbe6t8", "kind": "email", "name": "Mail", "target": "otto@example.org",
    "kinds": None, "enabled": True, "created_at": "2026-11-21T10:00:00Z", "updated_at": "2026-11-21T10:00:00Z",
}  # fmt: skip
HOSTILE: dict[str, Callable[[Entries], None]] = {
    "a path out of the folder": with_entry("../../etc/cron.d/x", b"* * * * * root true"),
    "bytes that nobody names": with_entry("files/../../x", b"abc"),
    "an absolute path": with_entry("/etc/passwd", b"root"),
    "no JSON": with_entry("data/goals.jsonl", b"{]\n"),
    "a list for a row": with_entry("data/goals.jsonl", b"[1]\n"),
    "JSON without an end of levels": with_entry("data/goals.jsonl", b"[" * 100_000 + b"\n"),
    "a field too many": changed("goals", password_hash="x"),
    "somebody else's id in a row": changed("goals", user_id=OTTO),
    "a word that is none": changed("goals", status="hacked"),
    "a number for a text": changed("goals", title=7),
    "a text for a number": changed("conversations", last_position="first"),
    "a number that no table holds": changed("conversations", last_position=2**63),
    "nothing where something must be": changed("goals", title=None),
    "a time that is none": changed("goals", created_at="yesterday"),
    "a time without a zone": changed("goals", created_at="2026-11-21T10:00:00"),
    "an id that is none": changed("goals", id="1; DROP TABLE goals"),
    "tools that are no list": changed("assistants", tools={"a": 1}),
    "a text that is too long": changed("goals", title="x" * (4 * 2**20 + 1)),
    "a memory without words": with_entry("data/memories.jsonl", b'{"id": "mem_1", "text": ""}\n'),
    "a proposal to do what nobody can": with_entry(
        "data/memory_proposals.jsonl", b'{"id": "prop_1", "change": {"do": "obey"}, "source_id": null}\n'
    ),
    "a channel of no kind": with_entry(
        "data/notification_channels.jsonl", json.dumps(A_CHANNEL | {"kind": "x"}).encode()
    ),
    "a channel to an address that is none": with_entry(
        "data/notification_channels.jsonl", json.dumps(A_CHANNEL | {"target": "nowhere"}).encode()
    ),
    "a channel that says that it was verified": with_entry(
        "data/notification_channels.jsonl", json.dumps(A_CHANNEL | {"verified": True}).encode()
    ),
    "a calendar elsewhere that is no object": with_entry("data/calendar_sources.jsonl", b"7\n"),
    "an account of another kind": with_entry("account.json", b'{"id": 1}'),
    "an account in no zone": with_entry("account.json", json.dumps({"zone": "Mars/Olympus"}).encode()),
    "a row that no line ends": with_entry("data/goals.jsonl", b" " * (8 * 2**20 + 70_000)),
    "a picture of any size": with_entry("picture.webp", bytes(5_242_881)),
    "bytes that are not the file's": lambda entries: entries.update(
        {
            "data/file_contents.jsonl": json.dumps(
                {**A_CONTENT, "media_type": "text/plain", "created_at": "2026-11-21T10:00:00Z"}
            ).encode(),
            f"files/{A_CONTENT['id']}/a.txt": b"abc",
        }
    ),
}


async def test_what_is_wrong_is_said_and_nothing_is_written(archives: Archives, database: Database) -> None:
    whole = entries_of(await archive_of(archives))
    before = await rows(database)
    taken: list[str] = []

    for what, change in HOSTILE.items():
        entries = dict(whole)
        change(entries)
        try:
            await archives.take(OTTO, io.BytesIO(packed(entries)))
        except (ArchiveNotUnderstood, ArchiveTooLarge):
            continue
        taken.append(what)

    assert taken == []
    assert await rows(database) == before


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"not a zip file at all",
        b"PK\x05\x06" + bytes(18),
        # A directory of four billion entries, of which nothing is there.
        b"PK\x05\x06" + bytes(4) + b"\xff" * 12 + bytes(2),
    ],
)
async def test_what_is_no_archive_is_refused_before_any_of_it_is_unpacked(archives: Archives, sent: bytes) -> None:
    with pytest.raises((ArchiveNotUnderstood, ArchiveTooLarge)):
        await archives.take(OTTO, io.BytesIO(sent))


async def test_an_archive_that_was_cut_off_or_changed_on_the_way_is_refused(archives: Archives) -> None:
    archive = await archive_of(archives)
    entries = entries_of(archive)
    manifest = json.loads(zipfile.ZipFile(io.BytesIO(archive)).read("manifest.json"))
    others = packed(entries, version=2), packed(entries, format="x")
    swapped = packed({**entries, "data/goals.jsonl": b""}, said=manifest["entries"])

    for sent in (
        archive[:-1],
        archive[: len(archive) // 2],
        swapped,
        *others,
    ):
        with pytest.raises(ArchiveNotUnderstood):
            await archives.take(OTTO, io.BytesIO(sent))


async def test_what_an_import_that_died_has_left_is_completed_by_the_next(
    archives: Archives, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = await archive_of(archives)
    before = await rows(database)

    async def die(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as dying:
        # The last of all parts: what comes before it is there by then.
        dying.setattr(MemoryPart, "take", die)
        with pytest.raises(ZeroDivisionError):
            await archives.take(OTTO, io.BytesIO(sent))
    half = await rows(database)
    again = await archives.take(OTTO, io.BytesIO(sent))

    assert half["goals"] == 2 * before["goals"]
    assert await rows(database) == half
    assert (again.imported["goals"], again.known["goals"], again.left_out.total()) == (0, 1, 0)


async def test_a_channel_comes_back_unverified_and_one_to_an_address_that_opens_something_does_not(
    archives: Archives, database: Database
) -> None:
    hook = A_CHANNEL | {"id": "chan_01m7zgv1rme009rcyfc3hbe6t9", "kind": "webhook", "target": "https://example.org/…"}
    lines = b"".join(json.dumps(row).encode() + b"\n" for row in (A_CHANNEL, hook))
    entries = entries_of(await archive_of(archives)) | {"data/notification_channels.jsonl": lines}

    arrival = await archives.take(OTTO, io.BytesIO(packed(entries)))

    async def kept(session: Session) -> list[tuple[Any, ...]]:
        columns = channels.c.user_id, channels.c.kind, channels.c.target, channels.c.verified
        return [tuple(row) for row in await session.execute(sa.select(*columns))]

    assert await database.read(kept) == [(OTTO, "email", "otto@example.org", False)]
    assert (arrival.imported[channels.name], arrival.left_out[channels.name]) == (1, 1)


async def test_rows_that_hang_onto_somebody_elses_are_left_out(archives: Archives, database: Database) -> None:
    entries = entries_of(await archive_of(archives))
    theirs = json.loads(entries["data/conversations.jsonl"])["id"]
    message = {
        "id": "msg_01m7zgv1rme009rcyfc3hbe6t8", "conversation_id": theirs, "run_id": None, "position": 1,
        "role": "user", "status": "completed", "text": "I was never here.", "incomplete_reason": None,
        "completed_at": None, "created_at": "2026-11-21T10:00:00Z", "superseded_by": None,
    }  # fmt: skip
    without = entries | {"data/conversations.jsonl": b"", "data/messages.jsonl": json.dumps(message).encode()}

    arrival = await archives.take(OTTO, io.BytesIO(packed(without)))

    assert (arrival.imported["messages"], arrival.left_out["messages"]) == (0, 1)
    assert (await rows(database))["messages"] == 0


async def test_whatever_the_archive_claims_it_becomes_the_things_of_whoever_sends_it(
    archives: Archives, database: Database
) -> None:
    sent = packed(entries_of(await archive_of(archives)), user_id=MARIA)

    await archives.take(OTTO, io.BytesIO(sent))

    async def owners(session: Session) -> list[str]:
        found = await session.execute(sa.select(conversations.c.user_id).order_by(conversations.c.user_id))
        return [owner for (owner,) in found]

    assert await database.read(owners) == [MARIA, OTTO]


async def test_more_than_there_is_room_for_is_refused_before_anything_is_written(
    archives: Archives, database: Database
) -> None:
    data = b"a" * 1_001
    content = {
        **A_CONTENT, "size": len(data), "digest": hashlib.sha256(data).hexdigest(), "media_type": "text/plain",
        "created_at": "2026-11-21T10:00:00Z",
    }  # fmt: skip
    name = {
        "id": "file_01m7zgv1rme009rcyfc3hbe6t8", "content_id": A_CONTENT["id"], "name": "../../a.txt",
        "created_at": "2026-11-21T10:00:00Z", "updated_at": "2026-11-21T10:00:00Z",
    }  # fmt: skip
    entries = entries_of(await archive_of(archives)) | {
        "data/file_contents.jsonl": json.dumps(content).encode(),
        "data/files.jsonl": json.dumps(name).encode(),
        f"files/{A_CONTENT['id']}/../../a.txt": data,
    }
    before = await rows(database)

    with pytest.raises(FamulusError) as refused:
        await archives.take(OTTO, io.BytesIO(packed(entries)))

    assert refused.value.code == "storage_quota_exceeded"
    assert await rows(database) == before


async def test_a_file_with_a_path_for_a_name_loses_the_path(archives: Archives, database: Database) -> None:
    data = b"harmless"
    content = {
        **A_CONTENT, "size": len(data), "digest": hashlib.sha256(data).hexdigest(), "media_type": "text/html",
        "created_at": "2026-11-21T10:00:00Z",
    }  # fmt: skip
    name = {
        "id": "file_01m7zgv1rme009rcyfc3hbe6t8", "content_id": A_CONTENT["id"], "name": "../../etc/a.txt",
        "created_at": "2026-11-21T10:00:00Z", "updated_at": "2026-11-21T10:00:00Z",
    }  # fmt: skip
    entries = entries_of(await archive_of(archives)) | {
        "data/file_contents.jsonl": json.dumps(content).encode(),
        "data/files.jsonl": json.dumps(name).encode(),
        f"files/{A_CONTENT['id']}/a.txt": data,
    }

    await archives.take(OTTO, io.BytesIO(packed(entries)))

    async def names(session: Session) -> list[str]:
        return [name for (name,) in await session.execute(sa.select(files.c.name))]

    assert await database.read(names) == ["a.txt"]


def test_every_table_of_somebodys_goes_along_or_says_why_not() -> None:
    tables = [table for table in metadata.sorted_tables if not table.info.get("derived")]
    theirs = {table.name for table in tables if "user_id" in table.columns}
    go_along = {portion.table.name for portion in PORTIONS} | TOLD_OF.keys()

    assert theirs - go_along - STAYS.keys() == set(), "declare it in its feature's portable.py"
    assert go_along & STAYS.keys() == set()
    assert (go_along | STAYS.keys()) - theirs == set()
    assert messages.name in go_along
