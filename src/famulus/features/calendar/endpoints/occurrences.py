"""What happens when: occurrences in a span of time, what overlaps, and free time."""

import asyncio
from datetime import UTC, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from famulus.features.accounts.caller import Caller
from famulus.features.accounts.parameters import ChatterDep
from famulus.features.calendar import free
from famulus.features.calendar.desk import CalendarDesk, DeskDep
from famulus.features.calendar.errors import EndsBeforeStart, InvalidCursor
from famulus.features.calendar.events import Events
from famulus.features.calendar.expansion import Span, occurrences
from famulus.features.calendar.records import Occurrence
from famulus.features.calendar.schemas import (
    ConflictsView,
    ConflictView,
    FreeTimeView,
    FreeView,
    OccurrenceView,
)
from famulus.kit.clock import iso
from famulus.kit.pages import Page, page_of
from famulus.kit.problems import errors
from famulus.kit.schemas import Zone

router = APIRouter(tags=["events"])

_MOST = 1_000
From = Annotated[AwareDatetime, Query(alias="from", description="When the span begins, with an offset.")]
To = Annotated[AwareDatetime, Query(description="When the span ends, with an offset; at most 400 days later.")]
OfZone = Annotated[Zone | None, Query(description="The zone whose days are meant; one's own if left out.")]
OfCalendar = Annotated[str | None, Query(max_length=100, description="Only of this calendar.")]
Many = Annotated[int, Query(ge=1, le=_MOST, description="How many at most.")]
After = Annotated[str | None, Query(max_length=100, description="`next` of the page before.")]
Minutes = Annotated[int, Query(ge=5, le=24 * 60, description="How long it has to be.")]
Clock = Annotated[time, Query(description="Wall-clock time, such as 09:00.")]
Weekdays = Annotated[str, Query(pattern="^[1-7]{1,7}$", description="Days of the week, 1 for Monday.")]


@router.get("/occurrences", responses=errors(404))
async def list_occurrences(
    caller: ChatterDep,
    desk: DeskDep,
    begin: From,
    to: To,
    zone: OfZone = None,
    calendar_id: OfCalendar = None,
    limit: Many = 200,
    after: After = None,
) -> Page[OccurrenceView]:
    """What happens in a span of time, the earliest first; events that recur, as often as they do."""
    found = await _found(desk, caller, Span(_utc(begin), _utc(to), zone or caller.zone), calendar_id=calendar_id)
    if after is not None:
        found = [one for one in found if _place(one) > _parsed(after)]
    page = page_of(found[: limit + 1], limit=limit, cursor=_cursor)
    return Page(data=[OccurrenceView.of(one) for one in page.data], has_more=page.has_more, next=page.next)


@router.get("/conflicts", responses=errors(404))
async def list_conflicts(caller: ChatterDep, desk: DeskDep, begin: From, to: To, zone: OfZone = None) -> ConflictsView:
    """Every two things in a span of time that take up the same time."""
    found = await _found(desk, caller, Span(_utc(begin), _utc(to), zone or caller.zone))
    pairs = await asyncio.to_thread(free.conflicts, found)
    return ConflictsView(
        conflicts=[ConflictView(first=OccurrenceView.of(one), second=OccurrenceView.of(two)) for one, two in pairs]
    )


@router.get("/free-time", responses=errors(404))
async def list_free_time(
    caller: ChatterDep,
    desk: DeskDep,
    begin: From,
    to: To,
    minutes: Minutes = 30,
    day_begins: Clock = time(9),
    day_ends: Clock = time(17),
    weekdays: Weekdays = "12345",
    zone: OfZone = None,
) -> FreeTimeView:
    """When there is nothing to be done: times of at least so many minutes, within the hours of some weekdays."""
    hours = hours_of(day_begins, day_ends, weekdays, zone or caller.zone)
    span = Span(_utc(begin), _utc(to), hours.zone)
    found = await _found(desk, caller, span)
    lasts = timedelta(minutes=minutes)
    gaps = await asyncio.to_thread(free.free_times, found, hours, span.first, span.end, lasts)
    return FreeTimeView(free=[FreeView(start=start, end=end) for start, end in gaps])


def hours_of(begins: time, ends: time, weekdays: str, zone: str) -> free.Hours:
    """Working hours; those that end at midnight or later end on the next day."""
    begins, ends = (clock.replace(tzinfo=None, microsecond=0) for clock in (begins, ends))
    if begins == ends:
        raise EndsBeforeStart("The hours end when they begin.", day_begins=begins, day_ends=ends)
    return free.Hours(begins, ends, frozenset(int(day) - 1 for day in weekdays), zone)


async def _found(desk: CalendarDesk, caller: Caller, span: Span, *, calendar_id: str | None = None) -> list[Occurrence]:
    """The rows in a transaction, what they come to outside of it."""
    events = await desk.database.read(
        lambda session: Events(session, caller.user_id, zone=caller.zone).within(span, calendar_id=calendar_id)
    )
    return await asyncio.to_thread(occurrences, events, span)


def _utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        # Outside of every calendar, which the span says in its own words.
        return moment.replace(tzinfo=UTC)


def _place(one: Occurrence) -> tuple[str, str, str]:
    return iso(one.from_at), one.event.id, one.name


def _cursor(one: Occurrence) -> str:
    return "~".join(_place(one))


def _parsed(after: str) -> tuple[str, ...]:
    place = tuple(after.split("~"))
    if len(place) != len(("when", "event", "occurrence")):
        raise InvalidCursor("This is not the end of a page.")
    return place
