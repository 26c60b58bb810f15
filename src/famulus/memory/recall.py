"""Recall for a run: within a deadline, or not at all."""

import asyncio
import time

import structlog

from famulus.infra.database import Database, Session
from famulus.kit.clock import utc_now
from famulus.kit.errors import FamulusError
from famulus.memory.meaning import Searcher
from famulus.memory.schemas import Filters, Hit, Search
from famulus.memory.service import Memories

_logger = structlog.get_logger()
_LONGEST_QUERY = 2_000
# What it did before is the assistant's to look up, and not to be told each time.
_KINDS = Filters(kinds=["fact", "preference", "event", "turn"])


class Breaker:
    """Stops asking what has failed several times in a row, and asks again after a pause."""

    def __init__(self, *, failures: int = 3, pause_seconds: float = 5) -> None:
        self._most = failures
        self._pause_seconds = pause_seconds
        self._failures = 0
        self._asked_at = 0.0

    @property
    def is_open(self) -> bool:
        """Whether it is no use to ask now."""
        return self._failures >= self._most and time.monotonic() - self._asked_at < self._pause_seconds

    def succeeded(self) -> None:
        """It answers (again)."""
        self._failures = 0

    def failed(self) -> None:
        """It did not answer."""
        self._failures += 1
        self._asked_at = time.monotonic()


class Recall:
    """What is remembered about something, for a run that cannot wait for it."""

    def __init__(self, database: Database, searcher: Searcher, *, deadline_seconds: float = 0.3, most: int = 8) -> None:
        self._database = database
        self._searcher = searcher
        self._deadline_seconds = deadline_seconds
        self._most = most
        self._breaker = Breaker()

    async def about(self, user_id: str, question: str) -> list[Hit] | None:
        """What is pinned, and what is remembered about the question; None when the memory does not answer in time."""
        if self._breaker.is_open:
            return None
        try:
            async with asyncio.timeout(self._deadline_seconds):
                hits = await self._look(user_id, question[:_LONGEST_QUERY])
        except (TimeoutError, FamulusError) as error:
            self._breaker.failed()
            _logger.warning("memory.unavailable", user_id=user_id, error=type(error).__name__)
            return None
        except Exception:
            self._breaker.failed()
            _logger.exception("memory.broken", user_id=user_id)
            return None
        self._breaker.succeeded()
        return hits

    async def _look(self, user_id: str, question: str) -> list[Hit]:
        wanted = Search(query=question, k=self._most, filters=_KINDS)

        async def look(session: Session) -> list[Hit] | None:
            memories = Memories(session, user_id)
            if not await memories.exist():
                return None
            return [Hit.for_itself(one) for one in await memories.pinned(most=self._most)]

        pinned = await self._database.read(look)
        if pinned is None or not question.strip():
            return pinned or []
        found = (await self._searcher.search(user_id, wanted, at=utc_now())).data
        return list({hit.memory.id: hit for hit in (*pinned, *found)}.values())
