"""What the doors of this feature need from their process, and how they reach it."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from famulus.agent.tools import Toolset
from famulus.features.accounts.caller import Caller
from famulus.features.conversations.runs import RunDesk, Sender
from famulus.infra.database import Database
from famulus.settings import Settings
from famulus.streams.seats import Seats


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model that may be chosen."""

    id: str
    name: str
    offline: bool


@dataclass(frozen=True, slots=True)
class Counter:
    """Where requests about conversations are dealt with."""

    database: Database
    runs: RunDesk
    toolset: Toolset
    models: tuple[ModelChoice, ...]
    seats: Seats
    settings: Settings


def counter_of(connection: HTTPConnection) -> Counter:
    """The counter of this process."""
    counter: Counter = connection.app.state.conversations
    return counter


def sender_of(connection: HTTPConnection, caller: Caller) -> Sender:
    """The caller, as the one who says something."""
    offered = {choice.id for choice in counter_of(connection).models}
    model = caller.selected_model if caller.selected_model in offered else None
    return Sender(caller.user_id, caller.zone, connection.state.correlation_id, model)


async def _counter(connection: HTTPConnection) -> Counter:
    # A coroutine, since the framework gives everything else a thread.
    return counter_of(connection)


CounterDep = Annotated[Counter, Depends(_counter)]
