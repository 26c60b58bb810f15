"""What an assistant can do in every conversation, beside telling the time and calculating."""

from famulus.agent.builtin import BUILTIN
from famulus.agent.tools import Arguments, ToolContext, tool
from famulus.memory import client as memory


class Remembered(Arguments):
    """What to remember."""

    text: str
    """One fact in a sentence of its own, such as "Maria's birthday is on 3 May."."""


class Question(Arguments):
    """What to look for."""

    about: str = ""
    """A few words; empty for the latest memories."""


@tool(transactional=True)
async def remember(context: ToolContext, arguments: Remembered) -> str:
    """Remember something about the user, for this and all later conversations."""
    text = arguments.text.strip()[:2_000]
    await memory.remember(context.transaction, context.user_id, text, key=context.idempotency_key, at=context.now)
    return f"Remembered: {text}"


@tool(transactional=True)
async def recall(context: ToolContext, arguments: Question) -> str:
    """Recall what the user has wanted to be remembered."""
    found = await memory.recall(context.transaction, context.user_id, arguments.about)
    if not found:
        return "Nothing is remembered yet."
    return "\n".join(f"{one.since:%Y-%m-%d}: {one.text}" for one in found)


TOOLS = (*BUILTIN, remember, recall)
