"""What the clock asks for: look at calendars that are kept elsewhere, again and again."""

import asyncio
from dataclasses import dataclass

import structlog

from famulus.features.calendar.dav import DavCalendar, Stored
from famulus.features.calendar.errors import SourceRefused
from famulus.features.calendar.exchange import Exchange, by_uid
from famulus.features.calendar.reading import read
from famulus.features.calendar.records import Calendar, Event, RemoteEvent, Source
from famulus.features.calendar.repository import CalendarRepository
from famulus.features.calendar.source_repository import SourceRepository
from famulus.features.calendar.sources import SourceDesk, Sources, access_of
from famulus.features.calendar.step import Step, next_step
from famulus.features.calendar.writing import fingerprint, written
from famulus.infra.database import Database, Session
from famulus.infra.outbound import TargetFailed
from famulus.jobs.queue import Claim
from famulus.kit.errors import FamulusError

_MOST_BYTES = 5_000_000
_SECONDS = 30.0
_REDIRECTS = 3
_logger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Synchroniser:
    """Looks at one calendar after the other, outside of any transaction."""

    database: Database
    desk: SourceDesk

    async def sync(self, claim: Claim) -> None:
        """Bring a calendar up to date, and come back later; a calendar that is gone is left in peace."""
        user_id, calendar_id = claim.payload["user_id"], claim.payload["calendar_id"]
        found = await self.database.read(lambda session: Sources(session, user_id, self.desk).look(calendar_id))
        if found is None:
            await self.database.write(lambda session: self.desk.queue.finish(session, claim))
            return
        calendar, source = found
        problem, etag = None, source.etag
        try:
            if calendar.kind == "subscription":
                etag = await self._read(calendar, source)
            else:
                await self._keep_in_step(calendar, source)
        except FamulusError as error:
            problem = error.code
            _logger.info("calendar.not_read", calendar_id=calendar_id, code=error.code)

        async def park(session: Session) -> None:
            failures = await Sources(session, user_id, self.desk).note(
                source, at=self.desk.now(), etag=etag, problem=problem
            )
            await self.desk.queue.park(session, claim, until=self.desk.now() + self.desk.pause(failures))

        await self.database.write(park)

    async def _read(self, calendar: Calendar, source: Source) -> str | None:
        """Read a calendar that is served as a file, unless it is as it was."""
        headers = {"Accept": "text/calendar, */*;q=0.5", "Accept-Encoding": "identity"} | (
            {"If-None-Match": source.etag} if source.etag else {}
        )
        answer = await self.desk.outbound.request(
            "GET", access_of(source, self.desk.sealer)["url"], headers=headers, timeout_seconds=_SECONDS,
            most_bytes=_MOST_BYTES, redirects=_REDIRECTS,
        )  # fmt: skip
        if answer.status == 304:  # noqa: PLR2004 -- not modified
            return source.etag
        if answer.status in (401, 403, 404, 410):
            raise SourceRefused("The calendar's server refuses.", status=answer.status)
        if answer.status != 200:  # noqa: PLR2004 -- success
            raise TargetFailed("The calendar's server failed.", status=answer.status)
        events = await self._events(calendar, answer.body.decode(errors="replace"))
        await self.database.write(
            lambda session: Exchange(session, calendar.user_id, now=self.desk.now).take(
                calendar.id, events, is_all=True
            )
        )
        return answer.headers.get("ETag")

    async def _keep_in_step(self, calendar: Calendar, source: Source) -> None:
        """Do here and there what follows from what was done there and here."""
        access = access_of(source, self.desk.sealer)
        server = DavCalendar(self.desk.outbound, access["url"], access["username"], access["password"])
        there = await server.versions()

        async def look(session: Session) -> tuple[list[Event], dict[str, RemoteEvent]]:
            events = await CalendarRepository(session, calendar.user_id).of_calendar(calendar.id)
            return events, await SourceRepository(session, calendar.user_id).remote(calendar.id)

        events, known = await self.database.read(look)
        here = by_uid(events)
        step = next_step(here, there, known)
        fetched = await server.fetch(step.fetch)
        taken = await self._take(calendar, here, fetched)
        # What was read just now is as the server has it, whatever was done to it here.
        await self._put(server, calendar, here, known, [uid for uid in step.put if uid not in taken])
        for uid in step.delete_there:
            if await server.delete(known[uid].href, known=known[uid].etag):
                await self._forget(calendar, [uid])
        await self._follow(calendar, here, step)

    async def _take(self, calendar: Calendar, here: dict[str, list[Event]], fetched: list[Stored]) -> set[str]:
        """Keep what was read there, unless it was changed here in the meantime: then the next look decides."""
        series: dict[str, tuple[Stored, list[Event]]] = {}
        for stored in fetched:
            for uid, events in by_uid(await self._events(calendar, stored.text)).items():
                series[uid] = stored, events

        async def work(session: Session) -> None:
            exchange = Exchange(session, calendar.user_id, now=self.desk.now)
            now_here = by_uid(await CalendarRepository(session, calendar.user_id).of_calendar(calendar.id))
            same = [uid for uid in series if _print(now_here, uid) == _print(here, uid)]
            await exchange.take(calendar.id, [event for uid in same for event in series[uid][1]])
            alike = [_alike(calendar, uid, series[uid][0].href, series[uid][0].etag, series[uid][1]) for uid in same]
            await SourceRepository(session, calendar.user_id).remember(alike)

        if series:
            await self.database.write(work)
        return set(series)

    async def _put(
        self, server: DavCalendar, calendar: Calendar, here: dict[str, list[Event]], known: dict[str, RemoteEvent],
        uids: list[str],
    ) -> None:  # fmt: skip
        """Write there what was made or changed here; what was changed there meanwhile waits for the next look."""
        texts = {
            stored.href: stored for stored in await server.fetch([known[uid].href for uid in uids if uid in known])
        }
        for uid in uids:
            href = known[uid].href if uid in known else server.place_of(uid)
            before = texts.get(href)
            text = await asyncio.to_thread(written, here[uid], onto=before.text if before else None)
            version = before.etag if before else None
            if before and version != known[uid].etag:
                continue
            etag = await server.put(href, text, known=version)
            if etag is not None:
                alike = _alike(calendar, uid, href, etag, here[uid])
                await self.database.write(
                    lambda session, alike=alike: SourceRepository(session, calendar.user_id).remember([alike])  # type: ignore[misc]
                )

    async def _follow(self, calendar: Calendar, here: dict[str, list[Event]], step: Step) -> None:
        """Delete here what was deleted there, unless it was changed here in the meantime."""

        async def work(session: Session) -> None:
            repository = CalendarRepository(session, calendar.user_id)
            now_here = by_uid(await repository.of_calendar(calendar.id))
            gone = [uid for uid in step.delete_here if _print(now_here, uid) == _print(here, uid)]
            await repository.delete([event.id for uid in gone for event in now_here.get(uid, ())])
            await SourceRepository(session, calendar.user_id).forget(calendar.id, [*gone, *step.forget])

        if step.delete_here or step.forget:
            await self.database.write(work)

    async def _forget(self, calendar: Calendar, uids: list[str]) -> None:
        await self.database.write(lambda session: SourceRepository(session, calendar.user_id).forget(calendar.id, uids))

    async def _events(self, calendar: Calendar, text: str) -> list[Event]:
        found = await asyncio.to_thread(read, text, calendar, now=self.desk.now())
        for error in found.skipped:
            _logger.info("calendar.event_skipped", calendar_id=calendar.id, code=error.code)
        return found.events


def _print(series: dict[str, list[Event]], uid: str) -> str | None:
    return fingerprint(series[uid]) if uid in series else None


def _alike(calendar: Calendar, uid: str, href: str, etag: str, events: list[Event]) -> RemoteEvent:
    return RemoteEvent(calendar.id, uid, calendar.user_id, href, etag, fingerprint(events))
