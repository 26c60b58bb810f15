"""What the doors of this feature need from their process, and how they reach it."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from famulus.features.calendar.sources import SourceDesk
from famulus.infra.database import Database


@dataclass(frozen=True, slots=True)
class CalendarDesk:
    """Where requests about calendars are dealt with."""

    database: Database
    sources: SourceDesk
    public_url: str | None = None


async def _desk(connection: HTTPConnection) -> CalendarDesk:
    # A coroutine, since the framework gives everything else a thread.
    desk: CalendarDesk = connection.app.state.calendars
    return desk


DeskDep = Annotated[CalendarDesk, Depends(_desk)]
