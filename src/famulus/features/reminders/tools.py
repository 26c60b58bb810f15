"""What an assistant can do with a person's reminders."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from famulus.agent.tools import Arguments, Tool, ToolContext, tool
from famulus.features.reminders.errors import PhraseNotUnderstood
from famulus.features.reminders.records import Reminder
from famulus.features.reminders.schemas import (
    Cron,
    Once,
    Phrase,
    ReminderDraft,
    ReminderPatch,
    RRule,
    Schedule,
    Snooze,
    Timed,
)
from famulus.features.reminders.service import Reminders, shown_next
from famulus.kit.schemas import known_zone
from famulus.kit.text import shortened
from famulus.settings.outward import ReminderSettings

_MOST_SHOWN = 30
_USUAL = ReminderSettings()


class When(Arguments):
    """A time, or several."""

    when: Annotated[str, Field(max_length=200)] = ""
    """An ISO time by the user's clock such as 2026-11-22T09:00 (or with an offset), or plain words: `in 10 minutes`,
    `tomorrow at 9`, `every weekday at 8:30`. With `rrule`, when it begins."""
    rrule: Annotated[str, Field(max_length=500)] = ""
    """For what repeats, a rule of RFC 5545 such as FREQ=WEEKLY;INTERVAL=2;BYDAY=FR."""
    cron: Annotated[str, Field(max_length=200)] = ""
    """For what repeats, a cron expression of five fields."""
    zone: Annotated[str, Field(max_length=64)] = ""
    """An IANA time zone; the user's own when it is empty."""


class NewReminder(When):
    """What to remind the user of, and when."""

    title: Annotated[str, Field(min_length=1, max_length=200)]
    """What to say, in a line."""
    ask_assistant: Annotated[str, Field(max_length=4_000)] = ""
    """If an assistant is to do something each time, such as summarising the day, what it is asked."""


class Named(Arguments):
    """Which reminder."""

    id: Annotated[str, Field(max_length=100)]
    """Its id, as `list_reminders` shows it."""


class Rescheduled(When):
    """Which reminder, and when instead."""

    id: Annotated[str, Field(max_length=100)]
    """Its id, as `list_reminders` shows it."""


class Snoozed(Named):
    """Which reminder, and for how long."""

    minutes: Annotated[int, Field(ge=1, le=10_080)] = 10
    """After how many minutes to say it again."""


class Chosen(Arguments):
    """Which reminders to look at."""

    active_only: bool = True
    """Whether to leave out those that are paused or over."""


@tool(transactional=True)
async def schedule_reminder(context: ToolContext, arguments: NewReminder, limits: ReminderSettings = _USUAL) -> str:
    """Remind the user of something, once or again and again. Tell the user the time that this answers with."""
    timed = _timed(arguments)
    draft = ReminderDraft(title=shortened(arguments.title, 200), prompt=arguments.ask_assistant or None, **dict(timed))
    reminder = await _reminders(context, limits).schedule(draft)
    return f"Reminder set ({reminder.id}): “{reminder.title}”, {_due(reminder)}."


@tool(transactional=True)
async def list_reminders(context: ToolContext, arguments: Chosen) -> str:
    """Look at the user's reminders."""
    found = await _reminders(context).page("active" if arguments.active_only else None, after=None, limit=_MOST_SHOWN)
    return "\n".join(map(_line, found)) if found else "There are no reminders."


@tool(transactional=True)
async def reschedule_reminder(context: ToolContext, arguments: Rescheduled, limits: ReminderSettings = _USUAL) -> str:
    """Move a reminder to another time or rule."""
    reminder = await _reminders(context, limits).change(arguments.id, ReminderPatch(timed=_timed(arguments)))
    return f"Rescheduled: “{reminder.title}”, {_due(reminder)}."


@tool(transactional=True)
async def snooze_reminder(context: ToolContext, arguments: Snoozed) -> str:
    """Say a reminder again, some minutes from now."""
    reminder = await _reminders(context).snooze(arguments.id, Snooze(minutes=arguments.minutes))
    return f"Snoozed: “{reminder.title}”, {_due(reminder)}."


@tool(transactional=True)
async def pause_reminder(context: ToolContext, arguments: Named) -> str:
    """Say nothing of a reminder until it is resumed."""
    return f"Paused: “{(await _reminders(context).pause(arguments.id)).title}”."


@tool(transactional=True)
async def resume_reminder(context: ToolContext, arguments: Named) -> str:
    """Go on with a reminder that was paused."""
    reminder = await _reminders(context).resume(arguments.id)
    return f"Resumed: “{reminder.title}”, {_due(reminder)}."


@tool(transactional=True)
async def cancel_reminder(context: ToolContext, arguments: Named) -> str:
    """Cancel a reminder for good; only when the user asks for it."""
    return f"Cancelled: “{(await _reminders(context).cancel(arguments.id)).title}”."


def _reminders(context: ToolContext, limits: ReminderSettings = _USUAL) -> Reminders:
    return Reminders(context.transaction, context.user_id, limits=limits, now=lambda: context.now)


def _timed(said: When) -> Timed:
    schedule: Schedule
    try:
        zone = known_zone(said.zone) if said.zone else None
        if said.cron:
            schedule = Cron(kind="cron", expression=said.cron)
        elif said.rrule:
            schedule = RRule(kind="rrule", rule=said.rrule, begins=_read(said.when) if said.when else None)
        elif said.when[:4].isdigit():
            schedule = Once(at=_read(said.when))
        else:
            schedule = Phrase(kind="phrase", text=said.when)
    except ValueError:
        raise PhraseNotUnderstood(
            "Say `when` as 2026-11-22T09:00 or in plain words such as `tomorrow at 9`; `zone` as Europe/Berlin.",
            when=said.when,
        ) from None
    return Timed(schedule=schedule, zone=zone)


def _read(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _due(reminder: Reminder) -> str:
    repeats = f"; it repeats ({reminder.rule})" if reminder.kind != "once" else ""
    ends = f" until {reminder.stop_after:%Y-%m-%d}" if repeats and reminder.stop_after else ""
    return f"due on {shown_next(reminder)}{repeats}{ends}"


def _line(reminder: Reminder) -> str:
    when = _due(reminder) if reminder.state == "active" else reminder.state
    return f"({reminder.id}) “{reminder.title}”: {when}"


def reminder_tools(limits: ReminderSettings) -> tuple[Tool, ...]:
    """The tools, within what the operator allows."""
    return (
        schedule_reminder.given(limits=limits),
        reschedule_reminder.given(limits=limits),
        list_reminders,
        snooze_reminder,
        pause_reminder,
        resume_reminder,
        cancel_reminder,
    )
