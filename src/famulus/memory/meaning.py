"""Searching by meaning beside words, where there is a model for it."""

import asyncio
import importlib
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import structlog

from famulus.infra.database import Database, Session
from famulus.kit.errors import FamulusError
from famulus.kit.loops import forever
from famulus.memory import owners, vectors
from famulus.memory.dates import without_dates
from famulus.memory.embeddings import Embedder, LocalEmbedder
from famulus.memory.records import Memory
from famulus.memory.repository import MemoryRepository
from famulus.memory.retrieval import Clues, Meanings, clues, ranked, timeline
from famulus.memory.schemas import Found, Search
from famulus.memory.terms import Counts
from famulus.memory.upkeep import Upkeep
from famulus.memory.words import without_names

_logger = structlog.get_logger()
_SHORT_PAUSE_SECONDS, _PAUSE_SECONDS, _LONG_PAUSE_SECONDS = 0.02, 1.0, 10.0
_NO_MODEL = "There is no model here that knows what texts mean: this was found by words alone."
_NO_ANSWER = "The model that knows what texts mean does not answer: this was found by words alone."


class Searcher:
    """Finds memories by all the means that this process has."""

    def __init__(self, database: Database, embedder: Embedder | None, *, patience_seconds: float | None = None) -> None:
        self._database = database
        self._embedder = embedder
        self._patience_seconds = patience_seconds
        self._shelf: Any = None
        self._catching_up: asyncio.Task[None] | None = None
        self._is_ready = False
        self._counts = Counts()
        self.upkeep = Upkeep(database, embedder)

    def start(self) -> None:
        """Begin to index what is not: what a tool remembered has no vector, nor has what another model has embedded."""
        catching_up = forever("memory", self._catch_up, after_failure_seconds=_LONG_PAUSE_SECONDS)
        self._catching_up = asyncio.create_task(catching_up)

    async def stop(self) -> None:
        """Stop, in good order."""
        if self._catching_up is not None:
            self._catching_up.cancel()
            await asyncio.wait({self._catching_up})
        if self._embedder is not None:
            self._embedder.close()

    async def search(self, user_id: str, wanted: Search, *, at: datetime) -> Found:
        """What is remembered about the query; by its words alone when its meaning cannot be had."""
        if not wanted.query.strip():
            return await self._database.read(lambda session: timeline(session, user_id, wanted, at=at))
        owner, speakers = await self._database.read(lambda session: _acquainted(session, user_id))
        if owner is None:
            self.forgotten(user_id)
            return Found(data=[], mode="lexical", note=self._why_not())
        # What the query means is worked out while the database looks for its words.
        found, vector = await asyncio.gather(
            self._database.read(lambda session: clues(session, owner, wanted, speakers, at=at, counts=self._counts)),
            self._meaning_of(without_names(without_dates(wanted.query), speakers)),
        )
        return await self._database.read(lambda session: self._ranked(session, user_id, wanted, found, vector, at))

    async def _ranked(
        self, session: Session, user_id: str, wanted: Search, found: Clues, vector: bytes | None, at: datetime
    ) -> Found:
        # As it is now: something may have been forgotten meanwhile, and then this process forgets its vectors first.
        owner = await owners.find(session, user_id)
        if owner is None:
            return Found(data=[], mode="lexical", note=self._why_not())

        async def near(owner: owners.Owner, most: int, among: Collection[int] | None) -> Meanings:
            shelf = self._shelved()
            meanings: Meanings = await shelf.near(session, user_id, vector, owner=owner, most=most, among=among)
            return meanings

        by_meaning = None if vector is None else near
        answer = await ranked(session, wanted, found, owner=owner, at=at, near=by_meaning)
        return answer if vector is not None else answer.model_copy(update={"note": self._why_not()})

    async def embed(self, made: Sequence[Memory]) -> None:
        """Give these their vectors now; whatever goes wrong, they get them later."""
        await self.upkeep.embed(made)

    def forgotten(self, user_id: str) -> None:
        """Let go of a person's vectors, of which some are not to be kept any more."""
        if self._shelf is not None:
            self._shelf.drop(user_id)

    def _shelved(self) -> Any:
        if self._shelf is None and self._embedder is not None:
            self._shelf = importlib.import_module("famulus.memory.shelf").Shelf(self._embedder.model)
        return self._shelf

    async def _meaning_of(self, query: str) -> bytes | None:
        if self._embedder is None:
            return None
        try:
            async with asyncio.timeout(self._patience_seconds):
                return (await self._embedder.embed([query]))[0]
        except (FamulusError, TimeoutError) as error:
            _logger.warning("memory.lexical_for_now", error=type(error).__name__)
            return None

    def _why_not(self) -> str:
        return _NO_MODEL if self._embedder is None else _NO_ANSWER

    async def _catch_up(self) -> float:
        if not self._is_ready:
            self._is_ready = True
            await self._get_ready()
        await self._let_go()
        return _SHORT_PAUSE_SECONDS if await self.upkeep.step() else _PAUSE_SECONDS

    async def _get_ready(self) -> None:
        """Read the model before somebody waits for it: the first question has no more patience than others."""
        if isinstance(self._embedder, LocalEmbedder) and (await self._database.read(vectors.highest)) > 0:
            await self._embedder.embed(["Ready."])

    async def _let_go(self) -> None:
        """Let go of the vectors of those of whose something was forgotten, if through another process."""
        here: dict[str, tuple[int, int]] = self._shelf.versions() if self._shelf is not None else {}
        if here:
            now = await self._database.read(lambda session: owners.versions(session, sorted(here)))
            for user_id in (user_id for user_id, version in here.items() if now.get(user_id) != version):
                self.forgotten(user_id)


async def _acquainted(session: Session, user_id: str) -> tuple[owners.Owner | None, list[str]]:
    """The person as the indexes know them, and who talks in what they remember."""
    owner = await owners.find(session, user_id)
    return owner, await MemoryRepository(session, user_id).speakers() if owner else []
