"""A title for a conversation, made of its first turn."""

from collections.abc import Sequence
from contextlib import aclosing

import structlog

from famulus.agent import offline
from famulus.agent.models import Model
from famulus.features.conversations.records import Message, Run
from famulus.infra.llm import ChatRequest, TextDelta, Usage
from famulus.kit.errors import ProviderFailed
from famulus.kit.text import shortened

_CHARACTERS = 60
_ENOUGH_CHARACTERS = 80
_READ_CHARACTERS = 2_000
_REQUEST = (
    "Write a title of at most six words for this conversation, in its language. Answer with the title alone: "
    "no quotes, no full stop.\n\n{text}"
)
_logger = structlog.get_logger()


async def title_for(model: Model, run: Run, said: Sequence[Message]) -> tuple[str | None, Usage | None]:
    """What the model calls the conversation, and what that took; its first words where there is no model.

    There is no title when the model fails.
    """
    if run.model == offline.NAME:
        return shortened(" ".join(said[0].text.split()), _CHARACTERS), None
    text = "\n\n".join(f"{message.role}: {message.text[:_READ_CHARACTERS]}" for message in said)
    request = ChatRequest(
        model=run.model, messages=[{"role": "user", "content": _REQUEST.format(text=text)}], max_tokens=40
    )
    parts: list[str] = []
    usage: Usage | None = None
    try:
        async with aclosing(model.stream(request, correlation_id=run.correlation_id)) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    parts.append(event.text)
                elif isinstance(event, Usage):
                    usage = event
                # A model that does not stop at a title is stopped.
                if sum(map(len, parts)) > _ENOUGH_CHARACTERS:
                    break
    except ProviderFailed as error:
        _logger.info("title.not_had", code=error.code)
        return None, usage
    title = " ".join("".join(parts).strip().strip("\"'“”*#").split())
    return shortened(title, _CHARACTERS) or None, usage
