"""What becomes of a reminder that is due: what is said, what was missed, and when it is due next.

All of it is one transaction that holds the reminder's row. A process that dies in the middle has done nothing; two that
look at the same moment take different reminders; one that was cancelled a moment before is not taken at all.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

import structlog

from famulus.features.notifications.desk import NotificationDesk
from famulus.features.notifications.schemas import Action, Notice
from famulus.features.notifications.telling import Told, tell
from famulus.features.reminders.records import Occurrence, Reminder
from famulus.features.reminders.repository import add_occurrences, change_each, due, known_among
from famulus.features.reminders.service import from_next, local
from famulus.infra.database import Session
from famulus.jobs.queue import JobDraft
from famulus.kit.ids import new_id
from famulus.kit.killpoints import killpoint

RUN_REMINDER_JOB = "run_reminder"
"""The kind of job in which an assistant does what a reminder asks of it."""

_logger = structlog.get_logger()
_WORTH_SAYING = timedelta(minutes=1)
# What was due during a long silence is looked through in pieces, so that nobody waits for one person's reminder.
_MOST_AT_ONCE = 200
_MOST_MADE_UP_FOR = 24
_UNTIL_LOOKED_AT = timedelta(hours=1)
_CHANGED_BY_FIRING = ("state", "occurred", "next_at", "snoozed_until", "wake_at", "last_fired_at", "updated_at")
_DONE = Action(id="dismiss", label="Done", kind="dismiss")


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done with a reminder that is due."""

    fired: list[datetime]
    missed: list[datetime]
    occurred: int
    next_at: datetime | None
    snooze_is_over: bool


def planned(reminder: Reminder, now: datetime) -> Plan:
    """What a reminder says at `now`, by its policy for what was missed."""
    times: list[datetime] = []
    coming = from_next(reminder)
    while (at := next(coming, None)) is not None and at <= now and len(times) < _MOST_AT_ONCE:
        times.append(at)
    there_is_more = at is not None and at <= now
    fired = _said([] if there_is_more and reminder.missed != "all" else times, reminder, now)
    missed = [time for time in times if time not in fired]
    snoozed = reminder.snoozed_until
    snooze_is_over = snoozed is not None and snoozed <= now
    if snooze_is_over and snoozed is not None and snoozed not in times:
        fired.append(snoozed)
    return Plan(fired, missed, reminder.occurred + len(times), at, snooze_is_over)


def _said(times: list[datetime], reminder: Reminder, now: datetime) -> list[datetime]:
    lateness = timedelta(seconds=reminder.max_lateness_seconds)
    match reminder.missed:
        case "coalesce":
            return [time for time in times[-1:] if now - time <= lateness]
        case "skip":
            return [time for time in times[-1:] if now - time <= _WORTH_SAYING]
        case "all":
            return [time for time in times if now - time <= lateness][-_MOST_MADE_UP_FOR:]


class Firing:
    """Says what is due, within one transaction, and writes each table once."""

    def __init__(self, session: Session, desk: NotificationDesk) -> None:
        self._session = session
        self._desk = desk
        self._occurrences: list[Occurrence] = []
        self._changes: list[tuple[Reminder, dict[str, Any]]] = []
        self._jobs: list[JobDraft] = []
        self._told: list[Told] = []

    async def fire_due(self, *, most: int) -> int:
        """Say what is due, of everybody, as much as fits; how many reminders that were."""
        now = self._desk.now()
        taken = await due(self._session, now, most=most)
        plans = [(reminder, plan) for reminder in taken if (plan := self._planned(reminder, now))]
        known = await known_among(self._session, {one.id: [*plan.fired, *plan.missed] for one, plan in plans})
        for reminder, plan in plans:
            self._fire(reminder, plan, known.get(reminder.id, set()), now)
        await add_occurrences(self._session, self._occurrences)
        await change_each(self._session, self._changes)
        await self._desk.queue.add_many(self._session, self._jobs)
        await tell(self._session, self._desk, self._told)
        killpoint("reminders.before_commit")
        return len(taken)

    def _planned(self, reminder: Reminder, now: datetime) -> Plan | None:
        """What it says; nothing for now, where that cannot be told: a zone, say, that this machine does not know."""
        try:
            return planned(reminder, now)
        except Exception:
            # It must not keep everybody else's from being said.
            _logger.exception("reminders.not_planned", reminder_id=reminder.id)
            as_it_is = {name: getattr(reminder, name) for name in _CHANGED_BY_FIRING}
            self._changes.append((reminder, as_it_is | {"wake_at": now + _UNTIL_LOOKED_AT}))
            return None

    def _fire(self, reminder: Reminder, plan: Plan, known: set[datetime], now: datetime) -> None:
        for time in plan.missed:
            if time not in known:
                self._occurrences.append(_occurrence(reminder, time, now, state="missed"))
        for time in plan.fired:
            if time not in known:
                self._say(reminder, time, now)
        self._changes.append((reminder, _after(reminder, plan, now)))
        if plan.next_at is None and reminder.stops_by_default:
            self._told.append(_last_time(reminder, now))

    def _say(self, reminder: Reminder, time: datetime, now: datetime) -> None:
        occurrence = _occurrence(reminder, time, now, state="fired")
        # Whoever holds the reminder's row is the only one to tell of it.
        told = Told(reminder.user_id, _notice(reminder, occurrence), f"{reminder.id} {time.isoformat()}")
        self._told.append(told)
        self._occurrences.append(replace(occurrence, notification_id=told.id))
        if reminder.prompt is not None:
            payload = {"user_id": reminder.user_id, "reminder_id": reminder.id, "occurrence_id": occurrence.id}
            self._jobs.append(JobDraft(RUN_REMINDER_JOB, payload, reminder.user_id))


def _notice(reminder: Reminder, occurrence: Occurrence) -> Notice:
    data = {
        "reminder_id": reminder.id, "occurrence_id": occurrence.id, "due_at": occurrence.due_at.isoformat(),
        "late_by_seconds": occurrence.late_by_seconds,
    }  # fmt: skip
    late = f"This was due on {local(occurrence.due_at, reminder.zone)}." if occurrence.late_by_seconds else ""
    body = "\n\n".join(text for text in (reminder.note, late) if text)
    return Notice(title=reminder.title, body=body, kind="reminder", urgent=reminder.urgent, data=data, actions=[_DONE])


def _last_time(reminder: Reminder, now: datetime) -> Told:
    title = f"{reminder.title}: this was the last time"
    body = f"It has no end of its own, and so ended on {local(now, reminder.zone)}. Reschedule it to go on."
    kind = "reminder.ended"
    notice = Notice(title=title[:200], body=body, kind=kind, data={"reminder_id": reminder.id})
    return Told(reminder.user_id, notice, f"{reminder.id} {kind} {now.isoformat()}")


def _occurrence(reminder: Reminder, time: datetime, now: datetime, *, state: Literal["fired", "missed"]) -> Occurrence:
    late = now - time
    return Occurrence(
        id=new_id("occ"),
        user_id=reminder.user_id,
        reminder_id=reminder.id,
        due_at=time,
        state=state,
        late_by_seconds=int(late.total_seconds()) if late >= _WORTH_SAYING else None,
        notification_id=None,
        created_at=now,
    )


def _after(reminder: Reminder, plan: Plan, now: datetime) -> dict[str, Any]:
    """The reminder's columns once it has fired."""
    snoozed = None if plan.snooze_is_over else reminder.snoozed_until
    wakes = [at for at in (plan.next_at, snoozed) if at is not None]
    ended = "expired" if reminder.stops_by_default else "completed"
    return {
        "state": "active" if wakes else ended,
        "occurred": plan.occurred,
        "next_at": plan.next_at,
        "snoozed_until": snoozed,
        "wake_at": min(wakes, default=None),
        "last_fired_at": now if plan.fired else reminder.last_fired_at,
        "updated_at": now,
    }
