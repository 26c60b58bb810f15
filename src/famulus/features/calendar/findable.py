"""What of calendars can be found: events, and occurrences that were changed."""

import sqlalchemy as sa

from famulus.features.calendar.tables import events
from famulus.infra.findable import Findable

_event = events.c

FINDABLE = (
    Findable(
        "event",
        events,
        watched=("title", "place", "description", "first_at"),
        at=_event.first_at,
        title=_event.title,
        text=_event.place + sa.case((_event.place != "", "\n"), else_="") + _event.description,
        name=_event.title,
        part_of=_event.calendar_id,
    ),
)
