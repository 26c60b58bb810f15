"""What an archive has of reminders: all of it. One that became due meanwhile is told late, as after any pause."""

from datetime import datetime
from typing import get_args

from famulus.features.reminders.records import Kind, Missed, Reminder, State
from famulus.features.reminders.rules import parsed
from famulus.features.reminders.schemas import ReminderView
from famulus.features.reminders.tables import occurrences, reminders
from famulus.features.reminders.timing import checked_cron
from famulus.infra.archives import Portion, Row, Rows
from famulus.infra.database import Database


def _readable(row: Row, _at: datetime) -> Row:
    reminder = Reminder(**row)
    begins = datetime.fromisoformat(reminder.begins).replace(tzinfo=None)
    if reminder.kind == "cron":
        checked_cron(reminder.rule)
    elif reminder.kind == "rrule":
        parsed(reminder.rule, begins)
    if min(reminder.occurred, reminder.max_lateness_seconds, reminder.max_occurrences or 0) < 0:
        raise ValueError("counts less than nothing")
    ReminderView.of(reminder, None)
    return row


PORTIONS = (
    Portion(
        reminders,
        mentions=("about_id",),
        words={"state": get_args(State), "kind": get_args(Kind), "missed": get_args(Missed)},
        adapt=_readable,
    ),
    Portion(
        occurrences,
        parents={"reminder_id": reminders},
        mentions=("notification_id",),
        words={"state": ("fired", "missed")},
    ),
)


def reminders_part(database: Database) -> Rows:
    """Reminders, and when they were due."""
    return Rows(database, PORTIONS)
