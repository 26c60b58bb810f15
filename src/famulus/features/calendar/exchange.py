"""What goes in and out of calendars as a whole: files, feeds, and what another calendar has."""

import hashlib
import secrets
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from famulus.features.calendar.errors import FeedNotFound, TooManyEvents
from famulus.features.calendar.events import MOST_EVENTS
from famulus.features.calendar.records import Calendar, Event
from famulus.features.calendar.repository import CalendarRepository, calendar_of_feed
from famulus.features.calendar.service import Calendars
from famulus.features.calendar.writing import fingerprint
from famulus.infra.database import Session
from famulus.kit.clock import Clock, utc_now


@dataclass(frozen=True, slots=True)
class Taken:
    """How many events a calendar took from elsewhere."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0


class Exchange:
    """The calendars of one person and the rest of the world, within one transaction."""

    def __init__(self, session: Session, user_id: str, *, now: Clock = utc_now) -> None:
        self._session = session
        self._user_id = user_id
        self._repository = CalendarRepository(session, user_id)
        self._calendars = Calendars(session, user_id, now=now)
        self._now = now

    async def take(self, calendar_id: str, read: Sequence[Event], *, is_all: bool = False) -> Taken:
        """Put events into a calendar, each in place of what it was before; what is not named goes when that is all."""
        await self._session.alone(f"calendar {calendar_id}")
        await self._calendars.find(calendar_id)
        known = by_uid(await self._repository.of_calendar(calendar_id))
        given = by_uid(read)
        changed = {uid for uid in given.keys() & known.keys() if fingerprint(given[uid]) != fingerprint(known[uid])}
        added = given.keys() - known.keys()
        removed = known.keys() - given.keys() if is_all else set()
        left = sum(len(series) for uid, series in known.items() if uid not in removed | changed)
        if left + sum(len(given[uid]) for uid in added | changed) > MOST_EVENTS:
            raise TooManyEvents(f"A calendar has at most {MOST_EVENTS:,} events.", limit=MOST_EVENTS)
        # An event that was changed elsewhere stays the event that it is here, to whoever knows its id.
        await self._repository.delete([one.id for uid in changed for one in known[uid] if one.master_id])
        await self._repository.delete([one.id for uid in removed for one in known[uid] if not one.master_id])
        fresh: list[Event] = []
        for uid in changed:
            series = _in_place_of(known[uid], given[uid])
            await self._repository.replace(series[0])
            fresh += series[1:]
        fresh += [event for uid in sorted(added) for event in given[uid]]
        await self._repository.add([replace(event, calendar_id=calendar_id) for event in fresh])
        return Taken(len(added), len(changed), len(given) - len(added) - len(changed), len(removed))

    async def everything(self, calendar_id: str) -> tuple[Calendar, list[Event]]:
        """A calendar with all its events."""
        return await self._calendars.find(calendar_id), await self._repository.of_calendar(calendar_id)

    async def open_feed(self, calendar_id: str) -> str:
        """A new token that shows the calendar to whoever holds it; the one before shows nothing any more."""
        await self._calendars.find(calendar_id)
        token = secrets.token_urlsafe(32)
        await self._repository.update_calendar(calendar_id, {"feed_hash": _digest(token), "updated_at": self._now()})
        return token

    async def close_feed(self, calendar_id: str) -> None:
        """Show it to nobody any more."""
        await self._calendars.find(calendar_id)
        await self._repository.update_calendar(calendar_id, {"feed_hash": None, "updated_at": self._now()})


async def shown_by(session: Session, token: str) -> tuple[Calendar, list[Event]]:
    """What a token shows: the calendar whose feed it opens, with all its events."""
    calendar = await calendar_of_feed(session, _digest(token))
    if calendar is None:
        raise FeedNotFound("There is no such feed.")
    return await Exchange(session, calendar.user_id).everything(calendar.id)


def by_uid(events: Sequence[Event]) -> dict[str, list[Event]]:
    """Events with their changed occurrences, the event itself first."""
    series: dict[str, list[Event]] = defaultdict(list)
    for event in sorted(events, key=lambda one: one.occurrence or ""):
        series[event.uid].append(event)
    return series


def _in_place_of(known: list[Event], given: list[Event]) -> list[Event]:
    master = known[0]
    first = replace(given[0], id=master.id, calendar_id=master.calendar_id, created_at=master.created_at)
    return [first, *(replace(one, master_id=master.id) for one in given[1:])]


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
