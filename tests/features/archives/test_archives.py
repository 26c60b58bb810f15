"""All that is somebody's: taken away whole, gone without a trace, and back again."""

import asyncio
import hashlib
import io
import json
import zipfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from famulus.kit.ids import new_id
from tests.features.archives.comparing import comparable
from tests.features.files.place import Answer, asked, uploaded
from tests.security.conftest import SETTINGS
from tests.security.place import Place, settled
from tests.security.things import have
from tests.serving import Client, Server, serving
from tests.storage import Kind

pytestmark = pytest.mark.anyio

PLANTED, SECRET_PATH = "xylophonequince", "zitherkumquat"
PASSWORD = "a long enough one"
# A mail server where nobody is: what is sent to people has to be verified first, and none of it is.
MAIL = {"FAMULUS_MAIL__HOST": "127.0.0.1", "FAMULUS_MAIL__PORT": "1"}


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
    with serving(tmp_path_factory.mktemp("server"), **SETTINGS, **MAIL) as server:
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
    about = {"text": f"Plays the {PLANTED}.", "pinned": True}
    memory = await person.post(f"/memories/{person.user_id}", about, expect=201)
    propose(person, place, {"do": "forget", "memory_id": memory["id"]})
    propose(person, place, {"do": "correct", "memory_id": memory["id"], "patch": {"text": f"Played the {PLANTED}."}})
    mail = {"kind": "email", "name": "Mail", "target": f"{PLANTED}@example.org", "kinds": ["reminder"]}
    await person.post("/api/v1/notifications/channels", mail, expect=201)
    feed = {"name": "Feed", "url": f"http://127.0.0.1:1/{SECRET_PATH}.ics"}
    await person.post("/api/v1/calendars/subscriptions", feed, expect=201)
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


def propose(person: Client, place: Place, change: dict[str, Any]) -> None:
    row = new_id("prop"), person.user_id, new_id("key"), json.dumps(change), change["memory_id"]
    place.server.kept.change(
        "INSERT INTO memory_proposals (id, user_id, key, change, memory_id, created_at)"
        " VALUES (?, ?, ?, ?, ?, CURRENT_TIMESTAMP)",
        [row],
    )


def secrets_of(person: Client, place: Place) -> list[str]:
    asked_for = {
        "users": "password_hash",
        "sessions": "token_hash",
        "api_keys": "hash",
        "notification_channels": "secret",
        "calendar_sources": "sealed",
    }
    found = [person.headers["Authorization"].removeprefix("Bearer "), SECRET_PATH]
    hooks = "SELECT target FROM notification_channels WHERE user_id = ? AND kind = 'webhook'"
    found += [target for (target,) in place.server.kept.rows(hooks, person.user_id)]
    for table, column in asked_for.items():
        owner = "id" if table == "users" else "user_id"
        rows = place.server.kept.rows(f"SELECT {column} FROM {table} WHERE {owner} = ?", person.user_id)
        found += [secret for (secret,) in rows if secret is not None]
    return found


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
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
    channels = (await person.get("/api/v1/notifications/channels"))["data"]
    calendars = (await person.get("/api/v1/calendars?limit=100"))["data"]
    return {
        "conversations": [(one["id"], one["title"], one["created_at"]) for one in conversations],
        "messages": said,
        "goals": goals,
        "roadmaps": [await person.get(f"/api/v1/goals/{goal['id']}/roadmap") for goal in goals],
        "memories": sorted((one["text"], one["kind"], one["pinned"], one["said_at"]) for one in memories),
        "events": (await person.get("/api/v1/events?limit=100"))["data"],
        "reminders": [{**one, "updated_at": None} for one in reminders],
        "files": [(one["id"], one["name"], one["digest"], one["kind"]) for one in files],
        "bytes": {one["digest"]: await digest_of(person, one["id"]) for one in files},
        "calendars": [(one["id"], one["name"], one["zone"], one["is_default"]) for one in calendars],
        "channels": [(one["name"], one["target"], one["kinds"]) for one in channels if one["kind"] == "email"],
        "proposals": await proposals_of(person),
        "notifications": [one["title"] for one in (await person.get("/api/v1/notifications?limit=100"))["data"]],
    }


async def digest_of(person: Client, file_id: str) -> str:
    """The hash of the bytes as they are sent."""
    answer = await asked(person, "GET", f"/api/v1/files/{file_id}/content")
    assert answer.status == 200, answer.body
    return hashlib.sha256(answer.body).hexdigest()


async def proposals_of(person: Client) -> list[tuple[str, str]]:
    """What waits for a yes, with the words of what it is about in place of its id."""
    found = []
    for one in (await person.get(f"/memories/{person.user_id}/proposals?limit=100"))["data"]:
        change = one["change"]
        if change["do"] == "remember":
            found.append((change["do"], change["draft"]["text"]))
        else:
            about = await person.get(f"/memories/{person.user_id}/{change['memory_id']}")
            found.append((change["do"], about["text"]))
    return sorted(found)


async def test_what_was_taken_away_and_erased_comes_back_as_it_was(leaver: Leaver) -> None:
    moira = await leaver.place.server.member(leaver.place.owner, "Moira")

    answer = await imported(moira, leaver.archive)
    first = await seen(moira)
    again = await imported(moira, leaver.archive)

    assert answer.status == 200, answer.body
    # A webhook's address has stayed behind.
    assert {kind: fate["left_out"] for kind, fate in answer.json["data"].items() if fate["left_out"]} == {
        "notification_channels": 1
    }
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
    assert len(leaver.secrets) > 6
    assert [secret for secret in leaver.secrets if secret.encode() in everything] == []
    assert any(name.endswith(".ics") for name in archive.namelist())
    (source,) = map(json.loads, _rows(leaver.archive, "calendar_sources"))
    assert source["server"] == "127.0.0.1"
    assert {"credentials", "notification_channels", "calendar_sources"} == manifest["left_behind"].keys()
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


@dataclass
class Elsewhere:
    """Another install, where nobody was before somebody came from the first."""

    server: Server
    person: Client
    told: dict[str, tuple[int, str, str]]
    """What came of the commands that its operator gave."""


@pytest.fixture(scope="module")
async def elsewhere(leaver: Leaver, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Elsewhere]:
    folder = tmp_path_factory.mktemp("elsewhere")
    files = {name: str(folder / f"{name}.zip") for name in ("mine", "damaged", "foreign", "none", "out")}
    Path(files["mine"]).write_bytes(leaver.archive)
    Path(files["damaged"]).write_bytes(leaver.archive[:-100])
    with zipfile.ZipFile(files["foreign"], "w") as archive:
        archive.writestr("manifest.json", json.dumps({"format": "famulus-archive", "version": 99, "entries": {}}))
    linus = "linus@example.org"
    commands = {
        "damaged": ["import", files["damaged"]],
        "foreign": ["import", files["foreign"]],
        "missing": ["import", files["none"]],
        "nobody yet": ["list"],
        "imported": ["import", files["mine"]],
        "imported again": ["import", files["mine"]],
        "key": ["key", linus, "--scope", "chat", "--scope", "account"],
        "exported": ["export", linus, files["out"]],
        "exported again": ["export", linus, files["out"]],
        "unknown": ["export", "nobody@example.org", files["none"]],
    }
    with serving(folder, **SETTINGS, **MAIL) as server:
        done = server.commanded(*(["user", *command] for command in commands.values()))
        told = dict(zip(commands, done, strict=True))
        await server.start()
        ((user_id,),) = server.kept.rows("SELECT id FROM users")
        yield Elsewhere(server, Client(server.url, told["key"][1].strip(), user_id), told)


async def test_in_another_install_everything_is_as_it_was(leaver: Leaver, elsewhere: Elsewhere) -> None:
    there = await seen(elsewhere.person)

    for kind, before in leaver.seen.items():
        assert there[kind] == before, kind
    me = await elsewhere.person.get("/api/v1/users/me")
    assert (me["name"], me["email"], me["role"]) == ("Linus", "linus@example.org", "owner")


async def test_what_is_taken_away_from_there_is_what_was_brought(leaver: Leaver, elsewhere: Elsewhere) -> None:
    came = comparable(leaver.archive)
    goes = comparable((elsewhere.server.folder / "out.zip").read_bytes())

    assert goes.keys() == came.keys()
    assert {name: (goes[name], entry) for name, entry in came.items() if goes[name] != entry} == {}


async def test_an_answer_from_before_can_be_followed_there(leaver: Leaver, elsewhere: Elsewhere) -> None:
    runs = [json.loads(line) for line in _rows(leaver.archive, "runs")]

    for run in runs:
        shown = await elsewhere.person.get(f"/runs/{run['id']}")
        events = await elsewhere.person.events(run["id"])
        assert shown["status"] in ("completed", "cancelled")
        assert [event.name for event in events] == ["stream.reset", "done"]
        assert events[0].data["run"] == shown
        assert events[1].data == {"status": shown["status"], "run_id": run["id"]}
        # Whoever has that has all, and whoever was elsewhere before begins anew.
        assert await elsewhere.person.events(run["id"], after=events[1].id) == []
        assert len(await elsewhere.person.events(run["id"], after="1:7")) == 2
    said = await elsewhere.person.send(runs[0]["conversation_id"], "and what is 6 * 7")
    assert (await elsewhere.person.ended(said["id"]))["status"] == "completed"


def test_what_cannot_be_taken_in_is_refused_in_a_line(elsewhere: Elsewhere) -> None:
    told = elsewhere.told

    assert told["damaged"] == (1, "", "This is no whole zip file.\n")
    assert told["foreign"] == (1, "", "This archive is of another version. (version 99, understood 1)\n")
    assert told["missing"][0] != 0
    assert told["nobody yet"] == (0, "", "")
    assert told["unknown"] == (1, "", "There is no such user.\n")


def test_what_is_taken_in_twice_is_there_once(elsewhere: Elsewhere) -> None:
    first, again = (elsewhere.told[what] for what in ("imported", "imported again"))

    assert (first[0], again[0]) == (0, 0)
    assert "The account is new" in first[1]
    counts = [line.split() for line in again[1].splitlines()[:-1]]
    assert len(counts) > 10
    assert [(what, imported) for what, imported, *_ in counts if imported != "0"] == []


async def test_a_command_writes_what_the_server_sends_and_replaces_nothing(elsewhere: Elsewhere) -> None:
    file = elsewhere.server.folder / "out.zip"

    assert elsewhere.told["exported"][0] == 0
    assert comparable(file.read_bytes()).keys() == comparable(await exported(elsewhere.person)).keys()
    assert file.stat().st_mode & 0o777 == 0o600
    assert elsewhere.told["exported again"] == (1, "", f"{file} is there already.\n")
    assert [path.name for path in file.parent.iterdir() if path.name.startswith(("out", "none"))] == ["out.zip"]
