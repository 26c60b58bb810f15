"""What an archive has of what is remembered, wherever that is kept: every version, of which the current ones return."""

from collections.abc import AsyncIterator
from itertools import islice

import orjson

from famulus.infra.archives import Archive, ArchiveNotUnderstood, Arrival, Entry, Row
from famulus.memory.client import Keeper, MemoryDraft, MemoryView

_ENTRY = "data/memories.jsonl"
_AT_ONCE = 100
STAYS = {
    "memory_vectors": "made of the memories",
    "memory_owners": "how the index calls people",
    "memory_proposals": "nobody has agreed to remember it",
}
KEPT_ELSEWHERE = {"memories": _ENTRY}


class MemoryPart:
    """What is remembered."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    async def entries(self, user_id: str) -> AsyncIterator[Entry]:
        """Every version of everything, oldest first."""
        memories = await self._keeper.everything(user_id)
        yield Entry(_ENTRY, _lines(memories), rows=[len(memories)])

    def check(self, archive: Archive) -> None:
        """Raise unless all of it can be remembered."""
        for row in archive.rows(_ENTRY):
            _draft(row)

    async def take(self, archive: Archive, arrival: Arrival) -> None:
        """Remember what is not remembered yet: a memory comes back under the name it had, once."""
        archive.begin_again()
        there = {memory.id for memory in await self._keeper.everything(arrival.user_id)}
        current = (row for row in archive.rows(_ENTRY) if row["superseded_by"] is None)
        total = imported = 0
        while some := list(islice(current, _AT_ONCE)):
            drafts = [_moved(_draft(row), arrival) for row in some if row["id"] not in there]
            made = await self._keeper.remember(arrival.user_id, drafts) if drafts else []
            imported += sum(memory.id not in there for memory in made)
            total += len(some)
        arrival.note("memories", imported=imported, known=total - imported, total=total)


async def _lines(memories: list[MemoryView]) -> AsyncIterator[bytes]:
    for at in range(0, len(memories), _AT_ONCE):
        some = memories[at : at + _AT_ONCE]
        yield b"".join(
            orjson.dumps(memory.model_dump(mode="json", exclude={"user_id"}), option=orjson.OPT_APPEND_NEWLINE)
            for memory in some
        )


def _draft(row: Row) -> MemoryDraft:
    try:
        # As whoever keeps memories shows them, they are whole; nobody else is whose they are.
        memory = MemoryView.model_validate({**row, "user_id": ""})
        said = memory.model_dump(include=set(MemoryDraft.model_fields), mode="json")
        return MemoryDraft.model_validate({**said, "key": f"archive {memory.id}"})
    except (ValueError, TypeError):
        raise ArchiveNotUnderstood("A memory in the archive is none.", entry=_ENTRY) from None


def _moved(draft: MemoryDraft, arrival: Arrival) -> MemoryDraft:
    """As it is remembered here: what it was said in may have another name."""
    names = {"session": draft.session, "source_id": draft.source_id}
    return draft.model_copy(update={field: arrival.name_of(name) for field, name in names.items() if name})
