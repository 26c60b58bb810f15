"""Telling people something: the notification, its deliveries, the jobs that carry them out, and word to who watches.

However many are told in one transaction, each table is written once. The streams come last: that is where two
transactions may meet that tell the same people something, and whoever has a stream keeps it until the commit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from famulus.features.accounts.users import zones_of
from famulus.features.notifications import inbox
from famulus.features.notifications.channel_repository import channels_of, preferences_of
from famulus.features.notifications.desk import NotificationDesk
from famulus.features.notifications.quiet import quiet_until
from famulus.features.notifications.records import IN_APP, Channel, Delivery, Notification
from famulus.features.notifications.repository import add_deliveries, add_notifications
from famulus.features.notifications.schemas import Notice
from famulus.infra.database import Session
from famulus.jobs.queue import JobDraft
from famulus.kit.ids import new_id

DELIVERY_JOB = "deliver"
"""The kind of job that carries one notification to one channel."""


@dataclass(frozen=True, slots=True)
class Told:
    """What one person is to be told."""

    user_id: str
    notice: Notice
    key: str | None = None
    """What caused it. Whoever tells sees to it that nobody else is telling the same."""
    id: str = field(default_factory=lambda: new_id("ntf"))


@dataclass(frozen=True, slots=True)
class Ways:
    """How somebody is reached, and until when what is not urgent is held back."""

    channels: Sequence[Channel] = ()
    quiet: datetime | None = None


async def tell(session: Session, desk: NotificationDesk, told: Sequence[Told]) -> list[Notification]:
    """Tell each of these people something, wherever they want to be told."""
    if not told:
        return []
    now = desk.now()
    ways = await _ways_of(session, {one.user_id for one in told}, now)
    notifications = [_notification(one, now) for one in told]
    await add_notifications(session, notifications)
    deliveries = [_in_app(one) for one in notifications]
    jobs = []
    for one in notifications:
        theirs = ways.get(one.user_id, Ways())
        held = None if one.urgent else theirs.quiet
        for channel in theirs.channels:
            if channel.takes(one.kind):
                delivery, job = outward(one, channel, now=now, due_at=held or now, held=bool(held))
                deliveries.append(delivery)
                jobs.append(job)
    await desk.queue.add_many(session, jobs)
    await add_deliveries(session, deliveries)
    await inbox.tell_many(session, [(one.user_id, one.id) for one in notifications], desk.log)
    return notifications


def outward(
    notification: Notification,
    channel: Channel,
    *,
    now: datetime,
    due_at: datetime,
    held: bool = False,
    action_id: str = "",
) -> tuple[Delivery, JobDraft]:
    """A delivery to a channel, and the job that makes it."""
    delivery_id = new_id("dlv")
    job = delivery_job(notification.user_id, delivery_id, due_at=due_at)
    delivery = Delivery(
        id=delivery_id, user_id=notification.user_id, notification_id=notification.id, channel_id=channel.id,
        channel_kind=channel.kind, action_id=action_id, state="held" if held else "pending", attempts=0,
        next_try_at=due_at, status=None, error=None, job_id=job.id, created_at=now, updated_at=now, delivered_at=None,
    )  # fmt: skip
    return delivery, job


def delivery_job(user_id: str, delivery_id: str, *, due_at: datetime) -> JobDraft:
    """The job that makes a delivery."""
    return JobDraft(DELIVERY_JOB, {"user_id": user_id, "delivery_id": delivery_id}, user_id, due_at=due_at)


def _notification(told: Told, now: datetime) -> Notification:
    notice = told.notice
    actions = [action.model_dump(exclude_none=True) for action in notice.actions]
    return Notification(
        id=told.id, user_id=told.user_id, kind=notice.kind, title=notice.title, body=notice.body, urgent=notice.urgent,
        data=notice.data, actions=actions, key=told.key, created_at=now, read_at=None, archived_at=None,
    )  # fmt: skip


def _in_app(notification: Notification) -> Delivery:
    """In the app it has arrived once it is committed: whoever is not there now finds it on the next connection."""
    now = notification.created_at
    return Delivery(
        id=new_id("dlv"), user_id=notification.user_id, notification_id=notification.id, channel_id=IN_APP,
        channel_kind=IN_APP, action_id="", state="delivered", attempts=1, next_try_at=None, status=None, error=None,
        job_id=None, created_at=now, updated_at=now, delivered_at=now,
    )  # fmt: skip


async def _ways_of(session: Session, user_ids: set[str], now: datetime) -> Mapping[str, Ways]:
    """How these people are reached; those whom nothing reaches but the app are left out."""
    channels = await channels_of(session, user_ids)
    wanted = await preferences_of(session, channels.keys()) if channels else {}
    quiet = [user_id for user_id, one in wanted.items() if one.quiet_from]
    zones = await zones_of(session, quiet) if quiet else {}
    return {
        user_id: Ways(theirs, quiet_until(wanted.get(user_id), zones.get(user_id, "UTC"), now))
        for user_id, theirs in channels.items()
    }
