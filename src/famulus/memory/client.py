"""The memory of others: what a feature may ask of it, and the two sides that answer.

`make_keeper` gives the memory in this process, or the one behind `memory.url`; `Recall` asks it for a run, within a
deadline; `Errands` tells it what goes together with somebody else's commit.
"""

from famulus.infra.clients import get_openai_client
from famulus.infra.database import Database
from famulus.memory.changes import Change, Correcting, Forgetting, ProposalDraft, ProposalView, Remembering
from famulus.memory.embeddings import make_embedder
from famulus.memory.errands import MEMORY_JOB, Errands
from famulus.memory.keeper import Keeper, Page
from famulus.memory.local import LocalKeeper
from famulus.memory.meaning import Searcher
from famulus.memory.recall import Recall
from famulus.memory.remote import MemoryUnavailable, RemoteKeeper
from famulus.memory.schemas import Filters, Hit, MemoryDraft, MemoryPatch, MemoryView, Search
from famulus.settings import MemorySettings

__all__ = [
    "MEMORY_JOB", "Change", "Correcting", "Errands", "Filters", "Forgetting", "Hit", "Keeper", "LocalKeeper",
    "MemoryDraft", "MemoryPatch", "MemoryUnavailable", "MemoryView", "Page", "ProposalDraft",
    "ProposalView", "Recall", "Remembering", "RemoteKeeper", "Search", "Searcher", "local_keeper", "make_embedder",
    "make_searcher",
]  # fmt: skip


def local_keeper(database: Database, settings: MemorySettings) -> LocalKeeper:
    """The memory in this process."""
    return LocalKeeper(database, make_searcher(database, settings))


def make_searcher(database: Database, settings: MemorySettings) -> Searcher:
    """Searches by all the means that the settings ask for and this process has."""
    embedder = make_embedder(settings, get_openai_client())
    # A model on this machine is waited for: it has nobody else to answer.
    patience = settings.embedding_seconds if settings.embeddings == "endpoint" else None
    return Searcher(database, embedder, patience_seconds=patience)
