"""What may be done with a person's memories, within one unit of work."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import orjson

from famulus.infra.database import Session
from famulus.kit.clock import Clock, utc_now
from famulus.kit.ids import new_id
from famulus.memory.errors import MemoryKeyReused, MemoryNotFound, MemorySuperseded
from famulus.memory.records import Memory
from famulus.memory.repository import MemoryRepository
from famulus.memory.schemas import MemoryDraft, MemoryPatch

_MOST_PAST_ACTIONS = 50
_OF_A_NEW_TEXT = "source", "source_id", "key"


class Memories:
    """What is remembered of one person."""

    def __init__(self, session: Session, user_id: str, *, now: Clock = utc_now) -> None:
        self._user_id = user_id
        self._repository = MemoryRepository(session, user_id)
        self._now = now

    async def remember(self, drafts: Sequence[MemoryDraft]) -> list[Memory]:
        """The memories that these drafts make, or made before: one for each, in their order."""
        keys = [draft.key or _digest(draft) for draft in drafts]
        said_again = {key for key, draft in zip(keys, drafts, strict=True) if draft.key is None}
        known = await self._repository.by_keys(keys)
        rows: dict[str, dict[str, Any]] = {}
        for key, draft in zip(keys, drafts, strict=True):
            before = known[key].text if key in known else rows.get(key, {}).get("text", draft.text)
            if before != draft.text:
                raise MemoryKeyReused
            if key not in known and key not in rows:
                rows[key] = self._row(draft, key)
        if rows:
            await self._repository.add(list(rows.values()))
            known |= await self._repository.by_keys(list(rows))
        return [await self._holding(known[key]) if key in said_again else known[key] for key in keys]

    async def find(self, memory_id: str) -> Memory:
        """The memory with this id."""
        memory = await self._repository.find(memory_id)
        if memory is None:
            raise MemoryNotFound
        return memory

    async def change(self, memory_id: str, patch: MemoryPatch) -> Memory:
        """Change a current memory; another text is a new version, and the old one stays in its history.

        Under the same key that is done once.
        """
        if patch.key and (done := (await self._repository.by_keys([patch.key])).get(patch.key)):
            return done
        memory = await self._current(memory_id)
        changes = patch.model_dump(exclude_unset=True, exclude={"text", *_OF_A_NEW_TEXT})
        for name in ("kind", "importance", "pinned"):
            if changes.get(name, ...) is None:
                del changes[name]
        if changes:
            await self._repository.change(memory_id, changes | {"updated_at": self._now()})
            memory = await self.find(memory_id)
        if patch.text is None or patch.text == memory.text:
            return memory
        return await self._supersede(
            memory, memory, text=patch.text, **patch.model_dump(include=set(_OF_A_NEW_TEXT), exclude_none=True)
        )

    async def restore(self, memory_id: str) -> Memory:
        """Bring an old version back, as a new one on top of those after it."""
        old = await self.find(memory_id)
        newest = (await self._repository.chain(old.chain))[0]
        return newest if old.id == newest.id else await self._supersede(newest, old, text=old.text)

    async def forget(self, memory_id: str) -> None:
        """Remove a memory with every version of it."""
        memory = await self.find(memory_id)
        await self._repository.remove(await self._repository.chain(memory.chain))

    async def forget_all(self) -> None:
        """Remove everything."""
        await self._repository.remove_all()

    async def forget_session(self, session: str) -> None:
        """Remove what was remembered out of one session."""
        everything = await self._repository.everything()
        chains = {memory.chain for memory in everything if memory.session == session}
        await self._repository.remove([memory for memory in everything if memory.chain in chains])

    async def history(self, memory_id: str) -> list[Memory]:
        """Every version of a memory, newest first."""
        return await self._repository.chain((await self.find(memory_id)).chain)

    async def past_actions(self) -> list[str]:
        """What the assistant did for the person, newest first."""
        done = await self._repository.page(kinds=["procedure"], before=None, limit=_MOST_PAST_ACTIONS, at=self._now())
        return [memory.text for memory in done]

    async def page(self, *, kinds: Collection[str] | None, after: str | None, limit: int) -> list[Memory]:
        """What holds now, newest first."""
        return await self._repository.page(kinds=kinds, before=after, limit=limit, at=self._now())

    async def pinned(self, *, most: int) -> list[Memory]:
        """What is to be kept in mind always, newest first."""
        return await self._repository.pinned(limit=most, at=self._now())

    async def exist(self) -> bool:
        """Whether anything is remembered of the person at all."""
        return await self._repository.exists()

    async def everything(self, *, after: str | None = None, limit: int | None = None) -> list[Memory]:
        """Every version of everything, oldest first; or so many of them, from behind a memory on."""
        return await self._repository.everything(after=after, limit=limit)

    async def _holding(self, memory: Memory) -> Memory:
        """The memory, if it holds; else its newest version, which says the same again."""
        if memory.superseded_by is None:
            return memory
        newest = (await self._repository.chain(memory.chain))[0]
        return newest if newest.text == memory.text else await self._supersede(newest, memory, text=memory.text)

    async def _current(self, memory_id: str) -> Memory:
        memory = await self.find(memory_id)
        if memory.superseded_by is not None:
            newest = (await self._repository.chain(memory.chain))[0]
            raise MemorySuperseded(newest.id)
        return memory

    async def _supersede(self, replaced: Memory, like: Memory, **changes: Any) -> Memory:
        """A new version on top of `replaced`, which is like another one but for some changes."""
        now = self._now()
        fresh = {"id": new_id("mem"), "said_at": now, "created_at": now, "updated_at": now, "superseded_by": None}
        draft = replace(like, **{**fresh, "key": fresh["id"], **changes})
        row = {name: getattr(draft, name) for name in Memory.__slots__ if name != "number"}
        await self._repository.change(replaced.id, {"superseded_by": draft.id, "updated_at": now})
        await self._repository.retire(replaced)
        await self._repository.add([row])
        return await self.find(draft.id)

    def _row(self, draft: MemoryDraft, key: str) -> dict[str, Any]:
        now = self._now()
        memory_id = new_id("mem")
        said = draft.model_dump(exclude={"key", "said_at"})
        own = {"id": memory_id, "user_id": self._user_id, "key": key, "chain": memory_id, "superseded_by": None}
        return {**said, **own, "said_at": draft.said_at or now, "created_at": now, "updated_at": now}


def _digest(draft: MemoryDraft) -> str:
    """The same for the same content."""
    content = draft.model_dump(mode="json", include={"text", "kind", "source_id", "speaker", "session", "said_at"})
    if draft.metadata:
        content["metadata"] = draft.metadata
    return "content:" + hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()
