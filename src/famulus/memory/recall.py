"""Recall for a run: within a deadline, or not at all."""

import asyncio

import structlog

from famulus.kit.errors import FamulusError
from famulus.memory.breaker import Breaker
from famulus.memory.keeper import Keeper
from famulus.memory.schemas import Filters, Hit, Search
from famulus.settings import MemorySettings

_logger = structlog.get_logger()
_LONGEST_QUERY = 2_000
# What it did before is the assistant's to look up, and not to be told each time.
_KINDS = Filters(kinds=["fact", "preference", "event", "turn"])


class Recall:
    """What is remembered about something, for a run that cannot wait for it."""

    def __init__(self, keeper: Keeper, settings: MemorySettings) -> None:
        self._keeper = keeper
        self._settings = settings
        self._breaker = Breaker(pause_seconds=settings.pause_seconds)

    async def about(self, user_id: str, question: str) -> list[Hit] | None:
        """What is pinned, and what is remembered about the question; None when the memory does not answer in time."""
        if not self._breaker.admits():
            return None
        wanted = Search(query=question[:_LONGEST_QUERY], k=self._settings.recalled, filters=_KINDS, with_pinned=True)
        try:
            async with asyncio.timeout(self._settings.deadline_seconds):
                found = await self._keeper.search(user_id, wanted)
        except (TimeoutError, FamulusError) as error:
            self._breaker.failed()
            _logger.warning("memory.unavailable", user_id=user_id, error=type(error).__name__)
            return None
        except Exception:
            self._breaker.failed()
            _logger.exception("memory.broken", user_id=user_id)
            return None
        self._breaker.succeeded()
        return found.data
