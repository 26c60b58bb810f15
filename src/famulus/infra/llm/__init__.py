"""Language models behind any OpenAI-compatible endpoint: chat that streams, embeddings, one layer of retries.

    async with aclosing(client.stream(ChatRequest(model="…", messages=[…]))) as events:
        async for event in events: ...

`client` speaks to the endpoint, `call` is one answer under way, `sse` finds events in its bytes, `answer`
makes chat events of them, `faults` says what went wrong as one of `errors`.
"""

from famulus.infra.llm.client import OpenAIClient, Retries, Timeouts
from famulus.infra.llm.errors import (
    ContextTooLong,
    ProviderBroken,
    ProviderFault,
    ProviderKeyRefused,
    ProviderRateLimited,
    ProviderRejected,
    ProviderTimedOut,
    ProviderUnreachable,
)
from famulus.infra.llm.events import (
    ChatEvent,
    ChatRequest,
    Completion,
    Finish,
    ReasoningDelta,
    Retrying,
    TextDelta,
    ToolCall,
    Usage,
)

__all__ = [
    "ChatEvent",
    "ChatRequest",
    "Completion",
    "ContextTooLong",
    "Finish",
    "OpenAIClient",
    "ProviderBroken",
    "ProviderFault",
    "ProviderKeyRefused",
    "ProviderRateLimited",
    "ProviderRejected",
    "ProviderTimedOut",
    "ProviderUnreachable",
    "ReasoningDelta",
    "Retries",
    "Retrying",
    "TextDelta",
    "Timeouts",
    "ToolCall",
    "Usage",
]
