"""What is forgotten is not in the file any more: neither its text, nor its meaning, nor what was proposed about it."""

from array import array
from collections.abc import Sequence
from pathlib import Path

import pytest

from famulus.infra.database import Database
from famulus.infra.sqlite import SqliteDatabase
from famulus.memory.changes import Correcting
from famulus.memory.client import LocalKeeper, MemoryDraft, MemoryPatch, ProposalDraft, Searcher
from tests.databases import a_database, sqlite_url

pytestmark = pytest.mark.anyio

VECTOR = array("f", (0.12345678, 0.87654321)).tobytes()


class Toy:
    """Everything means the same."""

    model = "toy"

    async def embed(self, texts: Sequence[str]) -> list[bytes]:
        return [VECTOR for _ in texts]

    def close(self) -> None:
        pass


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


async def _found(database: Database, trace: bytes) -> bool:
    """Whether this is anywhere in the database's files, once its log has been written back."""
    assert isinstance(database, SqliteDatabase)

    with database._engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return any(trace.lower() in path.read_bytes().lower() for path in database.path.parent.iterdir() if path.is_file())
