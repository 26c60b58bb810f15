"""Trying a model: what is wrong with a connection is said so that somebody can do something about it."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from famulus.agent.models import Model
from famulus.agent.offline import OfflineModel
from famulus.features.onboarding import trial
from famulus.features.onboarding.schemas import Trial
from famulus.features.onboarding.trial import try_model
from famulus.infra.llm import ChatEvent, ChatRequest, ProviderKeyRefused, ProviderUnreachable, TextDelta

pytestmark = pytest.mark.anyio


class Scripted:
    """A model that says this, fails like this, or says nothing."""

    def __init__(self, *said: ChatEvent | Exception) -> None:
        self.said = said
        self.left_early = False

    async def stream(
        self,
        request: ChatRequest,  # noqa: ARG002 -- the seam's
        *,
        correlation_id: str | None = None,  # noqa: ARG002 -- the seam's
    ) -> AsyncGenerator[ChatEvent, None]:
        try:
            for one in self.said:
                if isinstance(one, Exception):
                    raise one
                yield one
            await asyncio.Event().wait()
        except GeneratorExit:
            self.left_early = True
            raise


async def tried(model: Model, *, offline: bool = False) -> Trial:
    return await try_model(model, "gpt", offline=offline, correlation_id="corr")


async def test_the_first_word_is_enough() -> None:
    model = Scripted(TextDelta("ready"))

    outcome = await tried(model)

    assert (outcome.ok, outcome.code) == (True, None)
    assert model.left_early


@pytest.mark.parametrize(
    ("fault", "code"), [(ProviderKeyRefused(), "provider_key_refused"), (ProviderUnreachable(), "provider_unreachable")]
)
async def test_what_went_wrong_is_an_answer(fault: Exception, code: str) -> None:
    outcome = await tried(Scripted(fault))

    assert (outcome.ok, outcome.code) == (False, code)
    assert outcome.message == str(fault)


async def test_a_model_that_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "_PATIENCE_SECONDS", 0.01)

    assert (await tried(Scripted())).code == "model_silent"


async def test_the_stand_in_answers_and_says_that_it_is_none() -> None:
    outcome = await tried(OfflineModel(words_per_second=0), offline=True)

    assert outcome.ok
    assert "no language model" in outcome.message
