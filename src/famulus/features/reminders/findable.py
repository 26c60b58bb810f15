"""What of reminders can be found."""

from famulus.features.reminders.tables import reminders
from famulus.infra.findable import Findable

FINDABLE = (
    Findable(
        "reminder",
        reminders,
        watched=("title", "note"),
        at=reminders.c.created_at,
        title=reminders.c.title,
        text=reminders.c.note,
    ),
)
