"""What an archive has of what is remembered, wherever that is kept: every version, of which the current ones return.

What waits for the person to agree goes along as it is, and waits on.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from itertools import islice

import orjson

from famulus.infra.archives import Archive, ArchiveNotUnderstood, Arrival, Entry, Row
from famulus.kit.pages import MAX_LIMIT
from famulus.memory.client import Keeper, MemoryDraft, MemoryView, Page, ProposalDraft, ProposalView, Remembering

_ENTRY, _PROPOSED = "data/memories.jsonl", "data/memory_proposals.jsonl"
_AT_ONCE = 100
_PAGE = 1_000
STAYS = {
    "memory_vectors": "made of the memories",
    "memory_owners": "how the index calls people",
}
KEPT_ELSEWHERE = {"memories": _ENTRY, "memory_proposals": _PROPOSED}


class MemoryPart:
    """What is remembered, and what is proposed to be."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    async def entries(self, user_id: str) -> AsyncIterator[Entry]:
        """Every version of everything, oldest first, and what waits."""

        async def proposals(after: str | None) -> Sequence[ProposalView]:
            return (await self._keeper.proposals(user_id, Page(limit=MAX_LIMIT, after=after))).data

        async def memories(after: str | None) -> Sequence[MemoryView]:
            return await self._keeper.everything(user_id, after=after, limit=_PAGE)

        for name, page in ((_ENTRY, memories), (_PROPOSED, proposals)):
            counted: list[int] = []
            yield Entry(name, _lines(page, counted), rows=counted)

    def check(self, archive: Archive) -> None:
        """Raise unless all of it can be remembered, or proposed."""
        for row in archive.rows(_ENTRY):
            _draft(row)
        for row in archive.rows(_PROPOSED):
            _proposal(row)

    async def take(self, archive: Archive, arrival: Arrival) -> None:
        """Remember what is not remembered yet: a memory comes back under the name it had, once."""
        archive.begin_again()
        there = await self._there(arrival.user_id)
        current = (row for row in archive.rows(_ENTRY) if row["superseded_by"] is None)
        total = imported = 0
        while some := list(islice(current, _AT_ONCE)):
            fresh = [row for row in some if row["id"] not in there]
            drafts = [_moved(_draft(row), arrival) for row in fresh]
            made = await self._keeper.remember(arrival.user_id, drafts, at_leisure=True) if drafts else []
            arrival.renamed |= {row["id"]: memory.id for row, memory in zip(fresh, made, strict=True)}
            imported += sum(memory.id not in there for memory in made)
            total += len(some)
        arrival.note("memories", imported=imported, known=total - imported, total=total)
        await self._take_proposals(archive, arrival)

    async def _take_proposals(self, archive: Archive, arrival: Arrival) -> None:
        """Propose again what waited, but for changes to memories that are not here."""
        here = await self._there(arrival.user_id)
        before = await self._proposed(arrival.user_id)
        total = fitting = 0
        rows = (_proposal(row) for row in archive.rows(_PROPOSED))
        while some := list(islice(rows, _AT_ONCE)):
            drafts = [
                draft for draft in (_reproposed(one, arrival, here) for one in some if one.id not in before) if draft
            ]
            if drafts:
                await self._keeper.propose(arrival.user_id, drafts)
            total += len(some)
            fitting += len(drafts) + sum(one.id in before for one in some)
        imported = len(await self._proposed(arrival.user_id) - before)
        arrival.note("memory_proposals", imported=imported, known=fitting - imported, total=total)

    async def _there(self, user_id: str) -> set[str]:
        """The ids of every version of everything."""
        ids: set[str] = set()
        after: str | None = None
        while some := await self._keeper.everything(user_id, after=after, limit=_PAGE):
            ids.update(memory.id for memory in some)
            after = some[-1].id
        return ids

    async def _proposed(self, user_id: str) -> set[str]:
        ids: set[str] = set()
        after: str | None = None
        while some := (await self._keeper.proposals(user_id, Page(limit=MAX_LIMIT, after=after))).data:
            ids.update(proposal.id for proposal in some)
            after = some[-1].id
        return ids


async def _lines(
    page: Callable[[str | None], Awaitable[Sequence[MemoryView] | Sequence[ProposalView]]], counted: list[int]
) -> AsyncIterator[bytes]:
    after: str | None = None
    while some := await page(after):
        counted.append(len(some))
        for at in range(0, len(some), _AT_ONCE):
            said = map(_told, some[at : at + _AT_ONCE])
            yield b"".join(orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE) for one in said)
        after = some[-1].id


def _told(one: MemoryView | ProposalView) -> Row:
    if isinstance(one, MemoryView):
        return one.model_dump(mode="json", exclude={"user_id"})
    # What a change leaves unsaid, it leaves as it is.
    return {**one.model_dump(mode="json"), "change": one.change.model_dump(mode="json", exclude_none=True)}


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


def _proposal(row: Row) -> ProposalView:
    try:
        proposal = ProposalView.model_validate(row)
        _draft_of(proposal)
    except (ValueError, TypeError):
        raise ArchiveNotUnderstood("A proposal in the archive is none.", entry=_PROPOSED) from None
    return proposal


def _draft_of(proposal: ProposalView) -> ProposalDraft:
    return ProposalDraft(
        key=f"archive {proposal.id}", change=proposal.change, session=proposal.session, source_id=proposal.source_id
    )


def _reproposed(proposal: ProposalView, arrival: Arrival, here: set[str]) -> ProposalDraft | None:
    """As it is proposed here; nothing of what would change a memory that is not here."""
    change = proposal.change
    if isinstance(change, Remembering):
        change = change.model_copy(update={"draft": _moved(change.draft, arrival)})
    elif (memory_id := arrival.name_of(change.memory_id)) in here:
        change = change.model_copy(update={"memory_id": memory_id})
    else:
        return None
    names = {"session": proposal.session, "source_id": proposal.source_id}
    moved = {field: arrival.name_of(name) for field, name in names.items() if name}
    return _draft_of(proposal).model_copy(update={"change": change, **moved})
