"""Finding by meaning: the model on this machine, the fusion with words, and what happens without a model."""

import socket
from array import array
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

import numpy as np
import pytest
import sqlalchemy as sa

from famulus.infra.database import Database, Session
from famulus.infra.http import http_session
from famulus.infra.llm import ProviderBroken
from famulus.kit.errors import ProviderFailed
from famulus.memory import vectors
from famulus.memory.client import make_searcher
from famulus.memory.embeddings import LocalEmbedder, _local_model, _packed, make_embedder
from famulus.memory.meaning import Searcher
from famulus.memory.records import Memory
from famulus.memory.schemas import Filters, Found, MemoryDraft, MemoryPatch, Search
from famulus.memory.service import Memories
from famulus.memory.tables import memory_vectors
from famulus.memory.upkeep import Upkeep
from famulus.memory.words import without_names
from famulus.settings import MemorySettings
from tests.fake_model.fixture import FakeModel

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
MARIA, BERTA = "user_maria", "user_berta"
FOLDER = _local_model()
PETS, DRINKS = (1.0, 0.0), (0.0, 1.0)
MEANT = {"dog": PETS, "puppy": PETS, "pet": PETS, "tea": DRINKS, "beverage": DRINKS}


class Toy:
    """Knows the meaning of a few words."""

    def __init__(self, model: str = "toy") -> None:
        self.model = model
        self.asked: list[str] = []
        self.is_down = False

    async def embed(self, texts: Sequence[str]) -> list[bytes]:
        if self.is_down:
            raise ProviderFailed("It is down.")
        self.asked += texts
        return [self._vector(text) for text in texts]

    def close(self) -> None:
        pass

    def _vector(self, text: str) -> bytes:
        return array("f", next((meant for word, meant in MEANT.items() if word in text), (0.6, 0.8))).tobytes()


@pytest.fixture
def toy() -> Toy:
    return Toy()


@pytest.fixture
async def searcher(database: Database, toy: Toy) -> AsyncIterator[Searcher]:
    searcher = Searcher(database, toy)
    yield searcher
    await searcher.stop()


async def keep(database: Database, *texts: str, user_id: str = MARIA, **fields: object) -> list[Memory]:
    drafts = [MemoryDraft.model_validate({"text": text, **fields}) for text in texts]
    return await database.write(lambda session: Memories(session, user_id).remember(drafts))


async def ask(searcher: Searcher, query: str, *, user_id: str = MARIA, **filters: object) -> Found:
    return await searcher.search(user_id, Search(query=query, k=1, filters=Filters.model_validate(filters)), at=NOW)


async def test_what_means_the_same_is_found_without_a_common_word(database: Database, searcher: Searcher) -> None:
    await searcher.embed(await keep(database, "The puppy sleeps.", "Green tea is fine."))
    await searcher.embed(await keep(database, "A dog of Berta's.", user_id=BERTA))

    found = await ask(searcher, "beverage")

    assert (found.mode, found.data[0].memory.text) == ("fused", "Green tea is fine.")
    assert found.data[0].reason.dense == pytest.approx(1)
    assert (await ask(searcher, "pet", user_id=BERTA)).data[0].memory.text == "A dog of Berta's."


async def test_what_is_new_corrected_or_forgotten_is_seen_at_once(database: Database, searcher: Searcher) -> None:
    (puppy,) = await keep(database, "The puppy sleeps.")
    await searcher.embed([puppy, *await keep(database, "Green tea is fine.")])
    assert (await ask(searcher, "pet")).data[0].memory.id == puppy.id

    await searcher.embed(await keep(database, "A dog barks."))
    await database.write(lambda session: Memories(session, MARIA).forget(puppy.id))

    assert (await ask(searcher, "pet")).data[0].memory.text == "A dog barks."


async def test_what_is_sent_twice_at_once_has_one_meaning(database: Database, searcher: Searcher) -> None:
    await searcher.embed(await keep(database, "The puppy sleeps.", "The puppy sleeps."))

    assert (await ask(searcher, "pet")).data[0].reason.dense == pytest.approx(1)


async def test_a_filter_holds_for_meanings_too(database: Database, searcher: Searcher) -> None:
    await searcher.embed(await keep(database, "The puppy sleeps."))
    await searcher.embed(await keep(database, "A dog barked.", kind="event"))

    assert (await ask(searcher, "pet", kinds=["event"])).data[0].memory.text == "A dog barked."


async def test_an_embedder_that_is_down_leaves_the_words(database: Database, searcher: Searcher, toy: Toy) -> None:
    await searcher.embed(await keep(database, "The puppy sleeps."))
    toy.is_down = True

    await searcher.embed(await keep(database, "A dog barks."))
    found = await ask(searcher, "dog")

    assert (found.mode, found.data[0].memory.text) == ("lexical", "A dog barks.")
    assert "does not answer" in str(found.note)


async def test_without_an_embedder_there_are_the_words(database: Database) -> None:
    await keep(database, "The puppy sleeps.")

    found = await ask(Searcher(database, None), "puppy")

    assert found.mode == "lexical"
    assert "no model" in str(found.note)


async def test_what_is_brought_back_means_what_it_did(database: Database, searcher: Searcher) -> None:
    (puppy,) = await keep(database, "The puppy sleeps.")
    await searcher.embed([puppy, *await keep(database, "Rain falls.")])
    patch = MemoryPatch(text="Green tea is fine.")
    tea = await database.write(lambda session: Memories(session, MARIA).change(puppy.id, patch))
    await _through(searcher.upkeep)
    assert (await ask(searcher, "beverage")).data[0].memory.id == tea.id

    back = await database.write(lambda session: Memories(session, MARIA).restore(puppy.id))
    await _through(searcher.upkeep)

    found = (await ask(searcher, "pet")).data[0]
    assert found.memory.id == back.id
    assert found.reason.dense == pytest.approx(1)
    assert len(await _models(database)) == 2


async def test_vectors_of_what_is_forgotten_leave_memory_at_once(database: Database, searcher: Searcher) -> None:
    made = await keep(database, "The puppy sleeps.", "Green tea is fine.")
    await searcher.embed(made)
    await ask(searcher, "pet")
    assert MARIA in searcher._shelf._matrices

    await database.write(lambda session: Memories(session, MARIA).forget(made[0].id))

    assert MARIA not in searcher._shelf._matrices


async def test_another_process_lets_go_of_them_when_it_is_asked_next(database: Database, searcher: Searcher) -> None:
    made = await keep(database, "The puppy sleeps.", "Green tea is fine.", "A dog barks.")
    await searcher.embed(made)
    await ask(searcher, "pet")
    shelf = searcher._shelf
    vectors.shelves.discard(shelf)

    await database.write(lambda session: Memories(session, MARIA).forget(made[0].id))
    await searcher.embed(await keep(database, "Another pet."))

    assert (await ask(searcher, "pet", kinds=["fact"])).data[0].memory.text == "Another pet."
    matrix = shelf._matrices[MARIA]
    assert matrix.count == 3
    assert made[0].number not in matrix._numbers.tolist()
    assert not matrix._rows[3:].any()


async def test_another_process_lets_go_of_them_even_if_nobody_asks_it(database: Database, searcher: Searcher) -> None:
    await searcher.embed(await keep(database, "The puppy sleeps."))
    await searcher.embed(await keep(database, "A dog of Berta's.", user_id=BERTA))
    await ask(searcher, "pet")
    await ask(searcher, "pet", user_id=BERTA)
    vectors.shelves.discard(searcher._shelf)
    await database.write(lambda session: Memories(session, MARIA).forget_all())

    await searcher._catch_up()

    assert list(searcher._shelf._matrices) == [BERTA]


async def test_another_model_embeds_everything_again(database: Database, searcher: Searcher, toy: Toy) -> None:
    await searcher.embed(await keep(database, "The puppy sleeps.", "Green tea is fine."))
    toy.model = "newer toy"
    after = Searcher(database, toy)

    while await after.upkeep.step():
        pass

    assert (await ask(after, "pet")).data[0].reason.dense == pytest.approx(1)
    assert not await database.read(lambda session: vectors.without(session, "newer toy", beyond=0, limit=9))


async def test_vectors_of_a_model_that_nobody_uses_any_more_go(database: Database, searcher: Searcher) -> None:
    await searcher.embed(await keep(database, "The puppy sleeps.", "Green tea is fine."))
    newer, other = Toy("newer toy"), Toy("other toy")
    upkeep = Upkeep(database, newer, rollout_seconds=0)
    await _through(Upkeep(database, newer, rollout_seconds=3600))
    assert await _models(database) == ["newer toy", "newer toy", "toy", "toy"]

    await upkeep.step()
    await Upkeep(database, other).embed(await keep(database, "A dog barks."))
    await _through(upkeep)

    # Of the two others one has made a vector since: somebody is at work with it.
    assert await _models(database) == ["newer toy"] * 3 + ["other toy"]


async def test_however_much_there_is_it_is_looked_through_a_little_at_a_time(
    database: Database, toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("famulus.memory.upkeep._STEP", 2)
    monkeypatch.setattr("famulus.memory.upkeep._OVERLAP", 1)
    kept = await keep(database, *(f"Dog {number}." for number in range(7)))
    await Upkeep(database, toy).embed(kept[:6])
    looked: list[int] = []
    look = vectors.may_lack

    async def noted(session: Session, model: str, *, beyond: int, until: int) -> bool:
        looked.append(until)
        return await look(session, model, beyond=beyond, until=until)

    monkeypatch.setattr(vectors, "may_lack", noted)

    await _through(Upkeep(database, toy))

    # What may still be on its way is looked at as a whole, in the end.
    assert looked == list(range(2, kept[-2].number, 2))
    assert len(await _models(database)) == 7


async def _through(upkeep: Upkeep) -> None:
    while await upkeep.step():
        pass


async def _models(database: Database) -> list[str]:
    query = sa.select(memory_vectors.c.model).order_by(memory_vectors.c.model)

    async def look(session: Session) -> list[str]:
        return list((await session.execute(query)).scalars())

    return await database.read(look)


async def test_what_was_not_embedded_is_embedded_later(database: Database, searcher: Searcher, toy: Toy) -> None:
    assert not await searcher.upkeep.step()
    toy.is_down = True
    await searcher.embed(await keep(database, "Nora: The puppy sleeps.", "Tea."))
    toy.is_down = False

    await searcher.upkeep.step()

    assert toy.asked == ["The puppy sleeps.", "Tea."]


async def test_the_names_of_those_who_talk_are_not_part_of_what_is_meant(
    database: Database, searcher: Searcher, toy: Toy
) -> None:
    await keep(database, "Yes.", speaker="Anna Berg")
    await keep(database, "No.", speaker="Berta")

    await ask(searcher, "What is Anna's dog called, Berta?")

    assert toy.asked == ["What is dog called,"]
    assert without_names("Anna", ["Anna"]) == "Anna"


async def test_an_endpoint_of_its_own_is_asked_with_its_own_key_and_another_model_embeds_anew(
    database: Database, fake_model: FakeModel
) -> None:
    elsewhere = {"embeddings": "endpoint", "embedding_base_url": fake_model.base_url, "embedding_api_key": "sk-own"}
    small = make_searcher(database, MemorySettings.model_validate({**elsewhere, "embedding_model": "small"}))
    await small.embed(await keep(database, "Green tea is fine.", "The puppy sleeps."))
    assert (await ask(small, "green tea")).mode == "fused"

    large = make_searcher(database, MemorySettings.model_validate({**elsewhere, "embedding_model": "large"}))
    assert (await ask(large, "green tea")).data[0].reason.dense is None
    large.start()
    while await database.read(lambda session: vectors.without(session, "large", beyond=0, limit=1)):
        await fake_model.requests_after(4)

    assert (await ask(large, "green tea")).data[0].reason.dense == pytest.approx(0.7, abs=0.3)
    assert {request["headers"]["authorization"] for request in fake_model.requests()} == {"Bearer sk-own"}
    assert [request["body"]["model"] for request in fake_model.requests()][-1] == "large"
    await small.stop()
    await large.stop()
    await http_session.close()


async def test_an_endpoint_that_hangs_leaves_the_words(database: Database) -> None:
    await keep(database, "Green tea is fine.")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        settings = MemorySettings(embeddings="endpoint", embedding_base_url=url, embedding_seconds=0.05)

        found = await ask(make_searcher(database, settings), "tea")

        assert (found.mode, len(found.data)) == ("lexical", 1)
        await http_session.close()


@pytest.mark.parametrize("vector", [[], [float("nan"), 1.0], [float("inf")]])
def test_what_is_no_vector_is_not_taken_for_one(vector: list[float]) -> None:
    with pytest.raises(ProviderBroken):
        _packed(vector)


@pytest.mark.skipif(FOLDER is None, reason="the model is not installed")
async def test_the_model_on_this_machine_is_the_one_that_was_published() -> None:
    assert FOLDER is not None
    embedder = LocalEmbedder(FOLDER)
    texts = ["That is a happy person", "That is a happy dog", "That is a very happy person", "Today is a sunny day"]

    vectors = np.array([np.frombuffer(one, np.float32) for one in await embedder.embed(texts)])

    # As its page at the publisher's shows them.
    assert vectors[0] @ vectors[1:].T == pytest.approx([0.695, 0.943, 0.257], abs=0.001)
    embedder.close()


@pytest.mark.skipif(FOLDER is None, reason="the model is not installed")
async def test_the_model_is_read_before_it_is_asked_and_only_where_something_is_remembered(database: Database) -> None:
    assert FOLDER is not None
    idle, busy = LocalEmbedder(FOLDER), LocalEmbedder(FOLDER)
    searcher = Searcher(database, idle)
    await searcher._catch_up()
    assert idle._loaded is None
    await searcher.stop()

    await keep(database, "The puppy sleeps.")
    searcher = Searcher(database, busy)
    await searcher._get_ready()

    assert busy._loaded is not None
    await searcher.stop()


async def test_nothing_is_embedded_where_nothing_is_to_be() -> None:
    assert make_embedder(MemorySettings(embeddings="none"), None) is None  # type: ignore[arg-type]
