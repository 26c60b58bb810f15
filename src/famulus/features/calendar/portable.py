"""What an archive has of calendars: their events, as rows and as files that other calendars read."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict
from datetime import datetime
from urllib.parse import urlsplit

import orjson

from famulus.features.calendar.exchange import Exchange
from famulus.features.calendar.records import Calendar, Event, Source
from famulus.features.calendar.schemas import EventView
from famulus.features.calendar.service import Calendars
from famulus.features.calendar.shaping import settled
from famulus.features.calendar.source_repository import SourceRepository
from famulus.features.calendar.sources import access_of
from famulus.features.calendar.tables import calendar_sources, calendars, events, remote_events
from famulus.features.calendar.writing import written
from famulus.infra.archives import Archive, Arrival, Entry, Portion, Row, Rows
from famulus.infra.database import Database, Session
from famulus.infra.sealing import Sealer
from famulus.kit.errors import Unavailable

_AT_ONCE = 100
_FOLDER = "calendars"


def _own(row: Row, _at: datetime) -> Row:
    # Where it is kept elsewhere, its address and password have stayed behind: what was read of it is the person's now.
    return row | {"kind": "own"}


def _settled(row: Row, _at: datetime) -> Row:
    """An event with its rule, span and words worked out here, whatever the archive says of them."""
    if row["duration_seconds"] < 0:
        raise ValueError("lasts less than no time")
    event = settled(Event(**row))
    EventView.of(event)
    written([event])
    return asdict(event)


PORTIONS = (
    Portion(calendars, instead={"feed_hash": None}, only_one="is_default", adapt=_own),
    Portion(events, parents={"calendar_id": calendars}, within="master_id", adapt=_settled),
)
_SOURCES = f"data/{calendar_sources.name}.jsonl"
TOLD_OF = {calendar_sources.name: _SOURCES}
LEFT_BEHIND = {calendar_sources.name: "addresses and passwords of calendars elsewhere; which server it was is said"}
STAYS = {
    remote_events.name: "what was known of a calendar elsewhere when both sides were last alike",
}


class CalendarPart:
    """Calendars and events; a file of each calendar besides, for other programs."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer
        self._rows = Rows(database, PORTIONS)

    async def entries(self, user_id: str) -> AsyncIterator[Entry]:
        """The rows, and then the files."""
        async for entry in self._rows.entries(user_id):
            yield entry
        sources = await self._database.read(lambda session: SourceRepository(session, user_id).all())
        yield Entry(_SOURCES, self._told(sources), rows=[len(sources)])
        after = ""
        while some := await self._database.read(lambda session: _some(session, user_id, after)):  # noqa: B023 -- awaited
            for calendar in some:
                yield Entry(f"{_FOLDER}/{calendar.id}.ics", self._file(user_id, calendar.id))
            after = some[-1].id

    def check(self, archive: Archive) -> None:
        """Raise unless every row can be read; the files are for others."""
        self._rows.check(archive)
        for _ in archive.rows(_SOURCES):
            pass
        archive.look_at(_FOLDER)

    async def take(self, archive: Archive, arrival: Arrival) -> None:
        """Take in the rows."""
        await self._rows.take(archive, arrival)

    async def _told(self, sources: Sequence[Source]) -> AsyncIterator[bytes]:
        """Where calendars are kept that are kept elsewhere, without what opens them."""
        for source in sources:
            told = {
                "calendar_id": source.calendar_id, "server": await asyncio.to_thread(self._server_of, source),
                "read_at": source.read_at, "created_at": source.created_at,
            }  # fmt: skip
            yield orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE)

    def _server_of(self, source: Source) -> str | None:
        try:
            return urlsplit(access_of(source, self._sealer)["url"]).hostname
        except (Unavailable, ValueError):
            return None

    async def _file(self, user_id: str, calendar_id: str) -> AsyncIterator[bytes]:
        calendar, kept = await self._database.read(lambda session: Exchange(session, user_id).everything(calendar_id))
        yield written(kept, name=calendar.name)


async def _some(session: Session, user_id: str, after: str) -> Sequence[Calendar]:
    return await Calendars(session, user_id).page(after=after or None, limit=_AT_ONCE)
