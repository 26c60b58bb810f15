"""Whether a model answers: asked for a word, and told plainly what came of it."""

import asyncio
import time
from collections.abc import Callable
from contextlib import aclosing

from famulus.agent.models import Model
from famulus.features.onboarding.schemas import Trial
from famulus.infra.llm import ChatRequest, Finish, ReasoningDelta, TextDelta, ToolCall
from famulus.kit.errors import FamulusError, ProviderFailed, Unavailable

_PATIENCE_SECONDS = 20
# One would do; some endpoints refuse to be asked for less.
_MOST_TOKENS = 16
_QUESTION = "Answer with one word: ready"

ModelNamed = Callable[[str], Model]
"""Finds the model that answers to a name."""


async def try_model(model: Model, name: str, *, offline: bool, correlation_id: str) -> Trial:
    """Ask for a word, and stop listening at the first of it."""
    began = time.monotonic()
    code: str | None = None
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            message = await _heard(model, name, correlation_id)
    except TimeoutError:
        code, message = "model_silent", f"The model said nothing for {_PATIENCE_SECONDS} seconds."
    except (ProviderFailed, Unavailable, FamulusError) as error:
        code, message = error.code, error.message
    if offline and code is None:
        message = "This is the stand-in that is always there. It is no language model: connect one to get real answers."
    took = round((time.monotonic() - began) * 1_000)
    return Trial(ok=code is None, model=name, offline=offline, milliseconds=took, code=code, message=message)


async def _heard(model: Model, name: str, correlation_id: str) -> str:
    request = ChatRequest(name, [{"role": "user", "content": _QUESTION}], max_tokens=_MOST_TOKENS)
    async with aclosing(model.stream(request, correlation_id=correlation_id)) as events:
        async for event in events:
            if isinstance(event, TextDelta | ReasoningDelta | ToolCall | Finish):
                break
    return "The model answers."
