"""What became of tries: kept for many at once, and only for those whose job is still in the hands of who tried."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from famulus.features.notifications.channel_repository import ChannelRepository
from famulus.features.notifications.records import Channel, Delivery
from famulus.features.notifications.repository import change_deliveries
from famulus.infra.database import Session
from famulus.jobs.queue import Claim, JobQueue, LeaseLost


@dataclass(frozen=True, slots=True)
class Health:
    """What a try has shown of a channel."""

    channel: Channel
    values: dict[str, Any] | None
    """None when nobody is there any more, and the channel goes."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """What is to be kept of a try, and what becomes of its job."""

    claim: Claim
    delivery: Delivery | None
    values: dict[str, Any]
    """Of the same columns for all of them."""
    until: datetime | None = None
    """When to try again; None when the job is done."""
    health: Health | None = None


async def settle(session: Session, queue: JobQueue, settlements: Sequence[Settlement]) -> list[bool]:
    """Keep all of them, together with what becomes of the jobs; which of them were not somebody else's by then."""
    held = await queue.finish_many(session, [one.claim for one in settlements if one.until is None])
    for one in settlements:
        if one.until is not None and await _is_parked(session, queue, one.claim, one.until):
            held.add(one.claim.id)
    kept = [one for one in settlements if one.claim.id in held]
    await change_deliveries(session, [(one.delivery, one.values) for one in kept if one.delivery])
    # Several tries of one batch may have gone to one channel: the last of them is right.
    shown = {one.health.channel.id: one.health for one in kept if one.health}
    for _, health in sorted(shown.items()):
        channels = ChannelRepository(session, health.channel.user_id)
        if health.values is None:
            await channels.delete(health.channel.id)
        else:
            await channels.change(health.channel.id, health.values)
    return [one.claim.id in held for one in settlements]


async def _is_parked(session: Session, queue: JobQueue, claim: Claim, until: datetime) -> bool:
    try:
        await queue.park(session, claim, until=until)
    except LeaseLost:
        return False
    return True
