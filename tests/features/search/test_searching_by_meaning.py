"""Searching by meaning where there is a model for it; and the work of a search, and behind it."""

import asyncio
from array import array
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import pytest
import sqlalchemy as sa

from famulus.apps.search import SearchRoom
from famulus.features.search.tables import search_owners
from famulus.features.search.words import EDITION
from famulus.infra.database import Database, Session
from famulus.infra.findable import changes
from famulus.infra.postgres import PostgresSession
from famulus.infra.prepared import Prepared, Row
from famulus.infra.sqlite import SqliteSession
from famulus.memory.local import LocalKeeper
from famulus.memory.meaning import Searcher
from tests.features.search.place import NOW, OTTO, Place, add_people

pytestmark = pytest.mark.anyio

MEANT = {"tea": (0.0, 1.0), "beverage": (0.0, 1.0), "puppy": (1.0, 0.0)}


class Toy:
    """Knows the meaning of a few words."""

    model = "toy"

    async def embed(self, texts: Sequence[str]) -> list[bytes]:
        return [self._vector(text) for text in texts]

    def close(self) -> None:
        pass

    def _vector(self, text: str) -> bytes:
        return array("f", next((meant for word, meant in MEANT.items() if word in text), (-0.6, -0.8))).tobytes()


@pytest.fixture
async def knowing(database: Database) -> AsyncIterator[Place]:
    """A place with a model of meaning."""
    await database.write(add_people)
    searcher = Searcher(database, Toy())
    yield Place(database, keeper=LocalKeeper(database, searcher))
    await searcher.stop()


async def test_memories_are_found_by_what_they_mean_among_what_has_the_words(knowing: Place) -> None:
    meant = await knowing.remember("Green tea is fine.")
    await knowing.remember("The puppy sleeps.")
    await knowing.remember("Otto has tea.", of=OTTO)
    (said,) = await knowing.say(await knowing.conversation(source="default"), "a beverage")

    page = await knowing.search("beverage")

    assert {(hit.kind, hit.id) for hit in page.data} == {("message", said), ("memory", meant)}
    assert page.semantic == ["memory"]
    assert (await knowing.search("beverage", kinds=("memory",))).semantic == ["memory"]
    assert (await knowing.search("beverage", kinds=("message",))).semantic == []


async def test_a_search_asks_as_often_for_many_words_as_for_one(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    talk = await place.conversation("Tea")
    await place.say(talk, "a long message about tea and cake", "more tea")
    await place.goal("tea", "cake")
    await place.search("tea")
    asked = _counted(monkeypatch)

    await place.search("tea", kinds=("message", "goal"))
    of_one = len(asked)
    asked.clear()
    await place.search(
        "tea cake a long message about more", kinds=("message", "goal", "step"), since=NOW, until=NOW.replace(year=2027)
    )

    assert len(asked) == of_one <= 5


async def test_what_is_written_is_taken_in_without_a_search_and_an_old_index_made_anew(place: Place) -> None:
    talk = await place.conversation(source="default")
    await place.say(talk, "a boiler")
    await place.search("boiler")

    async def age(session: Session) -> None:
        await session.execute(sa.update(search_owners).values(edition=EDITION - 1))

    await place.database.write(age)
    await place.say(talk, "another boiler")
    room = SearchRoom(place.database, place.keeper)

    room.start()
    try:
        while await place.rows(sa.select(changes)) or await place.rows(sa.select(search_owners.c.edition)) != [
            (EDITION,)
        ]:
            await asyncio.sleep(0.01)
    finally:
        await room.stop()

    assert await place.rows(sa.select(search_owners.c.things)) == [(2,)]


def _counted(monkeypatch: pytest.MonkeyPatch) -> list[Prepared]:
    """The statements that are asked from now on."""
    asked: list[Prepared] = []
    for kind in (SqliteSession, PostgresSession):
        rows = kind.rows

        async def count(
            session: Any, statement: Prepared, parameters: Mapping[str, Any], rows: Any = rows
        ) -> list[Row]:
            asked.append(statement)
            found: list[Row] = await rows(session, statement, parameters)
            return found

        monkeypatch.setattr(kind, "rows", count)
    return asked
