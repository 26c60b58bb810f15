"""Recall for a run: within a deadline, or not at all."""

import asyncio
from collections.abc import Sequence

import structlog

from famulus.kit.errors import FamulusError
from famulus.memory.breaker import Breaker
from famulus.memory.keeper import Keeper
from famulus.memory.schemas import Filters, Hit, Search
from famulus.settings import MemorySettings

_logger = structlog.get_logger()
_LONGEST_QUERY = 2_000
# What was said word for word there is much of: a few of it are shown, and looked for among more.
_MOST_TURNS, _LOOK_AT = 3, 2
# What is less near than this, by its words or its meaning, has nothing to do with what is asked: so it was measured
# with `python -m bench.memory.floor`. What was said in reply may have to do with it only through what it replies to.
NEAR = 0.2
_NEAR_BESIDE, _MUCH_OF_THE_WORDS = 0.4, 0.4
# What it did before is the assistant's to look up, and not to be told each time.
_KINDS = Filters(kinds=["fact", "preference", "event", "turn"])


class Recall:
    """What is remembered about something, for a run that cannot wait for it."""

    def __init__(self, keeper: Keeper, settings: MemorySettings) -> None:
        self._keeper = keeper
        self._settings = settings
        self._breaker = Breaker(pause_seconds=settings.pause_seconds)

    async def about(self, user_id: str, question: str, *, session: str | None = None) -> list[Hit] | None:
        """What is pinned, and what is remembered about the question; None when the memory does not answer in time.

        What was said word for word in this very `session` is known without being remembered.
        """
        if not self._breaker.admits():
            return None
        most = self._settings.recalled
        wanted = Search(query=question[:_LONGEST_QUERY], k=_LOOK_AT * most, filters=_KINDS, with_pinned=True)
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
        return _chosen(found.data, most, session)


def is_about_it(hit: Hit, *, near: float = NEAR) -> bool:
    """Whether something was found for more than that there was nothing better."""
    reason = hit.reason
    if reason.dense is None:
        # Of a long question a memory has few words in any case, and nothing else is known.
        return bool(reason.words)
    if hit.memory.kind == "turn" and reason.beside is not None and reason.beside >= _NEAR_BESIDE:
        return True
    # The words of what stands beside it are counted in; some must be its own.
    has_words = bool(reason.words) and (reason.lexical or 0.0) >= _MUCH_OF_THE_WORDS
    return reason.dense >= near or has_words


def _chosen(hits: Sequence[Hit], most: int, session: str | None) -> list[Hit]:
    """The best of what has to do with it, with no more than a few that are only what somebody said."""
    chosen: list[Hit] = []
    turns = 0
    for hit in hits:
        if not (hit.memory.pinned or is_about_it(hit)):
            continue
        if hit.memory.kind == "turn":
            if turns == _MOST_TURNS or (session is not None and hit.memory.session == session):
                continue
            turns += 1
        # What is pinned stands first, and takes nobody's place.
        if hit.memory.pinned or most > 0:
            chosen.append(hit)
            most -= not hit.memory.pinned
    return chosen
