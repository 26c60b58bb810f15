"""Calendars that are kept elsewhere: whom to ask, when, and what came of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from famulus.features.calendar.records import Calendar, Source
from famulus.features.calendar.schemas import CalendarDraft, ConnectionDraft, SubscriptionDraft
from famulus.features.calendar.service import Calendars
from famulus.features.calendar.source_repository import SourceRepository
from famulus.infra.database import Session
from famulus.infra.outbound import Outbound
from famulus.infra.sealing import Sealer
from famulus.jobs.queue import JobQueue
from famulus.kit.clock import Clock, utc_now

SYNC_JOB = "calendar.sync"
_LONGEST_PAUSE = timedelta(days=1)
_MOST_DOUBLINGS = 10


@dataclass(frozen=True, slots=True)
class SourceDesk:
    """What calendars from elsewhere need from their process."""

    queue: JobQueue
    outbound: Outbound
    sealer: Sealer
    refresh_minutes: float = 60
    now: Clock = utc_now

    def pause(self, failures: int) -> timedelta:
        """How long to wait before asking again."""
        usual = timedelta(minutes=self.refresh_minutes)
        return min(usual * float(2 ** min(failures, _MOST_DOUBLINGS)), max(_LONGEST_PAUSE, usual))


class Sources:
    """Where one person's calendars come from, within one transaction."""

    def __init__(self, session: Session, user_id: str, desk: SourceDesk, *, zone: str = "UTC") -> None:
        self._session = session
        self._user_id = user_id
        self._desk = desk
        self._calendars = Calendars(session, user_id, zone=zone, now=desk.now)
        self._repository = SourceRepository(session, user_id)

    async def subscribe(self, draft: SubscriptionDraft) -> Calendar:
        """Begin to read a calendar that somebody else serves as a file."""
        url = _plain(draft.url)
        self._desk.outbound.checked(url)
        calendar = await self._calendars.open(CalendarDraft(name=draft.name, zone=draft.zone), kind="subscription")
        await self._add(calendar, {"url": url})
        return calendar

    async def connect(self, draft: ConnectionDraft) -> Calendar:
        """Begin to keep a calendar in step with one on a CalDAV server."""
        self._desk.outbound.checked(draft.url)
        calendar = await self._calendars.open(CalendarDraft(name=draft.name, zone=draft.zone), kind="caldav")
        access = {"url": draft.url, "username": draft.username, "password": draft.password.get_secret_value()}
        await self._add(calendar, access)
        return calendar

    async def find(self, calendar_id: str) -> Source | None:
        """How it stands with a calendar's source; none for one that is kept here."""
        await self._calendars.find(calendar_id)
        return await self._repository.find(calendar_id)

    async def ask_now(self, calendar_id: str) -> Source | None:
        """Have the source asked at once, where there is one."""
        source = await self.find(calendar_id)
        if source and source.job_id:
            await self._desk.queue.rouse(self._session, source.job_id)
        return source

    async def look(self, calendar_id: str) -> tuple[Calendar, Source] | None:
        """For the clock: a calendar and its source; none where it is gone."""
        source = await self._repository.find(calendar_id)
        return (await self._calendars.find(calendar_id), source) if source else None

    async def note(self, source: Source, *, at: datetime, etag: str | None = None, problem: str | None = None) -> int:
        """Write down what came of asking; how often in a row it has failed."""
        failures = source.failures + 1 if problem else 0
        values: dict[str, Any] = {"failures": failures, "problem": problem}
        if problem is None:
            values |= {"etag": etag, "read_at": at}
        await self._repository.update(source.calendar_id, values)
        return failures

    async def _add(self, calendar: Calendar, access: dict[str, str]) -> None:
        payload = {"calendar_id": calendar.id, "user_id": self._user_id}
        job_id = await self._desk.queue.add(self._session, SYNC_JOB, payload, user_id=self._user_id)
        source = Source(
            calendar_id=calendar.id, user_id=self._user_id,
            sealed=self._desk.sealer.seal(orjson.dumps(access).decode(), about=calendar.id), etag=None, failures=0,
            problem=None, job_id=job_id, read_at=None, created_at=self._desk.now(),
        )  # fmt: skip
        await self._repository.add(source)


def access_of(source: Source, sealer: Sealer) -> dict[str, str]:
    """Whom to ask, and as whom."""
    access: dict[str, str] = orjson.loads(sealer.open(source.sealed, about=source.calendar_id))
    return access


def _plain(url: str) -> str:
    """The address of a calendar, which programs also write as webcal://."""
    for scheme in ("webcal://", "webcals://"):
        if url.lower().startswith(scheme):
            return "https://" + url[len(scheme) :]
    return url
