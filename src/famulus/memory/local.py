"""The memory in this process: its own units of work, or part of somebody else's."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

from famulus.infra.database import Database, Session, Work
from famulus.kit.clock import Clock, utc_now
from famulus.kit.pages import page_of
from famulus.memory.changes import Accepted, Change, Proposal, ProposalDraft, Proposals, ProposalView
from famulus.memory.keeper import Page
from famulus.memory.learning import learn
from famulus.memory.meaning import Searcher
from famulus.memory.proposals import ProposalBox
from famulus.memory.records import Memory
from famulus.memory.schemas import Found, Hit, MemoryDraft, MemoryPatch, MemoryView, Remembered, Search
from famulus.memory.service import Memories

T = TypeVar("T")


class LocalKeeper:
    """Keeps memories in a database of this process; see `Keeper`."""

    shares_transactions = True

    def __init__(self, database: Database, searcher: Searcher, *, now: Clock = utc_now) -> None:
        self._database = database
        self._searcher = searcher
        self._now = now

    def start(self) -> None:
        """Begin to give every memory its vector."""
        self._searcher.start()

    async def stop(self) -> None:
        """Stop, in good order."""
        await self._searcher.stop()

    async def overview(self, user_id: str, page: Page) -> Remembered | None:
        async def look(session: Session) -> Remembered | None:
            memories = self._of(session, user_id)
            if not await memories.exist():
                return None
            kinds = [page.kind] if page.kind else None
            found = await memories.page(kinds=kinds, after=page.after, limit=page.limit + 1)
            shown = page_of([MemoryView.of(one) for one in found], limit=page.limit, cursor=lambda one: one.id)
            return Remembered(user_id=user_id, past_actions=await memories.past_actions(), **dict(shown))

        return await self._database.read(look)

    async def search(self, user_id: str, wanted: Search) -> Found:
        found = await self._searcher.search(user_id, wanted, at=self._now())
        if not wanted.with_pinned:
            return found
        pinned = await self._read(user_id, lambda memories: memories.pinned(most=wanted.k))
        best = {hit.memory.id: hit for hit in (*map(Hit.for_itself, pinned), *found.data)}
        return found.model_copy(update={"data": list(best.values())})

    async def remember(
        self, user_id: str, drafts: Sequence[MemoryDraft], *, within: Session | None = None, at_leisure: bool = False
    ) -> list[MemoryView]:
        made = await self._write(user_id, lambda memories: memories.remember(drafts), within)
        # Whoever remembers something may look for it at once.
        if within is None and not at_leisure:
            await self._searcher.embed(made)
        return [MemoryView.of(one) for one in made]

    async def find(self, user_id: str, memory_id: str) -> MemoryView:
        return MemoryView.of(await self._read(user_id, lambda memories: memories.find(memory_id)))

    async def change(
        self, user_id: str, memory_id: str, patch: MemoryPatch, *, within: Session | None = None
    ) -> MemoryView:
        return MemoryView.of(await self._write(user_id, lambda memories: memories.change(memory_id, patch), within))

    async def restore(self, user_id: str, memory_id: str) -> MemoryView:
        return MemoryView.of(await self._write(user_id, lambda memories: memories.restore(memory_id), None))

    async def history(self, user_id: str, memory_id: str) -> list[MemoryView]:
        return _views(await self._read(user_id, lambda memories: memories.history(memory_id)))

    async def everything(self, user_id: str, *, after: str | None = None, limit: int | None = None) -> list[MemoryView]:
        return _views(await self._read(user_id, lambda memories: memories.everything(after=after, limit=limit)))

    async def forget(self, user_id: str, memory_id: str, *, within: Session | None = None) -> None:
        async def forget(session: Session) -> None:
            memories = self._of(session, user_id)
            versions = await memories.history(memory_id)
            await memories.forget(memory_id)
            await self._box(session, user_id).drop_about([version.id for version in versions])

        await self._forgetting(user_id, forget, within)

    async def forget_session(self, user_id: str, name: str, *, within: Session | None = None) -> None:
        async def forget(session: Session) -> None:
            await self._of(session, user_id).forget_session(name)
            await self._box(session, user_id).drop_session(name)

        await self._forgetting(user_id, forget, within)

    async def forget_all(self, user_id: str, *, within: Session | None = None) -> None:
        async def forget(session: Session) -> None:
            await self._of(session, user_id).forget_all()
            await self._box(session, user_id).drop_all()

        await self._forgetting(user_id, forget, within)

    async def learn(self, user_id: str, lessons: Sequence[Change], *, within: Session | None = None) -> None:
        async def work(session: Session) -> None:
            await learn(session, user_id, lessons, now=self._now)

        await self._do(work, within)

    async def propose(self, user_id: str, drafts: Sequence[ProposalDraft], *, within: Session | None = None) -> None:
        async def work(session: Session) -> None:
            await self._box(session, user_id).put(drafts)

        await self._do(work, within)

    async def proposals(self, user_id: str, page: Page) -> Proposals:
        async def look(session: Session) -> list[Proposal]:
            return await self._box(session, user_id).page(after=page.after, limit=page.limit + 1)

        found = [ProposalView.model_validate(one, from_attributes=True) for one in await self._database.read(look)]
        return Proposals(**dict(page_of(found, limit=page.limit, cursor=lambda one: one.id)))

    async def accept(self, user_id: str, proposal_id: str) -> Accepted:
        async def work(session: Session) -> Memory | None:
            session.after_commit(lambda: self._searcher.forgotten(user_id))
            return await self._box(session, user_id).accept(proposal_id)

        made = await self._database.write(work)
        return Accepted(memory=MemoryView.of(made) if made else None)

    async def reject(self, user_id: str, proposal_id: str) -> None:
        await self._database.write(lambda session: self._box(session, user_id).reject(proposal_id))

    async def _read(self, user_id: str, look: Callable[[Memories], Coroutine[Any, Any, T]]) -> T:
        return await self._database.read(lambda session: look(self._of(session, user_id)))

    async def _write(
        self, user_id: str, act: Callable[[Memories], Coroutine[Any, Any, T]], within: Session | None
    ) -> T:
        return await self._do(lambda session: act(self._of(session, user_id)), within)

    async def _forgetting(self, user_id: str, forget: Work[None], within: Session | None) -> None:
        async def work(session: Session) -> None:
            session.after_commit(lambda: self._searcher.forgotten(user_id))
            await forget(session)

        await self._do(work, within)

    async def _do(self, work: Work[T], within: Session | None) -> T:
        return await (self._database.write(work) if within is None else work(within))

    def _of(self, session: Session, user_id: str) -> Memories:
        return Memories(session, user_id, now=self._now)

    def _box(self, session: Session, user_id: str) -> ProposalBox:
        return ProposalBox(session, user_id, now=self._now)


def _views(memories: Sequence[Memory]) -> list[MemoryView]:
    return [MemoryView.of(one) for one in memories]
