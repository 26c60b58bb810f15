"""What of notifications can be found."""

from famulus.features.notifications.tables import notifications
from famulus.infra.findable import Findable

FINDABLE = (
    Findable(
        "notification",
        notifications,
        watched=("title", "body"),
        at=notifications.c.created_at,
        title=notifications.c.title,
        text=notifications.c.body,
    ),
)
