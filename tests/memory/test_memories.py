"""Memories: kept once, corrected in versions, found by their words, and gone when forgotten."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest
import sqlalchemy as sa
from alembic import command

from famulus import migrations
from famulus.infra.database import Database, Session
from famulus.infra.sqlite import SqliteDatabase
from famulus.memory import terms
from famulus.memory.errors import MemoryKeyReused, MemoryNotFound, MemorySuperseded
from famulus.memory.records import Memory
from famulus.memory.repository import stale
from famulus.memory.retrieval import search
from famulus.memory.schemas import Filters, Found, MemoryDraft, MemoryPatch, Search
from famulus.memory.service import Memories
from famulus.memory.upkeep import Upkeep

# PostgreSQL keeps its files to itself.
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

pytestmark = pytest.mark.anyio

T = TypeVar("T")
NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
MARIA, BERTA = "user_maria", "user_berta"


class Place:
    """A database, and memories in it."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def do(self, what: Callable[[Memories], Awaitable[T]], *, user_id: str = MARIA) -> T:
        async def work(session: Session) -> T:
            return await what(Memories(session, user_id, now=lambda: NOW))

        return await self.database.write(work)

    async def remember(self, *texts: str, user_id: str = MARIA, **fields: object) -> list[Memory]:
        drafts = [MemoryDraft.model_validate({"text": text, **fields}) for text in texts]
        return await self.do(lambda memories: memories.remember(drafts), user_id=user_id)

    async def search(self, query: str, *, user_id: str = MARIA, **filters: object) -> Found:
        wanted = Search(query=query, filters=Filters.model_validate(filters))
        return await self.database.read(lambda session: search(session, user_id, wanted, at=NOW))

    async def found(self, query: str, *, user_id: str = MARIA, **filters: object) -> list[str]:
        return [hit.memory.text for hit in (await self.search(query, user_id=user_id, **filters)).data]


@pytest.fixture
def place(database: Database) -> Place:
    return Place(database)


async def test_the_same_content_is_remembered_once(place: Place) -> None:
    first = await place.remember("Maria likes tea.")
    again = await place.remember("Maria likes tea.", "Maria likes tea.", "Maria likes rain.")

    assert [one.id for one in again[:2]] == [first[0].id] * 2
    assert await place.found("Maria likes") == ["Maria likes rain.", "Maria likes tea."]


async def test_many_at_once_have_ids_of_their_own(place: Place) -> None:
    made = await asyncio.gather(*(place.remember(f"Number {index}.") for index in range(60)))

    assert len({one[0].id for one in made}) == 60


async def test_a_key_names_one_memory(place: Place) -> None:
    await place.remember("Maria likes tea.", key="first")

    with pytest.raises(MemoryKeyReused):
        await place.remember("Maria likes coffee.", key="first")
    assert (await place.remember("Maria likes tea.", key="first", user_id=BERTA))[0].user_id == BERTA


async def test_a_new_text_supersedes_and_the_old_can_be_brought_back(place: Place) -> None:
    (tea,) = await place.remember("Maria likes tea.")
    coffee = await place.do(lambda memories: memories.change(tea.id, MemoryPatch(text="Maria likes coffee.")))

    assert await place.found("tea") == []
    assert await place.found("coffee") == ["Maria likes coffee."]
    with pytest.raises(MemorySuperseded) as stale:
        await place.do(lambda memories: memories.change(tea.id, MemoryPatch(pinned=True)))
    assert stale.value.details == {"current": coffee.id}

    back = await place.do(lambda memories: memories.restore(tea.id))

    assert await place.found("Maria likes") == ["Maria likes tea."]
    versions = await place.do(lambda memories: memories.history(tea.id))
    assert [one.id for one in versions] == [back.id, coffee.id, tea.id]


async def test_what_is_not_the_text_is_changed_in_place(place: Place) -> None:
    (tea,) = await place.remember("Maria likes tea.")

    changed = await place.do(lambda memories: memories.change(tea.id, MemoryPatch(pinned=True, importance=1)))

    assert (changed.id, changed.pinned, changed.importance) == (tea.id, True, 1)


async def test_words_are_found_in_other_forms_and_without_accents(place: Place) -> None:
    await place.remember("Maria was hiking near Zürich.", "Berta sings.")

    assert await place.found("hikes") == ["Maria was hiking near Zürich."]
    assert await place.found("ZURICH") == ["Maria was hiking near Zürich."]


@pytest.mark.parametrize(
    "query",
    ['"', "text:tea", "NEAR(a b)", "tea*", "^tea AND", "owner", "'; DROP TABLE memories;--", "*", "{text}:", "a OR"],
)
async def test_whatever_is_asked_is_literal_text(place: Place, query: str) -> None:
    await place.remember("Maria likes teas.", user_id=BERTA)
    await place.remember("Nothing.")

    assert await place.found(query) in ([], ["Nothing."])


async def test_nobody_finds_what_is_somebody_elses(place: Place) -> None:
    (tea,) = await place.remember("Maria likes tea.")
    await place.remember("Berta likes tea.", user_id=BERTA)

    assert await place.found("likes tea", user_id=BERTA) == ["Berta likes tea."]
    with pytest.raises(MemoryNotFound):
        await place.do(lambda memories: memories.forget(tea.id), user_id=BERTA)
    assert await place.found("likes tea") == ["Maria likes tea."]


async def test_what_others_remember_changes_no_score(place: Place) -> None:
    await place.remember("Maria likes tea.", "Maria likes rain.", "The rain was warm.")
    before = [(hit.memory.id, hit.score) for hit in (await place.search("warm rain and tea")).data]

    await place.remember(*(f"Tea number {number}, warm." for number in range(50)), user_id=BERTA)

    assert [(hit.memory.id, hit.score) for hit in (await place.search("warm rain and tea")).data] == before


async def test_the_rarer_word_tells_more(place: Place) -> None:
    await place.remember("The parcel is here.", "Another parcel came.", "The parcel with the code QX-4711.")

    assert (await place.found("parcel 4711"))[0] == "The parcel with the code QX-4711."


async def test_a_name_before_a_colon_is_who_said_it(place: Place) -> None:
    (nora, note) = await place.remember("Nora: I went to Graz.", "Note: Graz is far.")

    assert (nora.speaker, nora.text, note.speaker) == ("Nora", "Nora: I went to Graz.", None)
    assert await place.found("Where did Nora go, Graz?") == ["Nora: I went to Graz.", "Note: Graz is far."]


async def test_metadata_comes_back_and_tells_who_said_it_when_and_in_what(place: Place) -> None:
    said = {"speaker": "Nora", "session_id": "s1", "timestamp": "2024-05-08T13:56:00", "turn": "D1:3", "score": 1.5}
    (asked, again, told) = await place.do(
        lambda memories: memories.remember(
            [
                MemoryDraft(text="Where did you go?", metadata=said),
                MemoryDraft(text="Where did you go?", metadata={**said, "turn": "D7:1"}),
                MemoryDraft(
                    text="To Graz.", speaker="Ivan", metadata={**said, "timestamp": "yesterday", "turn": "D7:2"}
                ),
            ]
        )
    )

    assert (asked.speaker, asked.session, asked.said_at) == ("Nora", "s1", datetime(2024, 5, 8, 13, 56, tzinfo=UTC))
    assert (told.speaker, told.said_at) == ("Ivan", NOW)
    assert asked.id != again.id
    assert (await place.search("Graz")).data[0].memory.metadata == told.metadata


async def test_what_is_found_often_is_still_found_by_its_rare_words(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terms, "_MOST_USES", 3)
    await place.remember(*(f"Tea was had on day {number}." for number in range(9)), "Tea with Zoe.")

    assert (await place.found("tea Zoe"))[0] == "Tea with Zoe."
    assert len(await place.found("tea")) == 3


async def test_a_neighbour_in_the_session_helps_to_find(place: Place) -> None:
    await place.remember("Where did you go on holiday?", "To Lisbon, of course.", kind="turn", session="first")
    await place.remember("Nobody went anywhere.", kind="turn", session="second")

    assert await place.found("holiday") == ["Where did you go on holiday?", "To Lisbon, of course."]


async def test_filters_let_through_what_they_say(place: Place) -> None:
    await place.remember("Tea in spring.", kind="event", about_from=NOW - timedelta(days=200))
    await place.remember("Tea in autumn.", kind="event", about_from=NOW - timedelta(days=20))
    await place.remember("Tea is liked.", kind="preference", source="message", said_at=NOW - timedelta(days=20))
    await place.remember("Old tea.", expires_at=NOW)

    assert await place.found("tea", kinds=["event"], since=NOW - timedelta(days=30)) == ["Tea in autumn."]
    assert await place.found("tea", source="message") == ["Tea is liked."]
    assert await place.found("old") == []
    assert await place.found("", kinds=["event"]) == ["Tea in spring.", "Tea in autumn."]


async def test_what_was_said_on_the_day_that_is_asked_for_comes_first(place: Place) -> None:
    for day in (3, 17):
        await place.remember(f"Tea with number {day}.", said_at=datetime(2024, 5, day, tzinfo=UTC))

    assert (await place.found("Who came to tea on 3 May 2024?"))[0] == "Tea with number 3."
    assert (await place.found("Who came to tea on 17 May 2024?"))[0] == "Tea with number 17."
    assert (await place.found("Who came to tea?"))[0] == "Tea with number 17."


async def test_a_hit_says_why(place: Place) -> None:
    await place.remember("Maria likes green tea.", "Berta drinks tea.")

    found = await place.search("who likes green tea")

    assert found.mode == "lexical"
    assert found.data[0].reason.words == ["likes", "green", "tea"]
    assert found.data[0].score > found.data[1].score


@on_sqlite
async def test_what_is_forgotten_is_not_in_the_file_any_more(place: Place) -> None:
    words = ["Zanzibar", "Xylophone", "Quetzal"]
    kept = [f"Something ordinary happened on day {index}." for index in range(300)]
    await place.remember(*kept[:150], session="s")
    (secret,) = await place.remember(f"Maria dreams of {words[0]}.", session="s")
    await place.remember(*kept[150:], session="s")
    newer = await place.do(lambda memories: memories.change(secret.id, MemoryPatch(text=f"No, of a {words[1]}.")))
    await place.do(lambda memories: memories.change(newer.id, MemoryPatch(text=f"No, of a {words[2]}.")))

    await place.do(lambda memories: memories.forget(secret.id))

    assert len(await place.do(lambda memories: memories.everything())) == 300
    await place.database.close()
    file = place.database.path
    assert file is not None
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    for path in file.parent.iterdir():
        found = [word for word in words if word.lower().encode() in path.read_bytes().lower()]
        assert not found, path


async def test_forgetting_everything_leaves_others_alone(place: Place) -> None:
    await place.remember("Maria likes tea.", "Maria likes rain.")
    await place.remember("Berta likes tea.", user_id=BERTA)

    await place.do(lambda memories: memories.forget_all())

    assert not await place.do(lambda memories: memories.exist())
    assert await place.found("tea", user_id=BERTA) == ["Berta likes tea."]


async def test_what_an_older_version_remembered_is_still_known(tmp_path: object) -> None:
    url = f"sqlite:///{tmp_path}/old.db"
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        command.upgrade(migrations.SERVER.config(connection), "0001")
        connection.exec_driver_sql(
            "INSERT INTO memories VALUES ('mem_1', 'user_maria', 'Maria likes tea.', 'k', '2026-01-01 00:00:00.000000')"
        )
    engine.dispose()

    migrations.upgrade(url)

    database = SqliteDatabase(url)
    while await Upkeep(database, None).step():
        pass
    assert await database.read(lambda session: stale(session, beyond=0, until=10, limit=10)) == []
    assert await Place(database).found("tea") == ["Maria likes tea."]
    await database.close()
