"""What the clock asks for: carry one notification to one channel, now, later, again, or never more.

Each job is worked on for itself; what it has to read and to keep is read and kept together with that of the others that
are at the same point.
"""

import asyncio
import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from weakref import WeakValueDictionary

import structlog

from famulus.features.notifications.carriers import Carrier, Outcome, Parcel
from famulus.features.notifications.desk import NotificationDesk
from famulus.features.notifications.errands import Dropped, Errand, Wanted, errands_of
from famulus.features.notifications.records import ChannelKind, Delivery
from famulus.features.notifications.schemas import NotificationView
from famulus.features.notifications.settling import Health, Settlement, settle
from famulus.infra.database import Database
from famulus.jobs.queue import Claim, LeaseLost
from famulus.kit.gathering import Gathered

# One person's slow target must not take the places of everybody else's.
_MOST_AT_ONCE_PER_CHANNEL = 8
_MOST_WAITING_PER_CHANNEL = 200
_LONGEST_WAIT_SECONDS = 1
_WHEN_CROWDED = (1.0, 5.0)
_FAILURES_UNTIL_PAUSED = 3
_LONGEST_CHANNEL_PAUSE = timedelta(hours=1)
_BACKOFF_FACTOR = 3
_MOST_TOGETHER = 100
_TRIED = ("state", "attempts", "status", "error", "next_try_at", "job_id", "delivered_at")
_logger = structlog.get_logger()


class _Gate:
    """Lets a few at a time through to one channel, and the others wait as long as it is quick."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(_MOST_AT_ONCE_PER_CHANNEL)
        self._waiting = 0
        self._failures = 0

    async def entered(self) -> bool:
        """Whether there is a place, soon; whoever waits while others fail is better off somewhere else."""
        if self._waiting >= _MOST_WAITING_PER_CHANNEL:
            return False
        failures = self._failures
        self._waiting += 1
        try:
            async with asyncio.timeout(_LONGEST_WAIT_SECONDS):
                await self._places.acquire()
        except TimeoutError:
            return False
        finally:
            self._waiting -= 1
        if self._failures != failures:
            self._places.release()
            return False
        return True

    def left(self, *, failed: bool) -> None:
        """The place is free again."""
        self._failures += failed
        self._places.release()


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
        self._gates: WeakValueDictionary[str, _Gate] = WeakValueDictionary()
        self._errand = Gathered(self._read, most=_MOST_TOGETHER)
        self._settled = Gathered(self._keep, most=_MOST_TOGETHER)

    async def deliver(self, claim: Claim) -> None:
        """Make the delivery, or let go of it until it can be made."""
        errand = await self._errand((claim.payload["user_id"], claim.payload["delivery_id"]))
        if isinstance(errand, Dropped):
            settlement = self._dropped(claim, errand)
        elif waits_until := self._waits_until(errand):
            settlement = self._put_off(claim, errand, waits_until)
        else:
            settlement = await self._tried(claim, errand)
        if not await self._settled(settlement):
            raise LeaseLost("Somebody else has taken this delivery over.")

    async def _read(self, wanted: list[Wanted]) -> list[Errand | Dropped]:
        return await self._database.read(lambda session: errands_of(session, wanted, self._desk.now()))

    async def _keep(self, settlements: list[Settlement]) -> list[bool]:
        return await self._database.write(lambda session: settle(session, self._desk.queue, settlements))

    def _waits_until(self, errand: Errand) -> datetime | None:
        if errand.quiet_until is not None:
            return errand.quiet_until
        if errand.channel.paused_until is not None and errand.channel.paused_until > self._desk.now():
            return errand.channel.paused_until + timedelta(seconds=self._chance(*_WHEN_CROWDED))
        return None

    async def _tried(self, claim: Claim, errand: Errand) -> Settlement:
        gate = self._gates.setdefault(errand.channel.id, _Gate())
        if not await gate.entered():
            later = self._desk.now() + timedelta(seconds=self._chance(*_WHEN_CROWDED))
            return self._put_off(claim, errand, later)
        outcome = Outcome(error="internal_error")
        try:
            outcome = await self._carry(errand)
        finally:
            gate.left(failed=not outcome.accepted)
        return self._judged(claim, errand, outcome)

    async def _carry(self, errand: Errand) -> Outcome:
        carrier = self._carriers.get(errand.channel.kind)
        if carrier is None:
            return Outcome(error="channel_unavailable")
        try:
            return await carrier.carry(_parcel(errand, self._desk.now()))
        except Exception:
            # Somebody's odd address must not end as a job that nobody looks after.
            _logger.exception("notifications.carrier_broken", kind=errand.channel.kind)
            return Outcome(error="internal_error")

    def _judged(self, claim: Claim, errand: Errand, outcome: Outcome) -> Settlement:
        """What becomes of the delivery, of its job and of the channel after a try."""
        now, delivery = self._desk.now(), errand.delivery
        attempts = delivery.attempts + 1
        given_up = outcome.is_final or attempts >= self._desk.limits.max_attempts
        until = None
        if outcome.accepted:
            state = "delivered"
        elif given_up:
            state = "dead"
        else:
            state, until = "pending", now + self._pause(attempts, outcome)
        if not outcome.accepted:
            _logger.warning(
                "notifications.not_delivered",
                delivery_id=delivery.id,
                channel=errand.channel.kind,
                attempts=attempts,
                error=outcome.error,
                given_up=given_up,
            )
        values = self._kept(
            delivery,
            state=state,
            attempts=attempts,
            status=outcome.status,
            error=outcome.error,
            next_try_at=until,
            job_id=delivery.job_id if until else None,
            delivered_at=now if outcome.accepted else None,
        )
        return Settlement(claim, delivery, values, until, self._health(errand, outcome, now))

    def _health(self, errand: Errand, outcome: Outcome, now: datetime) -> Health | None:
        """Whether a channel works: one that does not is left alone for a while, for good when nobody is there."""
        channel = errand.channel
        if outcome.accepted:
            healthy = {"failures": 0, "paused_until": None, "last_error": None}
            return Health(channel, healthy) if channel.failures else None
        if outcome.is_gone and channel.kind == "push":
            return Health(channel, None)
        failures = channel.failures + 1
        pause = min(self._pause(failures, outcome), _LONGEST_CHANNEL_PAUSE)
        paused = failures >= _FAILURES_UNTIL_PAUSED and not outcome.is_final
        values = {
            "failures": failures, "last_error": outcome.error, "enabled": not outcome.is_gone, "updated_at": now,
            "paused_until": now + pause if paused else None,
        }  # fmt: skip
        return Health(channel, values)

    def _put_off(self, claim: Claim, errand: Errand, until: datetime) -> Settlement:
        state = "held" if errand.quiet_until else "pending"
        return Settlement(claim, errand.delivery, self._kept(errand.delivery, state=state, next_try_at=until), until)

    def _dropped(self, claim: Claim, dropped: Dropped) -> Settlement:
        delivery = dropped.delivery
        dead = {"state": "dead", "error": dropped.error, "next_try_at": None, "job_id": None}
        return Settlement(claim, delivery, self._kept(delivery, **dead) if delivery else {})

    def _kept(self, delivery: Delivery, **changed: Any) -> dict[str, Any]:
        """The columns that a try may change, as they are but for these."""
        return {name: getattr(delivery, name) for name in _TRIED} | {"updated_at": self._desk.now()} | changed

    def _pause(self, attempts: int, outcome: Outcome) -> timedelta:
        limits = self._desk.limits
        usual = limits.retry_seconds * _BACKOFF_FACTOR ** (attempts - 1) * self._chance(0.9, 1.1)
        return timedelta(seconds=min(max(usual, outcome.retry_after_seconds or 0), limits.max_retry_seconds))


def _parcel(errand: Errand, at: datetime) -> Parcel:
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
