"""A client of the fake provider that never really waits."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest

from famulus.infra.http import http_session
from famulus.infra.llm import ChatEvent, ChatRequest, OpenAIClient, Retries, TextDelta, Timeouts
from tests.fake_model.fixture import FakeModel

KEY = "sk-planted-secret-1234567890"


class Clients:
    """Makes clients of the fake provider, and remembers the pauses they wanted."""

    def __init__(self, model: FakeModel) -> None:
        self.pauses: list[float] = []
        self._model = model

    def make(self, **settings: Any) -> OpenAIClient:
        async def sleep(seconds: float) -> None:
            self.pauses.append(seconds)

        defaults = {
            "base_url": self._model.base_url,
            "api_key": KEY,
            "retries": Retries(attempts=3),
            "timeouts": Timeouts(connect_seconds=5, first_byte_seconds=5, idle_seconds=5),
            "chance": lambda: 0.5,
            "sleep": sleep,
        }
        return OpenAIClient(**{**defaults, **settings})


@pytest.fixture
async def clients(fake_model: FakeModel) -> AsyncIterator[Clients]:
    yield Clients(fake_model)
    await http_session.close()


@pytest.fixture
def client(clients: Clients) -> OpenAIClient:
    return clients.make()


def asking(model: str, *messages: dict[str, Any], said: str = "hello", **fields: Any) -> ChatRequest:
    return ChatRequest(model=model, messages=list(messages) or [{"role": "user", "content": said}], **fields)


async def heard(client: OpenAIClient, request: ChatRequest, into: list[ChatEvent] | None = None) -> list[ChatEvent]:
    """All events of an answer; with `into`, also those of one that fails."""
    events: list[ChatEvent] = [] if into is None else into
    async with aclosing(client.stream(request, correlation_id="corr-1")) as answer:
        async for event in answer:
            events.append(event)  # noqa: PERF401 -- what came before a failure is kept
    return events


def text_of(events: list[ChatEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def words(count: int) -> str:
    return "".join(f"w{number} " for number in range(count))
