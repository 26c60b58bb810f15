"""What an assistant can do in every conversation, beside telling the time and calculating."""

from famulus.agent.builtin import BUILTIN
from famulus.agent.tools import Arguments, ToolContext, tool
from famulus.kit.errors import Unprocessable
from famulus.kit.text import storable
from famulus.memory import client as memory


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


@tool(transactional=True)
async def remember(context: ToolContext, arguments: Remembered) -> str:
    """Remember something about the user, for this and all later conversations."""
    text = _said(arguments.text)
    kept = await memory.remember(
        context.transaction, context.user_id, text, key=context.idempotency_key, at=context.now, run_id=context.run_id
    )
    return f"Remembered: {kept.text}"


@tool(transactional=True)
async def recall(context: ToolContext, arguments: Question) -> str:
    """Recall what the user has wanted to be remembered."""
    found = await memory.recall(context.transaction, context.user_id, arguments.about, at=context.now)
    if not found:
        return "Nothing is remembered about that."
    return "\n".join(f"{hit.memory.said_at:%Y-%m-%d} ({hit.memory.id}): {hit.memory.text}" for hit in found)


@tool(transactional=True)
async def correct(context: ToolContext, arguments: Correction) -> str:
    """Correct something that is remembered of the user, when it was wrong or has changed."""
    text = _said(arguments.text)
    corrected = await memory.correct(
        context.transaction, context.user_id, arguments.id, text, key=context.idempotency_key, run_id=context.run_id
    )
    return f"Corrected ({corrected.id}): {corrected.text}"


@tool(transactional=True)
async def forget(context: ToolContext, arguments: Which) -> str:
    """Forget something about the user, for good; only when the user asks for it."""
    await memory.forget(context.transaction, context.user_id, arguments.id)
    return "Forgotten."


def _said(text: str) -> str:
    text = storable(text).strip()[:2_000]
    if not text:
        raise NothingToRemember("There is nothing to remember: the text is blank.")
    return text


TOOLS = (*BUILTIN, remember, recall, correct, forget)
