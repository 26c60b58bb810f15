"""What the doors of this feature need from their process, and how they reach it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from famulus.features.usage.plans import Plans
from famulus.infra.database import Database, Session

Storage = Callable[[Session, str], Awaitable[tuple[int, int]]]
"""How many bytes a person keeps, and how many they may; whoever keeps them says so."""


@dataclass(frozen=True, slots=True)
class UsageDesk:
    """Where requests about usage are dealt with."""

    database: Database
    plans: Plans
    storage: Storage


async def _desk(connection: HTTPConnection) -> UsageDesk:
    # A coroutine, since the framework gives everything else a thread.
    desk: UsageDesk = connection.app.state.usage
    return desk


UsageDeskDep = Annotated[UsageDesk, Depends(_desk)]
