"""What is forgotten is not in the file any more: neither its text, nor its meaning, nor what was proposed about it."""

import asyncio
from array import array
from collections.abc import Sequence
from pathlib import Path

import pytest

from famulus.infra.database import Database, Session, Work
from famulus.infra.sqlite import SqliteDatabase
from famulus.kit.clock import utc_now
from famulus.memory import vectors
from famulus.memory.changes import Correcting
from famulus.memory.client import LocalKeeper, MemoryDraft, MemoryPatch, ProposalDraft, Search, Searcher
from famulus.memory.retrieval import search
from famulus.memory.service import Memories
from famulus.memory.upkeep import Upkeep
from tests.databases import a_database, sqlite_url

pytestmark = pytest.mark.anyio

MARIA = "user_maria"
SECRET = MemoryDraft(text="Maria dreams of Zanzibar.")
VECTOR = array("f", (0.12345678, 0.87654321)).tobytes()


class Toy:
    """Everything means the same."""

    model = "toy"

    async def embed(self, texts: Sequence[str]) -> list[bytes]:
        return [VECTOR for _ in texts]

    def close(self) -> None:
        pass


class Newer(Toy):
    """Its successor, to which everything means something else."""

    model = "newer toy"

    async def embed(self, texts: Sequence[str]) -> list[bytes]:
        return [array("f", (1.0, 0.0)).tobytes() for _ in texts]


async def test_neither_text_nor_meaning_nor_proposal_is_left(tmp_path: Path) -> None:
    async with a_database(sqlite_url(tmp_path)) as database:
        keeper = LocalKeeper(database, Searcher(database, Toy()))
        (secret,) = await keeper.remember("user_maria", [MemoryDraft(text="Maria dreams of Zanzibar.")])
        change = Correcting(memory_id=secret.id, patch=MemoryPatch(text="Of Quetzals."))
        await keeper.propose("user_maria", [ProposalDraft(key="k", change=change)])
        for trace in (b"zanzibar", b"quetzal", VECTOR):
            assert await _found(database, trace)

        await keeper.forget("user_maria", secret.id)

        for trace in (b"zanzibar", b"quetzal", VECTOR):
            assert not await _found(database, trace)


async def test_vectors_of_a_model_that_is_not_used_any_more_leave_nothing_either(tmp_path: Path) -> None:
    async with a_database(sqlite_url(tmp_path)) as database:
        keeper = LocalKeeper(database, Searcher(database, Toy()))
        await keeper.remember("user_maria", [SECRET])
        assert await _found(database, VECTOR)
        upkeep = Upkeep(database, Newer(), rollout_seconds=0)

        # Everything is embedded first, and then seen to be.
        for _ in range(3):
            await upkeep.step()

        assert not await _found(database, VECTOR)


@pytest.mark.parametrize("is_forgotten_first", [True, False])
async def test_a_vector_that_is_made_meanwhile_is_not_left_behind(database: Database, is_forgotten_first: bool) -> None:
    (secret,) = await database.write(lambda session: Memories(session, MARIA).remember([SECRET]))
    steps: list[Work[None]] = [
        lambda session: Memories(session, MARIA).forget(secret.id),
        lambda session: vectors.add(session, "toy", [(secret.number, MARIA, VECTOR)]),
    ]
    first, second = steps if is_forgotten_first else steps[::-1]

    async with database.unit_of_work() as session:
        await first(session)
        waiting = asyncio.ensure_future(database.write(second))
        await database.ping()
        assert not waiting.done()
    await waiting

    assert await database.read(_rows_of_everything) == 0


async def test_whoever_remembers_while_all_is_forgotten_remembers_it_whole(database: Database) -> None:
    await database.write(lambda session: Memories(session, MARIA).remember([SECRET]))

    async with database.unit_of_work() as session:
        await Memories(session, MARIA).forget_all()
        tea = MemoryDraft(text="Maria likes tea.")
        remembering = asyncio.ensure_future(database.write(lambda session: Memories(session, MARIA).remember([tea])))
        await database.ping()
    await remembering

    found = await database.read(lambda session: search(session, MARIA, Search(query="tea"), at=utc_now()))
    assert [hit.memory.text for hit in found.data] == ["Maria likes tea."]
    await database.write(lambda session: Memories(session, MARIA).forget_all())
    assert await database.read(_rows_of_everything) == 0


async def _rows_of_everything(session: Session) -> int:
    tables = "memories", "memory_terms", "memory_vectors"
    counted = [await session.driver_sql(f"SELECT count(*) FROM {table}") for table in tables]
    return sum(count for ((count,),) in counted)


async def _found(database: Database, trace: bytes) -> bool:
    """Whether this is anywhere in the database's files, once its log has been written back."""
    assert isinstance(database, SqliteDatabase)

    with database._engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return any(trace.lower() in path.read_bytes().lower() for path in database.path.parent.iterdir() if path.is_file())
