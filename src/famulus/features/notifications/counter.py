"""What the doors of this feature need from their process, and how they reach it."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from famulus.features.notifications.carriers.push import PushIdentity
from famulus.features.notifications.desk import NotificationDesk
from famulus.infra.database import Database
from famulus.kit.limits import SlidingLimit
from famulus.settings import StreamSettings
from famulus.streams.log import EventLog
from famulus.streams.seats import Seats


@dataclass(frozen=True, slots=True)
class NotificationCounter:
    """Where requests about notifications are dealt with."""

    database: Database
    desk: NotificationDesk
    log: EventLog
    seats: Seats
    streams: StreamSettings
    tests: SlidingLimit
    """How many test messages a person may have sent."""
    push: PushIdentity | None = None
    """Who this server is to push services, if it can ask any."""


async def _counter(connection: HTTPConnection) -> NotificationCounter:
    # A coroutine, since the framework gives everything else a thread.
    counter: NotificationCounter = connection.app.state.notifications
    return counter


CounterDep = Annotated[NotificationCounter, Depends(_counter)]
