"""All that is somebody's: taken away whole, gone without a trace, and back again."""

import asyncio
import io
import json
import zipfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.features.files.place import Answer, asked, uploaded
from tests.security.conftest import SETTINGS
from tests.security.place import Place, settled
from tests.security.things import have
from tests.serving import Client, serving
from tests.storage import Kind

pytestmark = pytest.mark.anyio

PLANTED = "xylophonequince"
PASSWORD = "a long enough one"


@dataclass
class Leaver:
    """Somebody who had one of every kind of thing, took it all away, and was erased."""

    place: Place
    user_id: str
    archive: bytes
    seen: dict[str, Any]
    secrets: list[str]
    left: dict[str, list[tuple[Any, ...]]]
    """Every row of the database, just after that."""


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def leaver(storage: Kind, tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[Leaver]:
    with serving(tmp_path_factory.mktemp("server"), **SETTINGS) as server:
        place = await settled(server)
        linus = await server.member(place.owner, "Linus")
        await plant(linus, place)
        shown, archive, secrets = await seen(linus), await exported(linus), secrets_of(linus, place)
        await erased(linus)
        await until(lambda: not _blobs_with(place, PLANTED))
        # The search takes note of what goes, and forgets it a moment later.
        await until(lambda: server.kept.rows("SELECT * FROM search_changes") == [])
        yield Leaver(place, linus.user_id, archive, shown, secrets, server.kept.everything())


async def plant(person: Client, place: Place) -> None:
    """Give somebody one of every kind of thing, and a word that nobody else says in most of them."""
    await have(person, place)
    thread = await person.thread()
    await person.ended((await person.send(thread, f"remember that my cat is {PLANTED}"))["id"])
    await person.post(f"/memories/{person.user_id}", {"text": f"Plays the {PLANTED}.", "pinned": True}, expect=201)
    await person.post("/api/v1/goals", {"title": f"Buy a {PLANTED}", "steps": ["Save", "Shop"]}, expect=201)
    event = {"title": PLANTED, "start": "2031-01-07T09:00", "rule": "FREQ=WEEKLY;COUNT=3"}
    await person.post("/api/v1/events", event, expect=201)
    daily = {"title": PLANTED, "schedule": {"kind": "cron", "expression": "0 8 * * *"}}
    await person.post("/api/v1/reminders", daily, expect=201)
    await person.post("/api/v1/notifications", {"title": PLANTED}, expect=201)
    answer = await uploaded(person, (f"{PLANTED}.txt", f"{PLANTED} is a word".encode()))
    await person.get(f"/api/v1/files/{answer.json['data'][0]['id']}?wait=10")
    mine = "SELECT count(*) FROM jobs WHERE user_id = ? AND (turn IS NOT NULL OR leased_by IS NOT NULL)"
    await until(lambda: place.server.kept.rows(mine, person.user_id) == [(0,)])


def secrets_of(person: Client, place: Place) -> list[str]:
    asked_for = {
        "users": "password_hash",
        "sessions": "token_hash",
        "api_keys": "hash",
        "notification_channels": "target",
    }
    found = [person.headers["Authorization"].removeprefix("Bearer ")]
    for table, column in asked_for.items():
        owner = "id" if table == "users" else "user_id"
        rows = place.server.kept.rows(f"SELECT {column} FROM {table} WHERE {owner} = ?", person.user_id)
        found += [secret for (secret,) in rows]
    return found


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.05)


async def exported(person: Client) -> bytes:
    answer = await asked(person, "GET", "/api/v1/users/me/export")
    assert answer.status == 200, answer.body
    return answer.body


async def imported(person: Client, archive: bytes) -> Answer:
    kind = {"Content-Type": "application/zip"}
    return await asked(person, "POST", "/api/v1/users/me/import", headers=kind, data=archive)


async def erased(person: Client) -> None:
    body = json.dumps({"confirm": "erase", "password": PASSWORD})
    kind = {"Content-Type": "application/json"}
    answer = await asked(person, "DELETE", "/api/v1/users/me", headers=kind, data=body)
    assert answer.status == 204, answer.body


async def seen(person: Client) -> dict[str, Any]:
    """What somebody sees of what is theirs, without what may differ between two places."""
    conversations = (await person.get("/api/v1/conversations?limit=100"))["data"]
    said = {
        one["id"]: [
            (message["id"], message["role"], message["status"], message["content"])
            for message in (await person.get(f"/api/v1/conversations/{one['id']}/messages?limit=100"))["data"]
        ]
        for one in conversations
    }
    goals = (await person.get("/api/v1/goals?limit=100"))["data"]
    memories = (await person.get(f"/memories/{person.user_id}?limit=100"))["data"]
    reminders = (await person.get("/api/v1/reminders?limit=100"))["data"]
    files = (await person.get("/api/v1/files?limit=100"))["data"]
    return {
        "conversations": [(one["id"], one["title"], one["created_at"]) for one in conversations],
        "messages": said,
        "goals": goals,
        "roadmaps": [await person.get(f"/api/v1/goals/{goal['id']}/roadmap") for goal in goals],
        "memories": sorted((one["text"], one["kind"], one["pinned"], one["said_at"]) for one in memories),
        "events": (await person.get("/api/v1/events?limit=100"))["data"],
        "reminders": [{**one, "updated_at": None} for one in reminders],
        "files": [(one["id"], one["name"], one["digest"], one["kind"]) for one in files],
        "notifications": [one["title"] for one in (await person.get("/api/v1/notifications?limit=100"))["data"]],
    }


async def test_what_was_taken_away_and_erased_comes_back_as_it_was(leaver: Leaver) -> None:
    moira = await leaver.place.server.member(leaver.place.owner, "Moira")

    answer = await imported(moira, leaver.archive)
    first = await seen(moira)
    again = await imported(moira, leaver.archive)

    assert answer.status == 200, answer.body
    assert {kind: fate for kind, fate in answer.json["data"].items() if fate["left_out"]} == {}
    for kind, before in leaver.seen.items():
        assert first[kind] == before, kind
    assert {kind: fate for kind, fate in again.json["data"].items() if fate["imported"]} == {}
    assert await seen(moira) == first


async def test_nothing_of_whoever_is_erased_can_be_found(leaver: Leaver) -> None:
    ids = {line.split(b'"')[3].decode() for line in _rows(leaver.archive, "messages", "goals", "files", "reminders")}

    for word in (leaver.user_id, PLANTED, "linus@example.org", *ids):
        assert [table for table, rows in leaver.left.items() if any(word in repr(row) for row in rows)] == [], word
    assert PLANTED not in leaver.place.server.log_text


async def test_an_archive_lists_what_it_holds_and_holds_nothing_that_opens_anything(leaver: Leaver) -> None:
    archive = zipfile.ZipFile(io.BytesIO(leaver.archive))

    manifest = json.loads(archive.read("manifest.json"))
    assert (manifest["format"], manifest["version"], manifest["user_id"]) == ("famulus-archive", 1, leaver.user_id)
    assert set(manifest["entries"]) == set(archive.namelist()) - {"manifest.json"}
    assert archive.testzip() is None
    everything = b"".join(archive.read(name) for name in archive.namelist())
    assert len(leaver.secrets) > 4
    assert [secret for secret in leaver.secrets if secret.encode() in everything] == []
    assert any(name.endswith(".ics") for name in archive.namelist())
    assert f"{PLANTED}.txt" in {name.rpartition("/")[2] for name in archive.namelist()}


async def test_what_somebody_else_has_already_becomes_a_thing_of_ones_own(leaver: Leaver) -> None:
    otto = await leaver.place.server.member(leaver.place.owner, "Otto")
    nora = await leaver.place.server.member(leaver.place.owner, "Nora")
    await imported(otto, leaver.archive)
    before = await seen(otto)

    answer = await imported(nora, leaver.archive)
    again = await imported(nora, leaver.archive)

    assert (answer.status, again.status) == (200, 200)
    assert await seen(otto) == before
    copied = await seen(nora)
    assert [title for _, title, _ in copied["conversations"]] == [title for _, title, _ in before["conversations"]]
    assert {one[0] for one in copied["conversations"]}.isdisjoint(one[0] for one in before["conversations"])
    assert [len(said) for said in copied["messages"].values()] == [len(said) for said in before["messages"].values()]
    assert {kind: fate for kind, fate in again.json["data"].items() if fate["imported"]} == {}


def _rows(archive: bytes, *tables: str) -> list[bytes]:
    opened = zipfile.ZipFile(io.BytesIO(archive))
    return [line for table in tables for line in opened.read(f"data/{table}.jsonl").splitlines()]


def _blobs_with(place: Place, word: str) -> list[Path]:
    blobs = place.server.folder / "data" / "blobs"
    return [path for path in blobs.rglob("*") if path.is_file() and word.encode() in path.read_bytes()]
