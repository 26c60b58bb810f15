"""Search in this process: what can be found, and the index that follows it."""

import asyncio

import structlog

from famulus.features.calendar.findable import FINDABLE as EVENTS
from famulus.features.conversations.findable import FINDABLE as CONVERSATIONS
from famulus.features.files.findable import FINDABLE as FILES
from famulus.features.goals.findable import FINDABLE as GOALS
from famulus.features.notifications.findable import FINDABLE as NOTIFICATIONS
from famulus.features.reminders.findable import FINDABLE as REMINDERS
from famulus.features.search.finding import Finder
from famulus.features.search.indexing import Indexer
from famulus.features.search.remembered import Rememberer
from famulus.features.search.tools import SearchTools
from famulus.infra.clients import close_clients, get_database
from famulus.infra.database import Database
from famulus.kit.errors import FamulusError
from famulus.memory.client import Keeper

FINDABLE = (*CONVERSATIONS, *FILES, *GOALS, *EVENTS, *REMINDERS, *NOTIFICATIONS)
"""Everything that can be found, but for what the memory keeps."""
_PAUSE_SECONDS = 1.0
_PATIENCE_SECONDS = 2.0
_logger = structlog.get_logger()


async def note_everything() -> None:
    """Have everything that can be found looked at anew, by whichever server is running or started next."""
    try:
        await Indexer(get_database(), FINDABLE).note_everything()
    finally:
        await close_clients()


class SearchRoom:
    """The index, and what works on it in this process."""

    def __init__(self, database: Database, keeper: Keeper) -> None:
        self._indexer = Indexer(database, FINDABLE)
        self.finder = Finder(database, self._indexer, Rememberer(keeper, deadline_seconds=_PATIENCE_SECONDS))
        self.tools = SearchTools(database, self.finder).all()
        self._following: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to follow what is written."""
        self._following = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        """Stop; what is not taken in by now is by whoever comes next."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.wait({self._following})

    async def _follow(self) -> None:
        loop = asyncio.get_running_loop()
        after = ""
        while True:
            began = loop.time()
            try:
                # One batch of each person's, so that nobody's thousands hold up somebody's one.
                found = await self._indexer.next_waiting(after)
                if found is not None:
                    await self._indexer.catch_up(found)
            except FamulusError as error:
                _logger.warning("search.not_indexed", code=error.code)
                found = None
            except Exception:
                _logger.exception("search.broken")
                found = None
            # As long as it has worked it lets others work; when nobody is left it begins anew, after a while.
            await asyncio.sleep(loop.time() - began if found or after else _PAUSE_SECONDS)
            after = found or ""
