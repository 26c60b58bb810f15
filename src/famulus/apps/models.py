"""Which models there are: the endpoint's, and always the offline stand-in."""

from collections.abc import Callable

from famulus.agent import offline
from famulus.agent.models import Model
from famulus.agent.offline import OfflineModel
from famulus.features.conversations.desk import ModelChoice
from famulus.infra.clients import get_openai_client
from famulus.kit.errors import Invalid
from famulus.settings import ModelSettings

DEFAULT_BASE_URL = "https://api.openai.com/v1"


class ModelNotNamed(Invalid):
    """There is an endpoint, and nobody said which of its models to use."""


def is_connected(settings: ModelSettings) -> bool:
    """Whether there is an endpoint to talk to."""
    return settings.base_url is not None or settings.api_key is not None


def choices(settings: ModelSettings) -> tuple[ModelChoice, ...]:
    """The models that may be chosen, the default one first."""
    stand_in = ModelChoice(offline.NAME, "Offline stand-in (no language model)", offline=True)
    if not is_connected(settings):
        return (stand_in,)
    if settings.name is None:
        raise ModelNotNamed(
            "A model endpoint is set, but no model: name one with FAMULUS_MODEL__NAME (or OPENAI_MODEL)."
        )
    names = dict.fromkeys((settings.name, *settings.choices))
    return (*(ModelChoice(name, name, offline=False) for name in names), stand_in)


def finder(settings: ModelSettings) -> Callable[[str], Model]:
    """Finds the model that answers to a name: the stand-in to its own, the endpoint to every other."""
    stand_in = OfflineModel(words_per_second=settings.offline_words_per_second)
    connected = is_connected(settings)

    def model_named(name: str) -> Model:
        return get_openai_client() if connected and name != offline.NAME else stand_in

    return model_named
