"""Search in this process: what can be found, and the index that follows it."""

import asyncio
import contextlib

from famulus.features.calendar.findable import FINDABLE as EVENTS
from famulus.features.conversations.findable import FINDABLE as CONVERSATIONS
from famulus.features.files.findable import FINDABLE as FILES
from famulus.features.goals.findable import FINDABLE as GOALS
from famulus.features.notifications.findable import FINDABLE as NOTIFICATIONS
from famulus.features.reminders.findable import FINDABLE as REMINDERS
from famulus.features.search.errors import IndexOutdated
from famulus.features.search.finding import Finder
from famulus.features.search.indexing import Indexer
from famulus.features.search.remembered import Rememberer
from famulus.features.search.tools import SearchTools
from famulus.infra.clients import close_clients, get_database
from famulus.infra.database import Database
from famulus.kit.loops import forever
from famulus.memory.client import Keeper

FINDABLE = (*CONVERSATIONS, *FILES, *GOALS, *EVENTS, *REMINDERS, *NOTIFICATIONS)
"""Everything that can be found, but for what the memory keeps."""
# What is written meanwhile is taken in together, for little more than one of it would cost.
_PAUSE_SECONDS = 2.0
_PATIENCE_SECONDS = 2.0


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
        self._is_renewed = False
        self._following: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to follow what is written."""
        self._following = asyncio.create_task(forever("search", self._step, after_failure_seconds=_PAUSE_SECONDS))

    async def stop(self) -> None:
        """Stop; what is not taken in by now is by whoever comes next."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.wait({self._following})

    async def _step(self) -> float:
        if not self._is_renewed:
            await self._indexer.renew_outdated()
            self._is_renewed = True
        return await self._follow()

    async def _follow(self) -> float:
        """Take in what everybody has written, and let it gather again; for how long."""
        after, is_behind = "", False
        loop = asyncio.get_running_loop()
        while (found := await self._indexer.next_waiting(after)) is not None:
            began = loop.time()
            # One batch of each person's, so that nobody's thousands hold up somebody's one.
            with contextlib.suppress(IndexOutdated):
                is_behind |= not await self._indexer.catch_up(found)
            after = found
            # As long as it has worked it lets others work.
            await asyncio.sleep(loop.time() - began)
        return 0 if is_behind else _PAUSE_SECONDS
