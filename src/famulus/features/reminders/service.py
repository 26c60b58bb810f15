"""What may be done with reminders."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from famulus.features.accounts.users import zone_of
from famulus.features.reminders import errors, rules
from famulus.features.reminders.phrases import understood
from famulus.features.reminders.records import About, Kind, Occurrence, Reminder, State
from famulus.features.reminders.repository import ReminderRepository
from famulus.features.reminders.schemas import (
    Cron,
    Delay,
    Once,
    ReminderDraft,
    ReminderPatch,
    RRule,
    Schedule,
    Snooze,
    Timed,
)
from famulus.features.reminders.timing import Timing, checked_cron
from famulus.features.reminders.walls import instant_of, wall_at
from famulus.infra.database import Session
from famulus.kit.clock import Clock, utc_now
from famulus.kit.ids import new_id
from famulus.kit.pages import checked_cursor
from famulus.settings.outward import ReminderSettings

_OVER: tuple[State, ...] = ("completed", "expired", "cancelled")


@dataclass(frozen=True, slots=True)
class Drawn:
    """A schedule, as a reminder keeps it."""

    timing: Timing
    count: int | None = None
    until: datetime | None = None


class Reminders:
    """The reminders of one person, within one transaction."""

    def __init__(
        self, session: Session, user_id: str, *, limits: ReminderSettings | None = None, now: Clock = utc_now
    ) -> None:
        self._session = session
        self._user_id = user_id
        self._repository = ReminderRepository(session, user_id)
        self._limits = limits or ReminderSettings()
        self._now = now

    async def schedule(self, draft: ReminderDraft, *, about: About | None = None) -> Reminder:
        """Make a reminder; `about` says what another feature made it for."""
        await self._session.alone(f"reminders {self._user_id}")
        if await self._repository.count_live() >= self._limits.max_active:
            raise errors.TooManyReminders("There are too many reminders.", limit=self._limits.max_active)
        now = self._now()
        lateness = draft.max_lateness_seconds
        reminder = Reminder(
            id=new_id("rem"), user_id=self._user_id, title=draft.title, note=draft.note, state="active",
            floating=draft.floating, occurred=0, missed=draft.missed, urgent=draft.urgent, prompt=draft.prompt,
            max_lateness_seconds=self._limits.max_lateness_seconds if lateness is None else lateness,
            about_kind=about.kind if about else None, about_id=about.id if about else None,
            snoozed_until=None, last_fired_at=None, created_at=now, updated_at=now,
            **await self._timed(draft, floating=draft.floating),
        )  # fmt: skip
        await self._repository.add(reminder)
        return reminder

    async def find(self, reminder_id: str) -> Reminder:
        return await self._found(reminder_id, held=False)

    async def page(self, state: State | None, *, after: str | None, limit: int) -> list[Reminder]:
        """The latest first, from behind reminder `after` on."""
        return await self._repository.page(state, after=checked_cursor(after, "rem"), limit=limit)

    async def about(self, about: About) -> list[Reminder]:
        """What was made for something, in the order in which it was made."""
        return await self._repository.about(about)

    async def delete_about(self, about: About) -> None:
        """Remove what was made for something that is gone."""
        for reminder in await self._repository.about(about):
            await self._repository.delete(reminder.id)

    async def occurrences(self, reminder_id: str, *, after: str | None, limit: int) -> list[Occurrence]:
        """When it was due, latest first."""
        await self.find(reminder_id)
        return await self._repository.occurrences(reminder_id, after=checked_cursor(after, "occ"), limit=limit)

    async def change(self, reminder_id: str, patch: ReminderPatch) -> Reminder:
        """Apply what the patch names; with another schedule it begins anew."""
        reminder = await self._found(reminder_id)
        values: dict[str, Any] = patch.model_dump(exclude_none=True, exclude={"timed"})
        if patch.timed is not None:
            begun = {"state": "active", "occurred": 0, "snoozed_until": None}
            values |= begun | await self._timed(patch.timed, floating=reminder.floating)
        return await self._changed(reminder, values)

    async def pause(self, reminder_id: str) -> Reminder:
        """Say nothing until it is resumed; what is due meanwhile is not made up for."""
        reminder = await self._found(reminder_id)
        if reminder.state in _OVER:
            raise errors.ReminderEnded("The reminder is over: reschedule it.", state=reminder.state)
        return await self._changed(reminder, {"state": "paused", "wake_at": None, "snoozed_until": None})

    async def resume(self, reminder_id: str) -> Reminder:
        """Go on from now."""
        reminder = await self._found(reminder_id)
        if reminder.state != "paused":
            raise errors.NotPaused("Only what is paused goes on.", state=reminder.state)
        next_at = next_of(reminder, self._now())
        if next_at is None:
            raise errors.DueInThePast("Its time has passed while it was paused: reschedule it.")
        return await self._changed(reminder, {"state": "active", "next_at": next_at, "wake_at": next_at})

    async def snooze(self, reminder_id: str, snooze: Snooze) -> Reminder:
        """Say again, later, what was said."""
        reminder = await self._found(reminder_id)
        if reminder.last_fired_at is None:
            raise errors.NothingToSnooze("It was not due yet: reschedule it.")
        if reminder.state in ("cancelled", "paused"):
            raise errors.ReminderEnded("The reminder does not run: resume or reschedule it.", state=reminder.state)
        now = self._now()
        until = snooze.until or now + timedelta(minutes=snooze.minutes or 0)
        if until <= now:
            raise errors.DueInThePast("A reminder is due in the future.")
        wake_at = min(until, reminder.next_at or until)
        return await self._changed(reminder, {"state": "active", "snoozed_until": until, "wake_at": wake_at})

    async def cancel(self, reminder_id: str) -> Reminder:
        """Say nothing any more; cancelled twice is cancelled."""
        reminder = await self._found(reminder_id)
        over = {"state": "cancelled", "next_at": None, "wake_at": None, "snoozed_until": None}
        return reminder if reminder.state == "cancelled" else await self._changed(reminder, over)

    async def delete(self, reminder_id: str) -> None:
        """Remove a reminder and what is known of when it was due."""
        await self._found(reminder_id)
        await self._repository.delete(reminder_id)

    async def preview(self, timed: Timed, *, count: int) -> tuple[Timing, list[datetime]]:
        """When it would be due, without keeping anything; raises what is wrong with it."""
        values = await self._timed(timed, floating=False)
        reminder = _like(values, self._now())
        return timing_of(reminder), upcoming(reminder, count=count)

    async def moved(self, zone: str) -> None:
        """The person is in another zone: what floats is due by the clocks there."""
        for reminder in await self._repository.floating():
            next_at = next_of(replace(reminder, zone=zone), self._now())
            wake_at = next_at if reminder.state == "active" else None
            await self._changed(reminder, {"zone": zone, "next_at": next_at, "wake_at": wake_at})

    async def _found(self, reminder_id: str, *, held: bool = True) -> Reminder:
        reminder = await self._repository.find(reminder_id, held=held)
        if reminder is None:
            raise errors.ReminderNotFound("There is no such reminder.")
        return reminder

    async def _changed(self, reminder: Reminder, values: dict[str, Any]) -> Reminder:
        values["updated_at"] = self._now()
        await self._repository.change(reminder.id, values)
        return replace(reminder, **values)

    async def _timed(self, timed: Timed, *, floating: bool) -> dict[str, Any]:
        """The columns that say when a reminder is due, from now on."""
        now = self._now()
        zone = timed.zone or await zone_of(self._session, self._user_id)
        drawn = drawn_from(timed.schedule, zone, now, shortest_seconds=self._limits.shortest_interval_seconds)
        timing = drawn.timing
        if floating:
            # By the clock wherever the person will be, and not at one instant.
            timing = replace(timing, at=None)
        ends = [end for end in (timed.stop_after, drawn.until) if end is not None]
        counts = [count for count in (timed.max_occurrences, drawn.count) if count is not None]
        by_default = timing.kind != "once" and not ends and not counts
        default = now + timedelta(days=self._limits.default_expiry_days)
        stop_after = default if by_default else min(ends, default=None)
        next_at = timing.after(now - timedelta(microseconds=1))
        if next_at is None or (stop_after is not None and next_at > stop_after):
            if timing.kind == "once":
                raise errors.DueInThePast("A reminder is due in the future.")
            raise errors.NeverDue("By this rule it would never be due.")
        return {
            "kind": timing.kind, "rule": timing.rule, "begins": timing.begins.isoformat(), "at": timing.at,
            "zone": zone, "stop_after": stop_after, "stops_by_default": by_default,
            "max_occurrences": min(counts, default=None), "next_at": next_at, "wake_at": next_at,
        }  # fmt: skip


def drawn_from(schedule: Schedule, zone: str, now: datetime, *, shortest_seconds: float) -> Drawn:
    """What a schedule says, as it is kept; raises what is wrong with it."""
    clock = ZoneInfo(zone)
    match schedule:
        case Once(at=at):
            instant = _instant(at, clock)
            return Drawn(Timing("once", "", _wall(at, clock), zone, instant))
        case Delay(seconds=seconds):
            instant = now + timedelta(seconds=seconds)
            return Drawn(Timing("once", "", wall_at(instant, clock), zone, instant))
        case Cron(expression=expression):
            return Drawn(
                Timing("cron", checked_cron(expression, shortest_seconds=shortest_seconds), wall_at(now, clock), zone)
            )
        case RRule(rule=text, begins=begins):
            wall = _wall(begins, clock) if begins else wall_at(now, clock)
            return _ruled(text, wall, zone, shortest_seconds=shortest_seconds)
    said = understood(schedule.text, wall_at(now, clock))
    if said.rule is not None and said.wall is not None:
        return _ruled(said.rule, said.wall, zone, shortest_seconds=shortest_seconds)
    instant = instant_of(said.wall, clock) if said.wall else now + timedelta(seconds=said.seconds or 0)
    return Drawn(Timing("once", "", wall_at(instant, clock), zone, instant))


def timing_of(reminder: Reminder) -> Timing:
    """When a reminder is due."""
    begins = datetime.fromisoformat(reminder.begins)
    return Timing(reminder.kind, reminder.rule, begins, reminder.zone, reminder.at)


def next_of(reminder: Reminder, after: datetime) -> datetime | None:
    """When it is due next after an instant, within its own end."""
    return next(_following(reminder, after, occurred=reminder.occurred), None)


def from_next(reminder: Reminder) -> Iterator[datetime]:
    """When it is due, in order, from the time on at which it is due next."""
    if reminder.next_at is not None:
        yield reminder.next_at
        yield from _following(reminder, reminder.next_at, occurred=reminder.occurred + 1)


def _following(reminder: Reminder, after: datetime, *, occurred: int) -> Iterator[datetime]:
    """When it is due after an instant, within its own end."""
    left = None if reminder.max_occurrences is None else max(0, reminder.max_occurrences - occurred)
    for at in islice(timing_of(reminder).following(after), left):
        if reminder.stop_after is not None and at > reminder.stop_after:
            return
        yield at


def upcoming(reminder: Reminder, *, count: int) -> list[datetime]:
    """When it is due from now on, as far as it is."""
    return list(islice(from_next(reminder), count))


def local(moment: datetime, zone: str) -> str:
    """An instant as people say it, with the zone that is meant."""
    shown = moment.astimezone(ZoneInfo(zone))
    return f"{shown:%A, %d %B %Y, %H:%M} ({zone})"


def _ruled(text: str, begins: datetime, zone: str, *, shortest_seconds: float) -> Drawn:
    rule, limits = rules.parsed(text, begins.replace(microsecond=0), shortest_seconds=shortest_seconds)
    until = _instant(limits.until, ZoneInfo(zone)) if limits.until else None
    return Drawn(Timing("rrule", rule.text, rule.begins, zone), limits.count, until)


def _instant(at: datetime, clock: ZoneInfo) -> datetime:
    if not 1970 <= at.year <= rules.LAST_YEAR:  # noqa: PLR2004 -- before that nobody asks
        raise errors.InvalidRule(f"Reminders go from 1970 to {rules.LAST_YEAR}.")
    return at.astimezone(UTC) if at.tzinfo else instant_of(at, clock)


def _wall(at: datetime, clock: ZoneInfo) -> datetime:
    return wall_at(_instant(at, clock), clock) if at.tzinfo else at


def _like(values: dict[str, Any], now: datetime) -> Reminder:
    """A reminder that nobody keeps, to ask when it would be due."""
    rest: dict[str, Any] = dict.fromkeys(Reminder.__dataclass_fields__)
    kind: Kind = values["kind"]
    return Reminder(**{**rest, "occurred": 0, "created_at": now, "updated_at": now, **values, "kind": kind})


def shown_next(reminder: Reminder) -> str | None:
    """When it is due next, in the words of its own clock."""
    sooner: Sequence[datetime] = [at for at in (reminder.next_at, reminder.snoozed_until) if at is not None]
    return local(min(sooner), reminder.zone) if sooner else None
