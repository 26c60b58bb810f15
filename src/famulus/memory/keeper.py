"""What a memory can be asked to do, whether it lives in this process or in one of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from famulus.infra.database import Session
from famulus.memory.changes import Accepted, Change, ProposalDraft, Proposals
from famulus.memory.records import Kind
from famulus.memory.schemas import Found, MemoryDraft, MemoryPatch, MemoryView, Remembered, Search


@dataclass(frozen=True, slots=True)
class Page:
    """Which of the memories to show."""

    kind: Kind | None = None
    limit: int = 50
    after: str | None = None


class Keeper(Protocol):
    """Whoever keeps memories.

    What a person or a model is waiting for takes a session: where the memory shares the caller's database, it is done
    in that transaction, with whatever else is. Elsewhere there is no such thing, and each call is done by itself; those
    that change something may be made again without harm.
    """

    shares_transactions: bool
    """Whether a session may be given."""

    async def overview(self, user_id: str, page: Page) -> Remembered | None:
        """What is remembered, newest first; None when nothing is known of the person."""

    async def search(self, user_id: str, wanted: Search) -> Found:
        """What is remembered about something, best first."""

    async def remember(
        self, user_id: str, drafts: Sequence[MemoryDraft], *, within: Session | None = None, at_leisure: bool = False
    ) -> list[MemoryView]:
        """The memories that these drafts make, or made before; `at_leisure` they are found by their meaning later."""

    async def find(self, user_id: str, memory_id: str) -> MemoryView:
        """The memory with this id."""

    async def change(
        self, user_id: str, memory_id: str, patch: MemoryPatch, *, within: Session | None = None
    ) -> MemoryView:
        """Change a memory; another text is a new version."""

    async def restore(self, user_id: str, memory_id: str) -> MemoryView:
        """Bring an old version back."""

    async def history(self, user_id: str, memory_id: str) -> list[MemoryView]:
        """Every version of a memory, newest first."""

    async def everything(self, user_id: str, *, after: str | None = None, limit: int | None = None) -> list[MemoryView]:
        """Every version of everything, oldest first; or so many of them, from behind a memory on."""

    async def forget(self, user_id: str, memory_id: str, *, within: Session | None = None) -> None:
        """Remove a memory without a trace."""

    async def forget_session(self, user_id: str, name: str, *, within: Session | None = None) -> None:
        """Remove what was remembered out of one session."""

    async def forget_all(self, user_id: str, *, within: Session | None = None) -> None:
        """Remove everything."""

    async def learn(self, user_id: str, lessons: Sequence[Change], *, within: Session | None = None) -> None:
        """Carry out what is new in these, and leave out what is known or does not fit any more."""

    async def propose(self, user_id: str, drafts: Sequence[ProposalDraft], *, within: Session | None = None) -> None:
        """Keep changes until the person says yes or no."""

    async def proposals(self, user_id: str, page: Page) -> Proposals:
        """What waits for the person to agree."""

    async def accept(self, user_id: str, proposal_id: str) -> Accepted:
        """Carry out what was proposed."""

    async def reject(self, user_id: str, proposal_id: str) -> None:
        """Drop what was proposed."""
