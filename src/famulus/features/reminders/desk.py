"""What the doors of this feature need from their process, and how they reach it."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from famulus.features.reminders.service import Reminders
from famulus.infra.database import Database, Session
from famulus.settings.outward import ReminderSettings


@dataclass(frozen=True, slots=True)
class ReminderDesk:
    """Where requests about reminders are dealt with."""

    database: Database
    limits: ReminderSettings

    def of(self, session: Session, user_id: str) -> Reminders:
        """Somebody's reminders, within a transaction."""
        return Reminders(session, user_id, limits=self.limits)


async def _desk(connection: HTTPConnection) -> ReminderDesk:
    # A coroutine, since the framework gives everything else a thread.
    desk: ReminderDesk = connection.app.state.reminders
    return desk


DeskDep = Annotated[ReminderDesk, Depends(_desk)]
