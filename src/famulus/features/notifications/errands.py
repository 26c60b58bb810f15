"""What a job of delivery is about: the delivery, what is delivered, and where to. Read for many jobs at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from famulus.features.accounts.users import zones_of
from famulus.features.notifications.channel_repository import channels_among, preferences_of
from famulus.features.notifications.quiet import quiet_until
from famulus.features.notifications.records import Channel, Delivery, Notification
from famulus.features.notifications.repository import deliveries_among, notifications_among
from famulus.infra.database import Session


@dataclass(frozen=True, slots=True)
class Errand:
    """A delivery with all that is needed to make it."""

    delivery: Delivery
    notification: Notification
    channel: Channel
    quiet_until: datetime | None


@dataclass(frozen=True, slots=True)
class Dropped:
    """Why there is nothing to do any more."""

    delivery: Delivery | None = None
    error: str | None = None
    """None when it has been done, or nobody waits for it."""


Wanted = tuple[str, str]
"""Whose delivery, and which."""


async def errands_of(session: Session, wanted: Sequence[Wanted], now: datetime) -> list[Errand | Dropped]:
    """What is to be done for each of these."""
    known = {one.id: one for one in await deliveries_among(session, [delivery_id for _, delivery_id in wanted])}
    live = {
        delivery_id: known[delivery_id]
        for user_id, delivery_id in wanted
        if delivery_id in known
        and known[delivery_id].user_id == user_id
        and known[delivery_id].state not in ("delivered", "dead")
    }
    notifications = {n.id: n for n in await notifications_among(session, {d.notification_id for d in live.values()})}
    channels = {c.id: c for c in await channels_among(session, {d.channel_id for d in live.values()})}
    quiet = await _quiet(session, [d for d in live.values() if _may_wait(d, notifications)], now)

    def errand(delivery: Delivery | None) -> Errand | Dropped:
        if delivery is None:
            return Dropped()
        notification, channel = notifications.get(delivery.notification_id), channels.get(delivery.channel_id)
        if notification is None or channel is None or channel.user_id != delivery.user_id:
            return Dropped(delivery, "channel_gone")
        if not channel.enabled:
            return Dropped(delivery, "channel_disabled")
        rests = quiet.get(delivery.user_id) if _may_wait(delivery, notifications) else None
        return Errand(delivery, notification, channel, rests)

    return [errand(live.get(delivery_id)) for _, delivery_id in wanted]


def _may_wait(delivery: Delivery, notifications: dict[str, Notification]) -> bool:
    notification = notifications.get(delivery.notification_id)
    return notification is not None and not notification.urgent and not delivery.action_id


async def _quiet(session: Session, deliveries: Sequence[Delivery], now: datetime) -> dict[str, datetime | None]:
    """Until when the people whom these go to want to be left in peace."""
    wanted = await preferences_of(session, {one.user_id for one in deliveries}) if deliveries else {}
    resting = {user_id: one for user_id, one in wanted.items() if one.quiet_from}
    zones = await zones_of(session, resting) if resting else {}
    return {user_id: quiet_until(one, zones.get(user_id, "UTC"), now) for user_id, one in resting.items()}
