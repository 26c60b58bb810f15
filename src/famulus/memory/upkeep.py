"""What is done for the indexes behind everybody's back, a little at a time: however much there is, no search waits.

What an older edition has remembered gets its words, what has no vector of this model gets one, and the vectors of
models that nobody uses any more go.
"""

import time
from collections.abc import Sequence
from functools import partial

import structlog

from famulus.infra.database import Database, Session
from famulus.kit.errors import FamulusError
from famulus.memory import vectors
from famulus.memory.embeddings import Embedder
from famulus.memory.records import Memory
from famulus.memory.repository import index_again, stale
from famulus.memory.words import spoken

_logger = structlog.get_logger()
_AT_ONCE = 64
# So many numbers are looked through at once: a few milliseconds of a thread that searches need too.
_STEP = 2_000
# What is behind the newest by this much at most may have been committed after it: numbers are given before.
_OVERLAP = 1_000
# Until another edition of this program, with another model, has surely made way.
_ROLLOUT_SECONDS = 3_600.0


class Upkeep:
    """Goes through all memories, step by step, and again from where something may be missing."""

    def __init__(
        self, database: Database, embedder: Embedder | None, *, rollout_seconds: float = _ROLLOUT_SECONDS
    ) -> None:
        self._database = database
        self._embedder = embedder
        self._rollout_seconds = rollout_seconds
        # Up to which numbers everything has been looked through; None when nothing is left to be done.
        self._indexed: int | None = 0
        self._embedded = 0
        self._cleared: int | None = 0
        self._all_embedded_at: float | None = None
        # Whoever puts vectors of another model behind this place still uses that model.
        self._first_place: int | None = None
        # What is being embedded just now is not embedded a second time.
        self._under_way: set[int] = set()

    async def step(self) -> bool:
        """Do a little of all that there is to do; whether there may be more."""
        return any([await self._index_some(), await self._embed_some(), await self._clear_some()])

    async def embed(self, made: Sequence[Memory]) -> None:
        """Give these their vectors now; whatever goes wrong, they get them later."""
        if self._embedder is None or not made:
            return
        try:
            # What was sent twice at once is one memory.
            some = {one.number: (one.number, one.user_id, spoken(one.text, one.speaker)) for one in made}
            await self._keep(self._embedder, list(some.values()))
        except FamulusError as error:
            self._embedded = min(self._embedded, min(one.number for one in made) - 1)
            _logger.warning("memory.not_embedded", code=error.code)

    async def _keep(self, embedder: Embedder, some: Sequence[tuple[int, str, str]]) -> None:
        numbers = {number for number, _, _ in some}
        self._under_way |= numbers
        try:
            made = await embedder.embed([text for _, _, text in some])
            found = [(number, user_id, vector) for (number, user_id, _), vector in zip(some, made, strict=True)]
            await self._database.write(lambda session: vectors.add(session, embedder.model, found), durable=False)
        finally:
            self._under_way -= numbers

    async def _index_some(self) -> bool:
        """Index the words of what another edition of this program has remembered."""
        if self._indexed is None:
            return False
        beyond, until = self._indexed, self._indexed + _STEP

        async def look(session: Session) -> tuple[int, list[int]]:
            return await vectors.highest(session), await stale(session, beyond=beyond, until=until, limit=_AT_ONCE)

        highest, found = await self._database.read(look)
        if found:
            await self._database.write(partial(index_again, numbers=found), durable=False)
        if len(found) < _AT_ONCE:
            self._indexed = until if until < highest else None
        return self._indexed is not None

    async def _embed_some(self) -> bool:
        """Give some vectors to what has none."""
        embedder, beyond = self._embedder, self._embedded
        if embedder is None:
            return False

        async def look(session: Session) -> tuple[int, Sequence[tuple[int, str, str, str | None]]]:
            settled = max(await vectors.highest(session) - _OVERLAP, 0)
            until = beyond + _STEP if beyond + _STEP < settled else None
            if until and not await vectors.may_lack(session, embedder.model, beyond=beyond, until=until):
                return settled, []
            missing = vectors.without(session, embedder.model, beyond=beyond, until=until, limit=_AT_ONCE)
            return settled, await missing

        settled, found = await self._database.read(look)
        some = [one for one in found if one[0] not in self._under_way]
        if some:
            await self._keep(
                embedder, [(number, owner, spoken(text, speaker)) for number, owner, text, speaker in some]
            )
        if len(some) == len(found) and self._embedded == beyond:
            until = found[-1][0] if len(found) == _AT_ONCE else beyond + _STEP
            self._embedded = max(min(until, settled), beyond)
            if not found and beyond + _STEP >= settled and self._all_embedded_at is None:
                self._all_embedded_at = time.monotonic()
        return len(some) == _AT_ONCE or beyond < self._embedded < settled

    async def _clear_some(self) -> bool:
        """Remove vectors of models that nobody has used since this process began."""
        if self._embedder is None or self._cleared is None:
            return False
        if self._first_place is None:
            self._first_place = await self._database.read(vectors.last_place)
        if self._all_embedded_at is None or time.monotonic() < self._all_embedded_at + self._rollout_seconds:
            return False
        first_place, model, beyond = self._first_place, self._embedder.model, self._cleared

        async def look(session: Session) -> Sequence[int]:
            newest = await vectors.highest(session) - _OVERLAP
            kept = {model, *await vectors.models_in_use(session, beyond=newest, since=first_place)}
            return await vectors.places_of_others(session, kept, beyond=beyond, until=beyond + _STEP)

        if doomed := await self._database.read(look):
            await self._database.write(partial(vectors.remove_places, places=doomed), durable=False)
            _logger.info("memory.vectors_of_another_model_removed", count=len(doomed))
        self._cleared = beyond + _STEP if beyond + _STEP < first_place else None
        return self._cleared is not None
