"""What an archive has of notifications: what was told, how it went out, and the ways out without what opens them."""

from datetime import datetime
from typing import get_args
from urllib.parse import urlsplit

from famulus.features.notifications.records import Channel, ChannelKind, Notification
from famulus.features.notifications.schemas import ChannelDraft, NotificationView
from famulus.features.notifications.tables import actions_done, channels, deliveries, notifications, preferences
from famulus.infra.archives import Portion, Row, Rows
from famulus.infra.database import Database


def _told(row: Row, _at: datetime) -> Row:
    """What was told can be read again; what could be done about it then is over."""
    NotificationView.of(Notification(**{**row, "actions": []}))
    return row | {"actions": []}


def _without_secrets(row: Row) -> Row:
    """Whom a channel leads to, if that is an address that everybody may know; else no more than where."""
    if row["kind"] == "email":
        return row
    scheme, _, rest = row["target"].partition("://")
    place = urlsplit(row["target"]).hostname if row["kind"] in ("webhook", "push") and rest else None
    return row | {"target": f"{scheme}://{place or ''}/…"}


def _channel(row: Row, _at: datetime) -> Row:
    """A channel to an address of which it must be shown anew that messages arrive there."""
    Channel(**row)
    if row["kind"] == "email":
        ChannelDraft(kind="email", name=row["name"], target=row["target"], kinds=row["kinds"])
    return row


_NOT_TRIED = {
    "secret": None, "verified": False, "code_hash": None, "code_tries": 0, "failures": 0, "paused_until": None,
    "last_error": None,
}  # fmt: skip
PORTIONS = (
    Portion(notifications, instead={"key": None}, adapt=_told),
    Portion(deliveries, instead={"job_id": None}, comes_back=False),
    Portion(preferences),
    Portion(
        channels,
        instead=_NOT_TRIED,
        words={"kind": get_args(ChannelKind)},
        tell=_without_secrets,
        adapt=_channel,
        returns=lambda row: row["kind"] == "email",
    ),
)
LEFT_BEHIND = {
    channels.name: "addresses that open something, and secrets: those of webhooks, of browsers and of other services",
}
STAYS = {
    actions_done.name: "what was done about a notification, which is over",
}


def notifications_part(database: Database) -> Rows:
    """What was told."""
    return Rows(database, PORTIONS)
