"""The model's seam: anything that streams chat events for a request."""

from collections.abc import AsyncGenerator
from typing import Protocol

from famulus.infra.llm import ChatEvent, ChatRequest


class Model(Protocol):
    """A language model: an endpoint's, the offline stand-in, or a test's script."""

    def stream(self, request: ChatRequest, *, correlation_id: str | None = None) -> AsyncGenerator[ChatEvent, None]:
        """The answer as it comes, ended by one `Finish`; closing the iterator stops the model at once."""
        ...
