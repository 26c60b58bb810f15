"""What may be done with events: made, changed and cancelled, as a whole, one at a time, or from one on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from famulus.features.calendar.errors import EventNotFound, NotRecurring, OccurrenceNotFound, TooManyEvents
from famulus.features.calendar.expansion import Span, happens
from famulus.features.calendar.records import Event, Scope
from famulus.features.calendar.repository import CalendarRepository
from famulus.features.calendar.rules import ended, kept_rule
from famulus.features.calendar.schemas import Batch, Created, EventDraft, EventPatch, Updated
from famulus.features.calendar.service import Calendars
from famulus.features.calendar.shaping import drafted, moved, on_clock, one_of, patched, settled
from famulus.features.calendar.times import DAY, text_of, wall
from famulus.infra.database import Session
from famulus.kit.clock import Clock, utc_now
from famulus.kit.errors import FamulusError
from famulus.kit.ids import new_id

MOST_EVENTS = 20_000
_STARTS = ("except_starts", "extra_starts")
_OF_THE_SERIES = {"rule", *_STARTS}


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one item of a batch."""

    status: int
    event: Event | None = None
    error: FamulusError | None = None


class Events:
    """The events of one person, who lives in a zone, within one transaction."""

    def __init__(self, session: Session, user_id: str, *, zone: str = "UTC", now: Clock = utc_now) -> None:
        self._session = session
        self._calendars = Calendars(session, user_id, zone=zone, now=now)
        self._repository = CalendarRepository(session, user_id)
        self._now = now

    async def add(self, draft: EventDraft) -> Event:
        """Put an event into a calendar."""
        calendar = await self._calendars.writable(draft.calendar_id)
        if await self._repository.count(calendar.id) >= MOST_EVENTS:
            raise TooManyEvents(f"A calendar has at most {MOST_EVENTS:,} events.", limit=MOST_EVENTS)
        event = drafted(draft, calendar, now=self._now())
        await self._repository.add([event])
        return event

    async def find(self, event_id: str) -> Event:
        event = await self._repository.find(event_id)
        if event is None:
            raise EventNotFound("There is no such event.")
        return event

    async def page(
        self, *, text: str = "", calendar_id: str | None = None, after: str | None = None, limit: int
    ) -> list[Event]:
        """Events with all the words of a text, the newest first, from behind event `after` on."""
        if calendar_id is not None:
            await self._calendars.find(calendar_id)
        if after is not None:
            await self.find(after)
        return await self._repository.page(words=text.casefold(), calendar_id=calendar_id, before=after, limit=limit)

    async def within(self, span: Span, *, calendar_id: str | None = None) -> list[Event]:
        """Every event of which something may happen in the span: for `expansion`, outside of the transaction."""
        span.checked()
        if calendar_id is not None:
            await self._calendars.find(calendar_id)
        # Days are somebody's days: those of another zone begin up to a day earlier or later.
        return await self._repository.within(span.first - 2 * DAY, span.end + 2 * DAY, calendar_id=calendar_id)

    async def change(self, event_id: str, patch: EventPatch) -> Event:
        """Apply what the patch names, to the event or to some of its occurrences."""
        await self._session.alone(f"event {event_id}")
        event = await self._writable(event_id)
        if patch.occurrence is None:
            return await self._change_whole(event, patch, by=_move(event, wall(event.start), patch))
        start = self._occurrence(event, patch.occurrence)
        if patch.scope == "this":
            return await self._change_one(event, start, patch)
        by = _move(event, start, patch)
        if patch.scope == "all" or start <= wall(event.start):
            whole = patch if patch.start is None else _begun_at(patch, wall(event.start) + by, event)
            return await self._change_whole(event, whole, by=by)
        return await self._split(event, start, patch, by=by)

    async def cancel(self, event_id: str, *, occurrence: str | None = None, scope: Scope = "this") -> None:
        """Remove an event, or some of its occurrences."""
        await self._session.alone(f"event {event_id}")
        event = await self._writable(event_id)
        if event.master_id and event.occurrence:
            event, occurrence = await self.find(event.master_id), event.occurrence
        if occurrence is None or scope == "all":
            await self._repository.delete([event.id])
            return
        start = self._occurrence(event, occurrence)
        if scope == "following" and start <= wall(event.start):
            await self._repository.delete([event.id])
        elif scope == "following":
            later = [one for one in await self._repository.changed(event.id) if wall(one.occurrence or "") >= start]
            await self._repository.delete([one.id for one in later])
            await self._repository.replace(_until(event, start, now=self._now()))
        else:
            if changed := await self._repository.changed_one(event.id, text_of(start)):
                await self._repository.delete([changed.id])
            left_out = sorted({*event.except_starts, text_of(start)})
            shorter = replace(event, except_starts=left_out, sequence=event.sequence + 1, updated_at=self._now())
            await self._repository.replace(shorter)

    async def act(self, batch: Batch) -> list[Result]:
        """Do one thing after the other; what fails has changed nothing, and holds up nothing."""
        results = []
        for item in batch.items:
            try:
                match item:
                    case Created():
                        results.append(Result(201, await self.add(item.event)))
                    case Updated():
                        results.append(Result(200, await self.change(item.event_id, item.change)))
                    case _:
                        await self.cancel(item.event_id, occurrence=item.occurrence, scope=item.scope)
                        results.append(Result(204))
            except FamulusError as error:
                if error.status >= 500:  # noqa: PLR2004 -- nobody's item can help it
                    raise
                results.append(Result(error.status, error=error))
        return results

    async def _writable(self, event_id: str) -> Event:
        event = await self.find(event_id)
        await self._calendars.writable(event.calendar_id)
        return event

    def _occurrence(self, event: Event, name: str) -> datetime:
        if not event.recurs:
            raise NotRecurring("This event happens once.")
        start = happens(event, name)
        if start is None:
            raise OccurrenceNotFound("The event does not happen at that time.", occurrence=name)
        return start

    async def _change_whole(self, event: Event, patch: EventPatch, *, by: timedelta) -> Event:
        if event.master_id and patch.model_fields_set & _OF_THE_SERIES:
            raise NotRecurring("One occurrence of an event does not recur.")
        changed = patched(event, patch, now=self._now())
        if by:
            # What is left out and what was changed goes along with the event.
            changed = _shifted(changed, event, by, patch)
            await self._move_changed(event, by=by, to=changed)
        if event.recurs and not changed.recurs:
            await self._repository.delete([one.id for one in await self._repository.changed(event.id)])
        await self._repository.replace(changed)
        return changed

    async def _change_one(self, event: Event, start: datetime, patch: EventPatch) -> Event:
        if patch.model_fields_set & _OF_THE_SERIES:
            raise NotRecurring("One occurrence of an event does not recur.")
        known = await self._repository.changed_one(event.id, text_of(start))
        changed = patched(known or one_of(event, start, now=self._now()), patch, now=self._now())
        if known:
            await self._repository.replace(changed)
        else:
            await self._repository.add([changed])
        return changed

    async def _split(self, event: Event, start: datetime, patch: EventPatch, *, by: timedelta) -> Event:
        """End the event before this occurrence, and begin another with it."""
        event_id = new_id("event")
        rest = replace(
            event, id=event_id, uid=f"{event_id}@famulus", start=text_of(start), rule=_rest_of(event, start),
            except_starts=_from(event.except_starts, start), extra_starts=_from(event.extra_starts, start),
            sequence=0, created_at=self._now(),
        )  # fmt: skip
        changed = patched(rest, patch, now=self._now())
        changed = _shifted(changed, rest, by, patch)
        await self._repository.replace(_until(event, start, now=self._now()))
        await self._repository.add([changed])
        await self._move_changed(event, by=by, to=changed, first=start)
        return changed

    async def _move_changed(self, event: Event, *, by: timedelta, to: Event, first: datetime | None = None) -> None:
        """Changed occurrences go along, under the name that their occurrence has then."""
        changed: Sequence[Event] = await self._repository.changed(event.id)
        # The last ones first, or the other way round: none takes a name that another still has.
        for one in reversed(changed) if by > timedelta() else changed:
            named = wall(one.occurrence or "")
            if first is None or named >= first:
                await self._repository.replace(
                    replace(one, master_id=to.id, uid=to.uid, occurrence=text_of(named + by))
                )


def _move(event: Event, start: datetime, patch: EventPatch) -> timedelta:
    """How much later the patch lets an occurrence begin, on the wall clock."""
    if patch.start is None:
        return timedelta()
    return on_clock(patch.start, patch.zone or event.zone) - start


def _shifted(changed: Event, before: Event, by: timedelta, patch: EventPatch) -> Event:
    """What is left out and what is extra goes along with the event, unless the patch says it anew."""
    names = [name for name in _STARTS if name not in patch.model_fields_set]
    kept: dict[str, Any] = {name: moved(getattr(before, name), by) for name in names}
    return settled(replace(changed, **kept))


def _begun_at(patch: EventPatch, start: datetime, event: Event) -> EventPatch:
    """The patch for the whole event, when its times were meant for one occurrence."""
    all_day = patch.start is not None and not isinstance(patch.start, datetime)
    begins = start.date() if all_day else start
    ends = None
    if patch.start is not None and patch.end is not None:
        zone = patch.zone or event.zone
        lasts = on_clock(patch.end, zone) - on_clock(patch.start, zone)
        ends = (start + lasts).date() if all_day else start + lasts
    return patch.model_copy(update={"start": begins, "end": ends})


def _until(event: Event, start: datetime, *, now: datetime) -> Event:
    """The event without what begins at `start` or later."""
    rule = ended(kept_rule(event.rule, wall(event.start)), start - timedelta(seconds=1)).text if event.rule else None
    kept: dict[str, Any] = {name: [one for one in getattr(event, name) if wall(one) < start] for name in _STARTS}
    return settled(replace(event, rule=rule, sequence=event.sequence + 1, updated_at=now, **kept))


def _rest_of(event: Event, start: datetime) -> str | None:
    """The rule from an occurrence on: what is left of a count, or the same end."""
    if event.rule is None:
        return None
    rule = kept_rule(event.rule, wall(event.start))
    parts = dict(rule.parts)
    if rule.count is not None:
        before = sum(one < start for one in rule.starts(rule.count))
        parts = {name: value for name, value in parts.items() if name != "UNTIL"} | {"COUNT": str(rule.count - before)}
    return ";".join(f"{name}={value}" for name, value in parts.items())


def _from(starts: list[str], first: datetime) -> list[str]:
    return [one for one in starts if wall(one) >= first]
