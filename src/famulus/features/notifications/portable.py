"""What an archive has of notifications: what was told and how it went out, and not the ways out, which hold secrets."""

from datetime import datetime

from famulus.features.notifications.records import Notification
from famulus.features.notifications.schemas import NotificationView
from famulus.features.notifications.tables import actions_done, channels, deliveries, notifications, preferences
from famulus.infra.archives import Portion, Row, Rows
from famulus.infra.database import Database


def _told(row: Row, _at: datetime) -> Row:
    """What was told can be read again; what could be done about it then is over."""
    NotificationView.of(Notification(**{**row, "actions": []}))
    return row | {"actions": []}


PORTIONS = (
    Portion(notifications, instead={"key": None}, adapt=_told),
    Portion(deliveries, instead={"job_id": None}, comes_back=False),
    Portion(preferences),
)
STAYS = {
    channels.name: "addresses that open something, and secrets; where else they lead must be shown anew",
    actions_done.name: "what was done about a notification, which is over",
}


def notifications_part(database: Database) -> Rows:
    """What was told."""
    return Rows(database, PORTIONS)
