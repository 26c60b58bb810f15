"""What the doors of this feature need from their process, and how they reach it."""

from dataclasses import dataclass
from typing import Annotated, Protocol

from fastapi import Depends
from starlette.requests import HTTPConnection

from famulus.infra.database import Database, Session
from famulus.settings.outward import ReminderSettings


@dataclass(frozen=True, slots=True)
class Errand:
    """Something that an assistant is to do in a run of its own."""

    user_id: str
    zone: str
    correlation_id: str
    title: str
    """Of the conversation, where one has to be begun."""
    message: str
    thread_id: str | None
    """The conversation in which it was done before."""


@dataclass(frozen=True, slots=True)
class SentErrand:
    """A run that is on its way."""

    run_id: str
    thread_id: str


class SendErrand(Protocol):
    """Starts a run, within somebody's transaction; goals do not know who does it."""

    async def __call__(self, session: Session, errand: Errand) -> SentErrand: ...


@dataclass(frozen=True, slots=True)
class GoalDesk:
    """Where requests about goals are dealt with."""

    database: Database
    send_errand: SendErrand
    reminders: ReminderSettings
    """How many check-ins, among all reminders, a person may have, and how often."""


async def _desk(connection: HTTPConnection) -> GoalDesk:
    # A coroutine, since the framework gives everything else a thread.
    desk: GoalDesk = connection.app.state.goals
    return desk


DeskDep = Annotated[GoalDesk, Depends(_desk)]
