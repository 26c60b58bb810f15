"""The index follows what is written: in batches behind it, or when somebody searches, whichever comes first."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial

from famulus.features.search.keeping import MOST_LOOSE, Index, Overtaken, is_full, loose_things, packing_of
from famulus.features.search.records import Change, Entry, Owner
from famulus.features.search.repository import IndexRepository, next_owner, next_waiting
from famulus.features.search.words import marks_of, weights_of
from famulus.infra.database import Database, Session
from famulus.infra.findable import Findable, Findables, Source

# So many things are taken in together.
_AT_ONCE = 128
# The words of so many characters are found within a few milliseconds; those of more are left to another thread.
_FEW_CHARACTERS = 10_000
# So many rows are removed while nobody else can write to SQLite: some hundredths of a second.
_REMOVED_AT_ONCE = 2_000
_Key = tuple[str, str]


class Indexer:
    """Takes changes into the index of whoever they belong to."""

    def __init__(
        self,
        database: Database,
        findables: Sequence[Findable],
        *,
        at_once: int = _AT_ONCE,
        most_loose: int = MOST_LOOSE,
    ) -> None:
        self._database = database
        self._at_once = at_once
        self._most_loose = most_loose
        self._findables = Findables(findables)

    async def next_waiting(self, after: str = "") -> str | None:
        """The next person, in the order of their ids, whose index lags behind."""
        return await self._database.read(partial(next_waiting, after=after))

    async def catch_up(self, user_id: str, *, batches: int = 1) -> bool:
        """Take in what has changed, so many batches of it at most; whether that was all."""

        async def look(session: Session) -> tuple[list[Change], dict[_Key, Source]]:
            noted = await IndexRepository(session, user_id).pending(self._at_once)
            return noted, await self.sources(session, user_id, _keys(noted))

        for _ in range(batches):
            noted, sources = await self._database.read(look)
            if not noted:
                return True
            owner = await self._take_in(user_id, noted, sources)
            if owner and is_full(owner, self._most_loose):
                await self._pack(user_id)
            if len(noted) < self._at_once:
                return True
        return False

    async def sources(self, session: Session, user_id: str, keys: Sequence[_Key]) -> dict[_Key, Source]:
        """The things of a person that can be found, among these."""
        return await self._findables.sources(session, user_id, keys)

    async def renew_outdated(self) -> None:
        """Have everything of those looked at anew whose index is of another edition."""
        after = ""
        while (user_id := await self._next_owner(after, is_outdated=True)) is not None:
            await self._take_apart(user_id)
            await self._database.write(partial(self._findables.note, user_id=user_id))
            after = user_id

    async def note_everything(self) -> None:
        """Have everything that can be found looked at anew."""
        after = ""
        while (user_id := await self._next_owner(after, is_outdated=False)) is not None:
            await self._take_apart(user_id)
            after = user_id
        await self._database.write(self._findables.note)

    async def _take_in(self, user_id: str, noted: Sequence[Change], sources: Mapping[_Key, Source]) -> Owner | None:
        keys = _keys(noted)
        # The words of long texts take their time, and others need the event loop.
        if sum(len(source.text) for source in sources.values()) > _FEW_CHARACTERS:
            entries = await asyncio.to_thread(_entries, keys, sources)
        else:
            entries = _entries(keys, sources)
        numbers = [change.number for change in noted]

        async def take_in(session: Session) -> Owner | None:
            return await Index(session, user_id).take_in(numbers, entries)

        try:
            return await self._database.write(take_in, durable=False)
        except Overtaken:
            return None

    async def _pack(self, user_id: str) -> None:
        loose = await self._database.read(partial(loose_things, user_id=user_id))
        if loose is not None:
            packing = await asyncio.to_thread(packing_of, *loose)
            await self._database.write(lambda session: Index(session, user_id).pack(packing), durable=False)

    async def _next_owner(self, after: str, *, is_outdated: bool) -> str | None:
        return await self._database.read(partial(next_owner, after=after, is_outdated=is_outdated))

    async def _take_apart(self, user_id: str) -> None:
        """Remove somebody's index, a little at a time: others want to write meanwhile."""
        while not await self._database.write(lambda session: Index(session, user_id).take_apart(_REMOVED_AT_ONCE)):
            pass


def _keys(noted: Sequence[Change]) -> list[_Key]:
    return list(dict.fromkeys((change.kind, change.object_id) for change in noted))


def _entries(keys: Sequence[_Key], sources: Mapping[_Key, Source]) -> list[Entry]:
    entries = []
    for kind, object_id in keys:
        source = sources.get((kind, object_id))
        weights = weights_of(source.title, source.text) if source else {}
        if weights and source:
            weights |= marks_of(kind, source.at, source.conversation_id)
        entries.append(Entry(kind, object_id, weights))
    return entries
