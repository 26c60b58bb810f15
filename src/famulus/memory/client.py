"""The memory of others: where a feature remembers something for a person, and asks what is remembered."""

from datetime import datetime

from famulus.infra.database import Session
from famulus.memory.embeddings import make_embedder
from famulus.memory.meaning import Searcher
from famulus.memory.recall import Recall
from famulus.memory.records import Memory
from famulus.memory.retrieval import search
from famulus.memory.schemas import Hit, MemoryDraft, Search
from famulus.memory.service import Memories

__all__ = [
    "Hit", "Memory", "Recall", "Searcher", "correct", "forget", "forget_all", "forget_session", "make_embedder",
    "note_action", "recall", "remember",
]  # fmt: skip


async def remember(
    session: Session, user_id: str, text: str, *, key: str, at: datetime, run_id: str | None = None
) -> Memory:
    """Keep `text` for the person; the same `key` keeps it once."""
    draft = MemoryDraft(text=text, key=key, source="run", source_id=run_id)
    return (await Memories(session, user_id, now=lambda: at).remember([draft]))[0]


async def recall(session: Session, user_id: str, about: str, *, at: datetime, most: int = 10) -> list[Hit]:
    """What is remembered about something, best first; the latest memories when there is no word to go by."""
    if about.strip():
        return (await search(session, user_id, Search(query=about[:4_000], k=most), at=at)).data
    latest = await Memories(session, user_id, now=lambda: at).page(kinds=None, after=None, limit=most)
    return [Hit.for_itself(memory) for memory in latest]


async def correct(session: Session, user_id: str, memory_id: str, text: str, *, key: str, run_id: str) -> Memory:
    """Replace a memory by a better version; a stale or unknown id is an error."""
    return await Memories(session, user_id).correct(memory_id, text, key=key, source_id=run_id)


async def forget(session: Session, user_id: str, memory_id: str) -> None:
    """Remove a memory without a trace; an unknown id is an error."""
    await Memories(session, user_id).forget(memory_id)


async def note_action(session: Session, user_id: str, text: str, *, run_id: str, session_name: str) -> None:
    """Keep what the assistant did in a run."""
    draft = MemoryDraft(
        text=text, kind="procedure", key=f"action:{run_id}", source="run", source_id=run_id, session=session_name,
        importance=0.2,
    )  # fmt: skip
    await Memories(session, user_id).remember([draft])


async def forget_session(session: Session, user_id: str, session_name: str) -> None:
    """Remove what was remembered out of one conversation."""
    await Memories(session, user_id).forget_session(session_name)


async def forget_all(session: Session, user_id: str) -> None:
    """Remove everything that is remembered of the person."""
    await Memories(session, user_id).forget_all()
