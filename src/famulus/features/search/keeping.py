"""One person's index, within the transaction that changes it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from famulus.features.search.errors import IndexOutdated
from famulus.features.search.postings import BLOCK, Blocks, by_block, changed
from famulus.features.search.records import Entry, Kept, Loose, Owner, Use
from famulus.features.search.repository import IndexRepository
from famulus.features.search.words import EDITION, read, with_all_that_follows, written
from famulus.infra.database import Session

MOST_LOOSE = 200_000
"""When so many bytes of words are loose they are packed, be they of few things: searches look through all of them."""
_Weights = dict[str, int]


class Overtaken(Exception):
    """Somebody else has taken the same changes in."""


@dataclass(slots=True)
class _Changes:
    """What is new, has other words or is gone; and how much each word of what is packed is now, zero for nothing."""

    new: list[Kept] = field(default_factory=list)
    changed: list[Kept] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    packed: dict[int, _Weights] = field(default_factory=dict)

    @property
    def take_away(self) -> bool:
        """Whether anything is not to be there any more."""
        return bool(self.gone or self.changed)


class Index:
    """What is known of one person's things."""

    def __init__(self, session: Session, user_id: str) -> None:
        self._session = session
        self._user_id = user_id
        self._repository = IndexRepository(session, user_id)

    async def take_in(self, numbers: Sequence[int], entries: Sequence[Entry]) -> Owner | None:
        """Have the index know of these things what is said of them, and take the notes away; the person then."""
        await self._session.alone(f"index {self._user_id}")
        # What was read before somebody else took the same notes away may be older than what they have read.
        if not await self._repository.settle(numbers):
            raise Overtaken
        owner = await self._repository.owner()
        if owner is None:
            if not any(entry.weights for entry in entries):
                return None
            owner = await self._repository.enter()
        if owner.edition != EDITION:
            raise IndexOutdated("The index is being made anew.")
        known = await self._repository.known(owner.owner, [entry.object_id for entry in entries])
        owner = await self._write(owner, _changes(owner, known, entries))
        await self._repository.count(owner)
        return owner

    async def take_apart(self, most: int) -> bool:
        """Remove so many rows of it; whether there is nothing left. Nothing is found with it from then on."""
        await self._session.alone(f"index {self._user_id}")
        owner = await self._repository.owner()
        if owner is None:
            return True
        if await self._repository.remove_some(owner.owner, most):
            await self._repository.retire(owner.owner)
            return False
        await self._repository.leave(owner.owner)
        return True

    async def _write(self, owner: Owner, changes: _Changes) -> Owner:
        if changes.take_away:
            await self._repository.leave_no_trace()
        if changes.gone:
            await self._repository.remove(owner.owner, changes.gone)
        await self._repository.put(owner.owner, changes.new, changes.changed)
        await self._repository.reweigh(owner.owner, by_block(changes.packed))
        return replace(
            owner,
            last_number=owner.last_number + len(changes.new),
            things=owner.things + len(changes.new) - len(changes.gone),
            # With each change of what is loose it is another number: what has been read of it before is known by that.
            loose=owner.loose + sum(len(thing.words) for thing in (*changes.new, *changes.changed)),
        )

    async def pack(self, packing: "Packing") -> None:
        """Keep the words of what is loose where each word's uses stand together, unless any of it has changed."""
        await self._session.alone(f"index {self._user_id}")
        if await self._repository.owner() == packing.before:
            await self._repository.add(packing.before.owner, packing.new)
            await self._repository.reweigh(packing.before.owner, packing.begun)
            await self._repository.count(packing.after)


@dataclass(frozen=True, slots=True)
class Packing:
    """What is to be packed: found out beforehand, since nobody else can write to SQLite while it is done."""

    before: Owner
    after: Owner
    new: Sequence[Use]
    """The uses in blocks of which nothing is packed yet."""
    begun: Blocks
    """What is added to others."""


def is_full(owner: Owner, most_loose: int) -> bool:
    """Whether enough is loose to be packed."""
    return owner.loose > most_loose or _whole_blocks(owner) > owner.packed


async def loose_things(session: Session, user_id: str) -> tuple[Owner, list[Loose]] | None:
    """What is loose."""
    repository = IndexRepository(session, user_id)
    owner = await repository.owner()
    return (owner, await repository.loose(owner)) if owner else None


def packing_of(owner: Owner, things: Sequence[Loose]) -> Packing:
    """Whole blocks are packed, so that each of their rows is written once; and all, where there are none."""
    upto = _whole_blocks(owner)
    if upto <= owner.packed:
        upto = owner.last_number
    loose = sum(len(thing.words) for thing in things if thing.number > upto)
    weights = {one.number: with_all_that_follows(read(one.words)) for one in things if one.number <= upto}
    blocks = by_block(weights)
    begun = {block: words for block, words in blocks.items() if block == owner.packed // BLOCK and owner.packed}
    new = [
        # In the order in which they are kept: rows that are written one after the other are neighbours.
        Use(word, block, changed(b"", words[word]))
        for block, words in blocks.items()
        if block not in begun
        for word in sorted(words)
    ]
    return Packing(owner, replace(owner, packed=upto, loose=loose), new, begun)


def _whole_blocks(owner: Owner) -> int:
    """The last number of the last block that nothing will be added to."""
    return (owner.last_number + 1) // BLOCK * BLOCK - 1


def _changes(owner: Owner, known: Mapping[tuple[str, str], tuple[int, bytes]], entries: Sequence[Entry]) -> _Changes:
    """What has to be written so that the index has what the entries say."""
    changes = _Changes()
    for entry in entries:
        words = written(entry.weights) if entry.weights else b""
        number, before = known.get((entry.kind, entry.object_id), (0, b""))
        if words == before:
            continue
        if not words:
            changes.gone.append(number)
        elif number:
            changes.changed.append(Kept(number, entry.kind, entry.object_id, words))
        else:
            number = owner.last_number + len(changes.new) + 1
            changes.new.append(Kept(number, entry.kind, entry.object_id, words))
        if number <= owner.packed:
            changes.packed[number] = _difference(read(before) if before else {}, entry.weights)
    return changes


def _difference(before: _Weights, now: _Weights) -> _Weights:
    """What has another weight now, and zero for what is gone."""
    before, now = with_all_that_follows(before), with_all_that_follows(now)
    gone = dict.fromkeys(before.keys() - now.keys(), 0)
    return gone | {word: weight for word, weight in now.items() if before.get(word) != weight}
