"""What the memory has to say: asked as everybody asks it, and not waited for longer than it is worth."""

import asyncio
from dataclasses import dataclass, field

import structlog

from famulus.features.search.queries import Query
from famulus.features.search.records import Found
from famulus.features.search.schemas import Search
from famulus.features.search.words import composed, folded
from famulus.infra.findable import Source
from famulus.kit.errors import FamulusError
from famulus.memory import client

_logger = structlog.get_logger()
_MOST = 50
# What has none of the words has to be as near as this in its meaning.
_NEAR = 0.4


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is remembered about a query."""

    hits: list[Found] = field(default_factory=list)
    by_meaning: bool = False
    is_silent: bool = False
    """Whether the memory does not answer."""
    has_all: bool = False
    """Whether something has all the words."""


class Rememberer:
    """Asks the memory, wherever it is."""

    def __init__(self, keeper: client.Keeper, *, deadline_seconds: float) -> None:
        self._keeper = keeper
        self._deadline = deadline_seconds

    async def about(self, user_id: str, search: Search, query: Query) -> Remembered:
        """What is remembered; a search is worth more than that, and goes on without."""
        if not search.wants("memory"):
            return Remembered()
        filters = client.Filters(session=search.conversation_id, since=search.since, until=search.until)
        wanted = client.Search(query=search.query, k=_MOST, filters=filters)
        try:
            async with asyncio.timeout(self._deadline):
                found = await self._keeper.search(user_id, wanted)
        except (TimeoutError, FamulusError) as error:
            _logger.warning("search.memory_unavailable", error=type(error).__name__)
            return Remembered(is_silent=True)
        near = [hit for hit in found.data if hit.reason.words or (hit.reason.dense or 0) >= _NEAR]
        fitting = [hit for hit in near if query.admits(folded(composed(hit.memory.text)))]
        asked = {wanted.term for wanted in query.words}
        return Remembered(
            [_found(hit) for hit in fitting],
            by_meaning=found.mode == "fused",
            has_all=any(asked <= set(hit.reason.words) for hit in fitting),
        )


def _found(hit: client.Hit) -> Found:
    memory = hit.memory
    source = Source(memory.id, "", memory.text, "", memory.said_at, memory.session, None)
    return Found("memory", source, round(min(hit.score, 1.0), 2))
