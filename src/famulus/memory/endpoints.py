"""The memory over HTTP. Who may ask about whom is decided by the process that serves this."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Query, status
from starlette.requests import HTTPConnection

from famulus.kit.clock import utc_now
from famulus.kit.pages import DEFAULT_LIMIT, MAX_LIMIT
from famulus.kit.problems import errors
from famulus.memory.changes import Accepted, ManyLessons, ManyProposals, Proposals
from famulus.memory.errors import UserNotFound
from famulus.memory.keeper import Keeper, Page
from famulus.memory.records import Kind
from famulus.memory.schemas import (
    MOST_AT_ONCE,
    Export,
    Found,
    ManyDrafts,
    ManyMemories,
    MemoryDraft,
    MemoryPatch,
    MemoryView,
    Remembered,
    Search,
)

router = APIRouter(prefix="/memories/{user_id}", responses=errors(404), tags=["memories"])
services = APIRouter(prefix="/memories/{user_id}", responses=errors(404), tags=["memories"])
"""What nobody asks but a server for whose assistants memories are kept."""

UserId = Annotated[str, Path(min_length=1, max_length=200, description="Whose memories.")]
MemoryId = Annotated[str, Path(max_length=100)]
SessionName = Annotated[str, Path(max_length=200, description="What it was said in.")]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Most items on the page.")]
After = Annotated[str | None, Query(max_length=100, description="`next` of the page before.")]
ExportLimit = Annotated[int | None, Query(ge=1, le=MOST_AT_ONCE, description="Most of them; all if left out.")]
ExportAfter = Annotated[str | None, Query(max_length=100, description="The id of the last of the part before.")]
Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=200)]


@dataclass(frozen=True, slots=True)
class MemoryCounter:
    """Where requests about memories are dealt with."""

    keeper: Keeper
    admit: Callable[[HTTPConnection, str], Awaitable[None]]
    """Refuses whoever is calling, if they may not ask about this person."""
    knows_people: bool
    """Whether somebody was admitted only for a person there is, even if nothing is remembered of them."""


async def _counter(connection: HTTPConnection, user_id: UserId) -> MemoryCounter:
    counter: MemoryCounter = connection.app.state.memories
    await counter.admit(connection, user_id)
    return counter


CounterDep = Annotated[MemoryCounter, Depends(_counter)]


@router.get("")
async def show_memories(
    user_id: UserId,
    counter: CounterDep,
    kind: Kind | None = None,
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
) -> Remembered:
    """What is remembered of a person, newest first, and what the assistant did for them."""
    remembered = await counter.keeper.overview(user_id, Page(kind, limit, after))
    if remembered is None and not counter.knows_people:
        raise UserNotFound
    return remembered or Remembered(user_id=user_id, past_actions=[], data=[], has_more=False)


@router.post("", status_code=status.HTTP_201_CREATED, responses=errors(404, 409))
async def remember(
    user_id: UserId, drafts: MemoryDraft | ManyDrafts, counter: CounterDep, key: Key = None
) -> MemoryView | ManyMemories:
    """Remember one thing, or many. What is sent again is remembered once."""
    if isinstance(drafts, MemoryDraft):
        draft = drafts.model_copy(update={"key": drafts.key or key})
        return (await counter.keeper.remember(user_id, [draft]))[0]
    return ManyMemories(data=await counter.keeper.remember(user_id, drafts.memories))


@router.delete("", status_code=status.HTTP_204_NO_CONTENT)
async def forget_everything(user_id: UserId, counter: CounterDep) -> None:
    """Forget all that is remembered of a person, without a trace."""
    await counter.keeper.forget_all(user_id)


@router.delete("/sessions/{session}", status_code=status.HTTP_204_NO_CONTENT)
async def forget_session(user_id: UserId, session: SessionName, counter: CounterDep) -> None:
    """Forget what was remembered out of one session, such as a conversation."""
    await counter.keeper.forget_session(user_id, session)


@router.get("/proposals")
async def list_proposals(
    user_id: UserId, counter: CounterDep, limit: Limit = DEFAULT_LIMIT, after: After = None
) -> Proposals:
    """What an assistant would remember, correct or forget, and may not without the person's yes, oldest first."""
    return await counter.keeper.proposals(user_id, Page(limit=limit, after=after))


@services.post("/proposals", status_code=status.HTTP_204_NO_CONTENT)
async def propose(user_id: UserId, body: ManyProposals, counter: CounterDep) -> None:
    """Ask the person whether to make changes. Nothing of them is recalled before they agree."""
    await counter.keeper.propose(user_id, body.proposals)


@router.post("/proposals/{proposal_id}/accept", responses=errors(404, 409))
async def accept_proposal(user_id: UserId, proposal_id: MemoryId, counter: CounterDep) -> Accepted:
    """Agree: the change is made."""
    return await counter.keeper.accept(user_id, proposal_id)


@router.post("/proposals/{proposal_id}/reject", status_code=status.HTTP_204_NO_CONTENT)
async def reject_proposal(user_id: UserId, proposal_id: MemoryId, counter: CounterDep) -> None:
    """Do not agree: nothing is left of the proposal."""
    await counter.keeper.reject(user_id, proposal_id)


@services.post("/lessons", status_code=status.HTTP_204_NO_CONTENT)
async def learn(user_id: UserId, body: ManyLessons, counter: CounterDep) -> None:
    """Make those changes that say something new; what is known, or about a memory that is gone, is left out."""
    await counter.keeper.learn(user_id, body.lessons)


@router.post("/search")
async def search_memories(user_id: UserId, wanted: Search, counter: CounterDep) -> Found:
    """Find what is remembered about something, with a score and the reason for each."""
    return await counter.keeper.search(user_id, wanted)


@router.get("/export")
async def export_memories(
    user_id: UserId, counter: CounterDep, limit: ExportLimit = None, after: ExportAfter = None
) -> Export:
    """Everything that is remembered of a person, with every version; or a part of it, oldest first."""
    everything = await counter.keeper.everything(user_id, after=after, limit=limit)
    return Export(user_id=user_id, exported_at=utc_now(), data=everything)


@router.get("/{memory_id}")
async def show_memory(user_id: UserId, memory_id: MemoryId, counter: CounterDep) -> MemoryView:
    """One memory, whichever version of it this id names."""
    return await counter.keeper.find(user_id, memory_id)


@router.patch("/{memory_id}", responses=errors(404, 409))
async def change_memory(user_id: UserId, memory_id: MemoryId, patch: MemoryPatch, counter: CounterDep) -> MemoryView:
    """Change a memory. Another text makes a new version with an id of its own; the old one stays in the history."""
    return await counter.keeper.change(user_id, memory_id, patch)


@router.delete("/{memory_id}", status_code=status.HTTP_204_NO_CONTENT)
async def forget_memory(user_id: UserId, memory_id: MemoryId, counter: CounterDep) -> None:
    """Forget a memory with all its versions, without a trace."""
    await counter.keeper.forget(user_id, memory_id)


@router.get("/{memory_id}/history")
async def show_history(user_id: UserId, memory_id: MemoryId, counter: CounterDep) -> ManyMemories:
    """Every version of a memory, newest first."""
    return ManyMemories(data=await counter.keeper.history(user_id, memory_id))


@router.post("/{memory_id}/restore")
async def restore_memory(user_id: UserId, memory_id: MemoryId, counter: CounterDep) -> MemoryView:
    """Bring an old version of a memory back, as its newest."""
    return await counter.keeper.restore(user_id, memory_id)
