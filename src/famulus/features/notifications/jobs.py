"""What the clock asks for: carry one notification to one channel, now, later, again, or never more."""

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from famulus.features.accounts.users import zone_of
from famulus.features.notifications.carriers import Carrier, Outcome, Parcel
from famulus.features.notifications.channel_repository import ChannelRepository
from famulus.features.notifications.desk import NotificationDesk
from famulus.features.notifications.quiet import quiet_until
from famulus.features.notifications.records import Channel, ChannelKind, Delivery, Notification
from famulus.features.notifications.repository import NotificationRepository
from famulus.features.notifications.schemas import NotificationView
from famulus.infra.database import Database, Session
from famulus.jobs.queue import Claim

# One person's slow target must not take the places of everybody else's.
_MOST_AT_ONCE_PER_CHANNEL = 8
_WHEN_CROWDED = (1.0, 5.0)
_FAILURES_UNTIL_PAUSED = 3
_LONGEST_CHANNEL_PAUSE = timedelta(hours=1)
_BACKOFF_FACTOR = 3
_logger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Errand:
    """A delivery with all that is needed to make it."""

    delivery: Delivery
    notification: Notification
    channel: Channel
    quiet_until: datetime | None


class Deliverer:
    """Makes deliveries, one claim at a time."""

    def __init__(
        self,
        database: Database,
        desk: NotificationDesk,
        *,
        chance: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._database = database
        self._desk = desk
        self._carriers: Mapping[ChannelKind, Carrier] = desk.carriers
        self._chance = chance
        self._at_work: Counter[str] = Counter()

    async def deliver(self, claim: Claim) -> None:
        """Make the delivery, or let go of it until it can be made."""
        user_id, delivery_id = claim.payload["user_id"], claim.payload["delivery_id"]
        errand = await self._database.read(lambda session: self._errand(session, user_id, delivery_id))
        if isinstance(errand, str):
            await self._database.write(lambda session: self._drop(session, user_id, claim, error=str(errand)))
        elif waits_until := self._waits_until(errand):
            await self._put_off(claim, errand, waits_until)
        else:
            outcome = await self._carry(errand)
            await self._database.write(lambda session: self._record(session, claim, errand, outcome))

    async def _errand(self, session: Session, user_id: str, delivery_id: str) -> _Errand | str:
        """What is to be done; or why there is nothing to do any more."""
        repository, channels = NotificationRepository(session, user_id), ChannelRepository(session, user_id)
        delivery = await repository.find_delivery(delivery_id)
        if delivery is None or delivery.state in ("delivered", "dead"):
            return ""
        notification = await repository.find(delivery.notification_id)
        channel = await channels.find(delivery.channel_id)
        if notification is None or channel is None:
            return "channel_gone"
        if not channel.enabled:
            return "channel_disabled"
        wanted = None if notification.urgent or delivery.action_id else await channels.preferences()
        zone = await zone_of(session, user_id) if wanted else "UTC"
        return _Errand(delivery, notification, channel, quiet_until(wanted, zone, self._desk.now()))

    def _waits_until(self, errand: _Errand) -> datetime | None:
        now = self._desk.now()
        if errand.quiet_until is not None:
            return errand.quiet_until
        if errand.channel.paused_until is not None and errand.channel.paused_until > now:
            return errand.channel.paused_until + timedelta(seconds=self._chance(*_WHEN_CROWDED))
        if self._at_work[errand.channel.id] >= _MOST_AT_ONCE_PER_CHANNEL:
            return now + timedelta(seconds=self._chance(*_WHEN_CROWDED))
        return None

    async def _put_off(self, claim: Claim, errand: _Errand, until: datetime) -> None:
        state = "held" if errand.quiet_until else "pending"
        delivery = errand.delivery

        async def work(session: Session) -> None:
            values = {"state": state, "next_try_at": until, "updated_at": self._desk.now()}
            await NotificationRepository(session, delivery.user_id).change_delivery(delivery.id, values)
            await self._desk.queue.park(session, claim, until=until)

        await self._database.write(work, durable=False)

    async def _carry(self, errand: _Errand) -> Outcome:
        carrier = self._carriers.get(errand.channel.kind)
        if carrier is None:
            return Outcome(error="channel_unavailable")
        self._at_work[errand.channel.id] += 1
        try:
            return await carrier.carry(_parcel(errand, self._desk.now()))
        except Exception:
            # Somebody's odd address must not end as a job that nobody looks after.
            _logger.exception("notifications.carrier_broken", kind=errand.channel.kind)
            return Outcome(error="internal_error")
        finally:
            self._at_work[errand.channel.id] -= 1
            if not self._at_work[errand.channel.id]:
                del self._at_work[errand.channel.id]

    async def _record(self, session: Session, claim: Claim, errand: _Errand, outcome: Outcome) -> None:
        """Keep what came of a try, together with what becomes of the job."""
        now, delivery = self._desk.now(), errand.delivery
        attempts = delivery.attempts + 1
        values: dict[str, Any] = {
            "attempts": attempts, "status": outcome.status, "error": outcome.error, "updated_at": now,
        }  # fmt: skip
        given_up = outcome.is_final or attempts >= self._desk.limits.max_attempts
        if outcome.accepted:
            values |= {"state": "delivered", "delivered_at": now, "next_try_at": None, "job_id": None}
        elif given_up:
            values |= {"state": "dead", "next_try_at": None, "job_id": None}
        else:
            until = now + self._pause(attempts, outcome)
            values |= {"state": "pending", "next_try_at": until}
        await NotificationRepository(session, delivery.user_id).change_delivery(delivery.id, values)
        await self._note_health(session, errand.channel, outcome, now)
        if values["state"] == "pending":
            await self._desk.queue.park(session, claim, until=values["next_try_at"])
        else:
            await self._desk.queue.finish(session, claim)
        if not outcome.accepted:
            _logger.warning(
                "notifications.not_delivered",
                delivery_id=delivery.id,
                channel=errand.channel.kind,
                attempts=attempts,
                error=outcome.error,
                given_up=given_up,
            )

    async def _note_health(self, session: Session, channel: Channel, outcome: Outcome, now: datetime) -> None:
        """Note whether a channel works: one that does not is left alone for a while, for good when nobody is there."""
        channels = ChannelRepository(session, channel.user_id)
        if outcome.accepted:
            if channel.failures:
                await channels.change(channel.id, {"failures": 0, "paused_until": None, "last_error": None})
        elif outcome.is_gone and channel.kind == "push":
            await channels.delete(channel.id)
        else:
            failures = channel.failures + 1
            pause = min(self._pause(failures, outcome), _LONGEST_CHANNEL_PAUSE)
            paused = failures >= _FAILURES_UNTIL_PAUSED and not outcome.is_final
            values = {
                "failures": failures, "last_error": outcome.error, "enabled": not outcome.is_gone, "updated_at": now,
                "paused_until": now + pause if paused else None,
            }  # fmt: skip
            await channels.change(channel.id, values)

    async def _drop(self, session: Session, user_id: str, claim: Claim, *, error: str) -> None:
        if error:
            values = {"state": "dead", "error": error, "next_try_at": None, "job_id": None}
            repository = NotificationRepository(session, user_id)
            await repository.change_delivery(claim.payload["delivery_id"], values | {"updated_at": self._desk.now()})
        await self._desk.queue.finish(session, claim)

    def _pause(self, attempts: int, outcome: Outcome) -> timedelta:
        limits = self._desk.limits
        usual = limits.retry_seconds * _BACKOFF_FACTOR ** (attempts - 1) * self._chance(0.9, 1.1)
        return timedelta(seconds=min(max(usual, outcome.retry_after_seconds or 0), limits.max_retry_seconds))


def _parcel(errand: _Errand, at: datetime) -> Parcel:
    notification, delivery = errand.notification, errand.delivery
    shown = NotificationView.of(notification).shown()
    action = next((one for one in notification.actions if one["id"] == delivery.action_id), None)
    link = next((one["url"] for one in notification.actions if one["kind"] == "open"), None)
    return Parcel(
        id=delivery.id,
        kind="action" if action else "notification",
        channel=errand.channel,
        title=notification.title,
        body=notification.body,
        urgent=notification.urgent,
        data={"notification": shown, **({"action": action} if action else {})},
        link=link,
        at=at,
    )
