"""Changes that wait for the person to agree, within one unit of work: nothing of them is recalled before."""

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from famulus.infra.database import Session
from famulus.infra.full_text import overwrite_what_is_removed
from famulus.kit.clock import Clock, utc_now
from famulus.kit.ids import new_id
from famulus.memory.changes import Change, Correcting, Forgetting, Proposal, ProposalDraft
from famulus.memory.errors import ProposalNotFound
from famulus.memory.records import Memory
from famulus.memory.service import Memories
from famulus.memory.tables import memory_proposals


class ProposalBox:
    """What is proposed to one person."""

    def __init__(self, session: Session, user_id: str, *, now: Clock = utc_now) -> None:
        self._session = session
        self._user_id = user_id
        self._now = now
        self._mine = memory_proposals.c.user_id == user_id

    async def put(self, drafts: Sequence[ProposalDraft]) -> list[Proposal]:
        """Keep these until the person says yes or no; what has the same key is kept once."""
        keys = [draft.key for draft in drafts]
        mine = self._mine, memory_proposals.c.key.in_(keys)
        known = {proposal.key: proposal for proposal in await self._all(*mine)}
        fresh = {draft.key: self._row(draft) for draft in drafts if draft.key not in known}
        if fresh:
            await self._session.execute(sa.insert(memory_proposals), list(fresh.values()))
        known |= {key: Proposal(**row) for key, row in fresh.items()}
        return [known[key] for key in keys]

    async def page(self, *, after: str | None, limit: int) -> list[Proposal]:
        """What waits, oldest first, from behind proposal `after` on."""
        return await self._all(memory_proposals.c.id > (after or ""), limit=limit)

    async def accept(self, proposal_id: str) -> Memory | None:
        """Carry the change out; the memory that comes of it, if one does."""
        proposal = await self._find(proposal_id)
        done = await carry_out(Memories(self._session, self._user_id, now=self._now), proposal.change)
        await self._remove(memory_proposals.c.id == proposal_id)
        return done

    async def reject(self, proposal_id: str) -> None:
        """Drop the change."""
        await self._find(proposal_id)
        await self._remove(memory_proposals.c.id == proposal_id)

    async def drop_session(self, name: str) -> None:
        """Drop what came up in one session."""
        await self._remove(memory_proposals.c.session == name)

    async def drop_all(self) -> None:
        """Drop everything."""
        await self._remove(sa.true())

    async def drop_about(self, memory_ids: Collection[str]) -> None:
        """Drop what would change memories that are being forgotten."""
        await self._remove(memory_proposals.c.memory_id.in_(memory_ids))

    async def _find(self, proposal_id: str) -> Proposal:
        found = await self._all(memory_proposals.c.id == proposal_id)
        if not found:
            raise ProposalNotFound
        return found[0]

    async def _all(self, *where: sa.ColumnElement[bool], limit: int | None = None) -> list[Proposal]:
        query = sa.select(memory_proposals).where(self._mine, *where).order_by(memory_proposals.c.id).limit(limit)
        return [Proposal.model_validate(row, from_attributes=True) for row in await self._session.execute(query)]

    async def _remove(self, which: sa.ColumnElement[bool]) -> None:
        await overwrite_what_is_removed(self._session)
        await self._session.execute(sa.delete(memory_proposals).where(self._mine, which))

    def _row(self, draft: ProposalDraft) -> dict[str, Any]:
        change = draft.change.model_dump(mode="json", exclude_unset=True)
        return {
            "id": new_id("prop"), "user_id": self._user_id, "key": draft.key, "change": change,
            "memory_id": getattr(draft.change, "memory_id", None), "session": draft.session,
            "source_id": draft.source_id, "created_at": self._now(),
        }  # fmt: skip


async def carry_out(memories: Memories, change: Change) -> Memory | None:
    """Make the change; the memory that comes of it, if one does."""
    match change:
        case Correcting():
            return await memories.change(change.memory_id, change.patch)
        case Forgetting():
            await memories.forget(change.memory_id)
            return None
        case _:
            return (await memories.remember([change.draft]))[0]
