"""The memory over HTTP. Who may ask about whom is decided by the process that serves this."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Query, status
from starlette.requests import HTTPConnection

from famulus.infra.database import Database, Session
from famulus.kit.clock import utc_now
from famulus.kit.pages import DEFAULT_LIMIT, MAX_LIMIT, page_of
from famulus.kit.problems import errors
from famulus.memory.errors import UserNotFound
from famulus.memory.meaning import Searcher
from famulus.memory.records import Kind
from famulus.memory.schemas import (
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
from famulus.memory.service import Memories

router = APIRouter(prefix="/memories/{user_id}", responses=errors(404), tags=["memories"])

UserId = Annotated[str, Path(min_length=1, max_length=200, description="Whose memories.")]
MemoryId = Annotated[str, Path(max_length=100)]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Most items on the page.")]
After = Annotated[str | None, Query(max_length=100, description="`next` of the page before.")]
Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=200)]


@dataclass(frozen=True, slots=True)
class MemoryCounter:
    """Where requests about memories are dealt with."""

    database: Database
    searcher: Searcher
    may_ask: Callable[[HTTPConnection, str], Awaitable[bool]]
    """Whether whoever is calling may ask about this person."""
    is_known: Callable[[Session, str], Awaitable[bool]]
    """Whether there is such a person, even if nothing is remembered of them."""


async def _counter(connection: HTTPConnection, user_id: UserId) -> MemoryCounter:
    counter: MemoryCounter = connection.app.state.memories
    if not await counter.may_ask(connection, user_id):
        raise UserNotFound
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

    async def look(session: Session) -> Remembered:
        memories = Memories(session, user_id)
        if not (await memories.exist() or await counter.is_known(session, user_id)):
            raise UserNotFound
        found = await memories.page(kinds=[kind] if kind else None, after=after, limit=limit + 1)
        page = page_of([MemoryView.of(one) for one in found], limit=limit, cursor=lambda one: one.id)
        return Remembered(user_id=user_id, past_actions=await memories.past_actions(), **dict(page))

    return await counter.database.read(look)


@router.post("", status_code=status.HTTP_201_CREATED, responses=errors(404, 409))
async def remember(
    user_id: UserId, drafts: MemoryDraft | ManyDrafts, counter: CounterDep, key: Key = None
) -> MemoryView | ManyMemories:
    """Remember one thing, or many. What is sent again is remembered once."""
    if isinstance(drafts, MemoryDraft):
        draft = drafts.model_copy(update={"key": drafts.key or key})
        made = await counter.database.write(lambda session: Memories(session, user_id).remember([draft]))
        await counter.searcher.embed(made)
        return MemoryView.of(made[0])
    many = drafts.memories
    made = await counter.database.write(lambda session: Memories(session, user_id).remember(many))
    await counter.searcher.embed(made)
    return ManyMemories(data=[MemoryView.of(one) for one in made])


@router.delete("", status_code=status.HTTP_204_NO_CONTENT)
async def forget_everything(user_id: UserId, counter: CounterDep) -> None:
    """Forget all that is remembered of a person, without a trace."""
    await counter.database.write(lambda session: Memories(session, user_id).forget_all())
    counter.searcher.forgotten(user_id)


@router.post("/search")
async def search_memories(user_id: UserId, wanted: Search, counter: CounterDep) -> Found:
    """Find what is remembered about something, with a score and the reason for each."""
    return await counter.searcher.search(user_id, wanted, at=utc_now())


@router.get("/export")
async def export_memories(user_id: UserId, counter: CounterDep) -> Export:
    """Everything that is remembered of a person, with every version."""
    everything = await counter.database.read(lambda session: Memories(session, user_id).everything())
    return Export(user_id=user_id, exported_at=utc_now(), data=[MemoryView.of(one) for one in everything])


@router.get("/{memory_id}")
async def show_memory(user_id: UserId, memory_id: MemoryId, counter: CounterDep) -> MemoryView:
    """One memory, whichever version of it this id names."""
    return MemoryView.of(await counter.database.read(lambda session: Memories(session, user_id).find(memory_id)))


@router.patch("/{memory_id}", responses=errors(404, 409))
async def change_memory(user_id: UserId, memory_id: MemoryId, patch: MemoryPatch, counter: CounterDep) -> MemoryView:
    """Change a memory. Another text makes a new version with an id of its own; the old one stays in the history."""
    changed = await counter.database.write(lambda session: Memories(session, user_id).change(memory_id, patch))
    return MemoryView.of(changed)


@router.delete("/{memory_id}", status_code=status.HTTP_204_NO_CONTENT)
async def forget_memory(user_id: UserId, memory_id: MemoryId, counter: CounterDep) -> None:
    """Forget a memory with all its versions, without a trace."""
    await counter.database.write(lambda session: Memories(session, user_id).forget(memory_id))
    counter.searcher.forgotten(user_id)


@router.get("/{memory_id}/history")
async def show_history(user_id: UserId, memory_id: MemoryId, counter: CounterDep) -> ManyMemories:
    """Every version of a memory, newest first."""
    versions = await counter.database.read(lambda session: Memories(session, user_id).history(memory_id))
    return ManyMemories(data=[MemoryView.of(one) for one in versions])


@router.post("/{memory_id}/restore")
async def restore_memory(user_id: UserId, memory_id: MemoryId, counter: CounterDep) -> MemoryView:
    """Bring an old version of a memory back, as its newest."""
    restored = await counter.database.write(lambda session: Memories(session, user_id).restore(memory_id))
    return MemoryView.of(restored)
