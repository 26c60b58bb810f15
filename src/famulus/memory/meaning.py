"""Searching by meaning beside words, where there is a model for it; and giving a vector to what has none yet."""

import asyncio
import importlib
import re
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

import structlog

from famulus.infra.database import Database, Session
from famulus.kit.errors import FamulusError
from famulus.memory import vectors
from famulus.memory.embeddings import Embedder
from famulus.memory.records import Memory
from famulus.memory.repository import MemoryRepository
from famulus.memory.retrieval import search
from famulus.memory.schemas import Found, Search

_logger = structlog.get_logger()
_NEAREST, _NEAREST_BEFORE_FILTERS = 200, 2_000
_AT_ONCE = 64
_PAUSE_SECONDS, _LONG_PAUSE_SECONDS = 1.0, 10.0


class Searcher:
    """Finds memories by all the means that this process has."""

    def __init__(self, database: Database, embedder: Embedder | None) -> None:
        self._database = database
        self._embedder = embedder
        self._shelf: Any = None
        self._catching_up: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to give vectors to what has none: what a tool remembered, or another model has embedded."""
        if self._embedder is not None:
            self._catching_up = asyncio.create_task(self._catch_up(self._embedder))

    async def stop(self) -> None:
        """Stop, in good order."""
        if self._catching_up is not None:
            self._catching_up.cancel()
            await asyncio.wait({self._catching_up})
        if self._embedder is not None:
            self._embedder.close()

    async def search(self, user_id: str, wanted: Search, *, at: datetime) -> Found:
        """What is remembered about the query; by its words alone when its meaning cannot be had."""
        vector = await self._meaning_of(user_id, wanted.query) if wanted.query.strip() else None

        async def look(session: Session) -> Found:
            meanings = None
            if vector is not None:
                most = _NEAREST if wanted.filters.model_dump(exclude_none=True) == {} else _NEAREST_BEFORE_FILTERS
                meanings = await self._shelved().near(session, user_id, vector, most=most)
            return await search(session, user_id, wanted, at=at, meanings=meanings)

        return await self._database.read(look)

    async def embed(self, made: Sequence[Memory]) -> None:
        """Give these their vectors now; whatever goes wrong, they get them later."""
        if self._embedder is None or not made:
            return
        try:
            await self._keep(self._embedder, [(one.number, one.user_id, one.text) for one in made])
        except FamulusError as error:
            _logger.warning("memory.not_embedded", code=error.code)

    def forgotten(self, user_id: str) -> None:
        """Let go of a person's vectors, of which some are not to be kept any more."""
        if self._shelf is not None:
            self._shelf.drop(user_id)

    def _shelved(self) -> Any:
        if self._shelf is None and self._embedder is not None:
            self._shelf = importlib.import_module("famulus.memory.shelf").Shelf(self._embedder.model)
        return self._shelf

    async def _meaning_of(self, user_id: str, query: str) -> bytes | None:
        if self._embedder is None:
            return None
        names = await self._database.read(lambda session: MemoryRepository(session, user_id).speakers())
        try:
            return (await self._embedder.embed([without_names(query, names)]))[0]
        except FamulusError as error:
            _logger.warning("memory.lexical_for_now", code=error.code)
            return None

    async def _keep(self, embedder: Embedder, some: Sequence[tuple[int, str, str]]) -> None:
        made = await embedder.embed([text for _, _, text in some])
        found = [(number, user_id, vector) for (number, user_id, _), vector in zip(some, made, strict=True)]
        await self._database.write(lambda session: vectors.add(session, embedder.model, found), durable=False)

    async def _catch_up(self, embedder: Embedder) -> None:
        done = 0
        while True:
            pause = _PAUSE_SECONDS
            try:
                look = partial(vectors.without, model=embedder.model, beyond=done, limit=_AT_ONCE)
                some = await self._database.read(look)
                if some:
                    await self._keep(embedder, [tuple(row) for row in some])
                    done, pause = some[-1][0], 0
            except FamulusError as error:
                _logger.warning("memory.embedding_waits", code=error.code)
                pause = _LONG_PAUSE_SECONDS
            await asyncio.sleep(pause)


def without_names(query: str, names: Sequence[str]) -> str:
    """The query without the names of those who talk: everything they said is near to their names."""
    words = {word for name in names for word in name.lower().split()}
    kept = [word for word in query.split() if re.sub(r"(['\u2019]s)?\W*$", "", word.lower()) not in words]
    return " ".join(kept) or query
