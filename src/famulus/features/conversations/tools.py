"""What an assistant can do in every conversation: remember, recall, correct and forget."""

from famulus.agent.tools import Arguments, Tool, ToolContext, tool
from famulus.kit.errors import Unprocessable
from famulus.kit.text import storable
from famulus.memory.client import (
    Change,
    Correcting,
    Forgetting,
    Keeper,
    MemoryDraft,
    MemoryPatch,
    MemoryView,
    Page,
    ProposalDraft,
    Remembering,
    Search,
)

_MOST_RECALLED = 10
_LONGEST_QUESTION = 4_000
_ASKED = (
    "Not done yet: this conversation holds text from elsewhere, so the user is asked first. "
    "Tell the user that this waits for them under their memories, to be accepted or rejected."
)


class NothingToRemember(Unprocessable):
    """A memory was to be blank."""


class Remembered(Arguments):
    """What to remember."""

    text: str
    """One fact in a sentence of its own, such as "Maria's birthday is on 3 May."."""


class Correction(Arguments):
    """What to say better."""

    id: str
    """The memory's id, as `recall` shows it."""
    text: str
    """What is true, in a sentence of its own."""


class Which(Arguments):
    """One memory."""

    id: str
    """The memory's id, as `recall` shows it."""


class Question(Arguments):
    """What to look for."""

    about: str = ""
    """A few words; empty for the latest memories."""


class MemoryTools:
    """Tools by which an assistant remembers, over whoever keeps memories."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    def all(self) -> tuple[Tool, ...]:
        """The tools. What they change they change once: with their output, or by a key that is the call's own."""
        writes = tool(transactional=self._keeper.shares_transactions, idempotent=True)
        return writes(self.remember), tool(idempotent=True)(self.recall), writes(self.correct), writes(self.forget)

    async def remember(self, context: ToolContext, arguments: Remembered) -> str:
        """Remember something about the user, for this and all later conversations."""
        draft = MemoryDraft(
            text=_said(arguments.text), key=context.idempotency_key, said_at=context.now, source="run",
            source_id=context.run_id,
        )  # fmt: skip
        if context.tainted:
            return await self._propose(context, Remembering(draft=draft))
        kept = await self._keeper.remember(context.user_id, [draft], within=context.session)
        return f"Remembered: {kept[0].text}"

    async def recall(self, context: ToolContext, arguments: Question) -> str:
        """Recall what the user has wanted to be remembered."""
        found = await self._found(context.user_id, arguments.about.strip())
        if not found:
            return "Nothing is remembered about that."
        return "\n".join(f"{memory.said_at:%Y-%m-%d} ({memory.id}): {memory.text}" for memory in found)

    async def correct(self, context: ToolContext, arguments: Correction) -> str:
        """Correct something that is remembered of the user, when it was wrong or has changed."""
        patch = MemoryPatch(
            text=_said(arguments.text), key=context.idempotency_key, source="run", source_id=context.run_id
        )
        if context.tainted:
            return await self._propose(context, Correcting(memory_id=arguments.id, patch=patch))
        corrected = await self._keeper.change(context.user_id, arguments.id, patch, within=context.session)
        return f"Corrected ({corrected.id}): {corrected.text}"

    async def forget(self, context: ToolContext, arguments: Which) -> str:
        """Forget something about the user, for good; only when the user asks for it."""
        if context.tainted:
            return await self._propose(context, Forgetting(memory_id=arguments.id))
        await self._keeper.forget(context.user_id, arguments.id, within=context.session)
        return "Forgotten."

    async def _propose(self, context: ToolContext, change: Change) -> str:
        """Nothing is changed on the word of somebody whose text was read, unless the user agrees."""
        draft = ProposalDraft(
            key=context.idempotency_key, change=change, session=context.conversation_id, source_id=context.run_id
        )
        await self._keeper.propose(context.user_id, [draft], within=context.session)
        return _ASKED

    async def _found(self, user_id: str, about: str) -> list[MemoryView]:
        if not about:
            latest = await self._keeper.overview(user_id, Page(limit=_MOST_RECALLED))
            return latest.data if latest else []
        found = await self._keeper.search(user_id, Search(query=about[:_LONGEST_QUESTION], k=_MOST_RECALLED))
        return [hit.memory for hit in found.data]


def _said(text: str) -> str:
    text = storable(text).strip()[:2_000]
    if not text:
        raise NothingToRemember("There is nothing to remember: the text is blank.")
    return text
