"""What may be done with calendars."""

from famulus.features.calendar.errors import CalendarNotFound, DefaultCalendar, ReadOnlyCalendar, TooManyCalendars
from famulus.features.calendar.records import Calendar, Kind
from famulus.features.calendar.repository import CalendarRepository
from famulus.features.calendar.schemas import CalendarDraft, CalendarPatch
from famulus.infra.database import Session
from famulus.kit.clock import Clock, utc_now
from famulus.kit.ids import new_id

MOST_CALENDARS = 100
_DEFAULT_NAME = "Calendar"


class Calendars:
    """The calendars of one person, who lives in a zone, within one transaction."""

    def __init__(self, session: Session, user_id: str, *, zone: str = "UTC", now: Clock = utc_now) -> None:
        self._session = session
        self._user_id = user_id
        self._repository = CalendarRepository(session, user_id)
        self._zone = zone
        self._now = now

    async def open(self, draft: CalendarDraft, *, kind: Kind = "own") -> Calendar:
        """Begin a calendar; the first of one's own is the one that new events go to."""
        await self._session.alone(f"calendars {self._user_id}")
        known = await self._repository.calendars(after="", limit=MOST_CALENDARS)
        if len(known) >= MOST_CALENDARS:
            raise TooManyCalendars(f"A person has at most {MOST_CALENDARS} calendars.", limit=MOST_CALENDARS)
        is_first = kind == "own" and not any(calendar.is_default for calendar in known)
        return await self._add(draft, kind=kind, is_default=is_first)

    async def find(self, calendar_id: str) -> Calendar:
        calendar = await self._repository.find_calendar(calendar_id)
        if calendar is None:
            raise CalendarNotFound("There is no such calendar.")
        return calendar

    async def elsewhere(self) -> set[str]:
        """The ids of those that are kept elsewhere, where others write into them."""
        known = await self._repository.calendars(after="", limit=MOST_CALENDARS)
        return {calendar.id for calendar in known if calendar.kind != "own"}

    async def writable(self, calendar_id: str | None) -> Calendar:
        """The calendar that an event goes into, or is in; one's default calendar where none is named."""
        if calendar_id is None:
            return await self.default()
        calendar = await self.find(calendar_id)
        if calendar.is_read_only:
            raise ReadOnlyCalendar("This calendar comes from elsewhere, and is changed there.")
        return calendar

    async def default(self) -> Calendar:
        """The calendar that new events go to; it is made when it is first needed."""
        if found := await self._repository.default_calendar():
            return found
        await self._session.alone(f"calendars {self._user_id}")
        found = await self._repository.default_calendar()
        return found or await self._add(CalendarDraft(name=_DEFAULT_NAME), kind="own", is_default=True)

    async def page(self, *, after: str | None, limit: int) -> list[Calendar]:
        """In the order in which they were made."""
        if after is not None:
            await self.find(after)
        return await self._repository.calendars(after=after or "", limit=limit)

    async def change(self, calendar_id: str, patch: CalendarPatch) -> Calendar:
        """Apply what the patch names; events keep the zone that they have."""
        await self.find(calendar_id)
        values = patch.model_dump(exclude_none=True)
        if values:
            await self._repository.update_calendar(calendar_id, values | {"updated_at": self._now()})
        return await self.find(calendar_id)

    async def delete(self, calendar_id: str) -> None:
        """Remove a calendar with its events."""
        if (await self.find(calendar_id)).is_default:
            raise DefaultCalendar("The calendar that new events go to cannot be deleted.")
        await self._repository.delete_calendar(calendar_id)

    async def _add(self, draft: CalendarDraft, *, kind: Kind, is_default: bool) -> Calendar:
        now = self._now()
        calendar = Calendar(
            id=new_id("cal"), user_id=self._user_id, name=draft.name, kind=kind, zone=draft.zone or self._zone,
            is_default=is_default, feed_hash=None, created_at=now, updated_at=now,
        )  # fmt: skip
        await self._repository.add_calendar(calendar)
        return calendar
