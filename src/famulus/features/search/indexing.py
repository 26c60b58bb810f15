"""The index follows what is written: in batches behind it, or when somebody searches, whichever comes first."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from famulus.features.search.records import Change, Entry, Owner
from famulus.features.search.repository import IndexRepository, next_waiting
from famulus.features.search.words import marks_of, weights_of
from famulus.infra.database import Database, Session
from famulus.infra.findable import Findable, Source

# As many things as are taken in while nobody else can write to SQLite: a hundredth of a second or two.
_AT_ONCE = 32
_Key = tuple[str, str]


class Overtaken(Exception):
    """Somebody else has taken the same changes in."""


class Indexer:
    """Takes changes into the index of whoever they belong to."""

    def __init__(self, database: Database, findables: Sequence[Findable], *, at_once: int = _AT_ONCE) -> None:
        self._database = database
        self._at_once = at_once
        self._findables = {findable.kind: findable for findable in findables}

    async def next_waiting(self, after: str = "") -> str | None:
        """The next person, in the order of their ids, whose index lags behind."""
        return await self._database.read(partial(next_waiting, after=after))

    async def catch_up(self, user_id: str, *, batches: int = 1) -> bool:
        """Take in what has changed, so many batches of it at most; whether that was all."""
        for _ in range(batches):
            noted = await self._database.read(lambda session: IndexRepository(session, user_id).pending(self._at_once))
            if not noted:
                return True
            await self._take_in(user_id, noted)
            if len(noted) < self._at_once:
                return True
        return False

    async def note_everything(self) -> None:
        """Have everything that can be found looked at anew."""

        async def note(session: Session) -> None:
            for findable in self._findables.values():
                await session.execute(findable.note_all())

        await self._database.write(note)

    async def _take_in(self, user_id: str, noted: Sequence[Change]) -> None:
        keys = dict.fromkeys((change.kind, change.object_id) for change in noted)
        sources = await self._database.read(lambda session: self.sources(session, user_id, list(keys)))
        # The words of long texts take their time, and others need the event loop.
        entries = await asyncio.to_thread(_entries, list(keys), sources)
        numbers = [change.number for change in noted]
        try:
            await self._database.write(
                lambda session: _Index(session, user_id).take_in(numbers, entries), durable=False
            )
        except Overtaken:
            return

    async def sources(self, session: Session, user_id: str, keys: Sequence[_Key]) -> dict[_Key, Source]:
        """The things of a person that can be found, among these."""
        found: dict[_Key, Source] = {}
        for kind, findable in self._findables.items():
            ids = [object_id for of_kind, object_id in keys if of_kind == kind]
            if ids:
                rows = await session.execute(findable.rows, findable.sought(user_id, ids))
                found.update({(kind, row[0]): Source(*row) for row in rows})
        return found


def _entries(keys: Sequence[_Key], sources: Mapping[_Key, Source]) -> list[Entry]:
    entries = []
    for kind, object_id in keys:
        source = sources.get((kind, object_id))
        weights = weights_of(source.title, source.text) if source else {}
        if weights and source:
            weights |= marks_of(kind, source.at, source.conversation_id)
        entries.append(Entry(kind, object_id, weights))
    return entries


@dataclass(slots=True)
class _Changes:
    """What is new, has other words or is gone, by number; and how much each word is now, zero for what is gone."""

    new: dict[int, Entry] = field(default_factory=dict)
    known: dict[int, Entry] = field(default_factory=dict)
    gone: list[int] = field(default_factory=list)
    weights: dict[int, dict[str, int]] = field(default_factory=dict)


class _Index:
    """The index of one person, within the transaction that changes it."""

    def __init__(self, session: Session, user_id: str) -> None:
        self._session = session
        self._user_id = user_id
        self._repository = IndexRepository(session, user_id)

    async def take_in(self, numbers: Sequence[int], entries: Sequence[Entry]) -> None:
        """Have the index know of these things what is said of them, and take the notes away."""
        await self._session.alone(f"index {self._user_id}")
        # What was read before somebody else took the same notes away may be older than what they have read.
        if not await self._repository.settle(numbers):
            raise Overtaken
        owner = await self._repository.owner()
        if owner is None:
            if not any(entry.weights for entry in entries):
                return
            owner = await self._repository.enter()
        known = await self._repository.known(owner.owner, entries)
        await self._write(owner, _changes(owner, known, entries))

    async def _write(self, owner: Owner, changes: _Changes) -> None:
        if any(not weight for by_word in changes.weights.values() for weight in by_word.values()):
            await self._repository.leave_no_trace()
        if changes.gone:
            await self._repository.remove(owner.owner, changes.gone)
        await self._repository.put(owner.owner, changes.new, changes.known)
        await self._repository.reweigh(owner.owner, changes.weights)
        last_number = owner.last_number + len(changes.new)
        things = owner.things + len(changes.new) - len(changes.gone)
        await self._repository.count(replace(owner, last_number=last_number, things=things))


def _changes(owner: Owner, known: Mapping[_Key, tuple[int, dict[str, int]]], entries: Sequence[Entry]) -> _Changes:
    """What has to be written so that the index has what the entries say."""
    changes = _Changes()
    for entry in entries:
        number, before = known.get((entry.kind, entry.object_id), (0, {}))
        if entry.weights == before:
            continue
        if not entry.weights:
            changes.gone.append(number)
        elif number:
            changes.known[number] = entry
        else:
            number = owner.last_number + len(changes.new) + 1
            changes.new[number] = entry
        changes.weights[number] = _difference(before, entry.weights)
    return changes


def _difference(before: Mapping[str, int], now: Mapping[str, int]) -> dict[str, int]:
    """What has another weight now, and zero for what is gone."""
    gone = dict.fromkeys(before.keys() - now.keys(), 0)
    return gone | {word: weight for word, weight in now.items() if before.get(word) != weight}
