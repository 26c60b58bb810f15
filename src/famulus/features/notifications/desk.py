"""What the services of this feature need from their process, beside a transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from famulus.features.notifications.carriers import Carrier
from famulus.features.notifications.records import ChannelKind
from famulus.jobs.queue import JobQueue
from famulus.kit.clock import Clock, utc_now
from famulus.settings.outward import NotificationSettings
from famulus.streams.log import EventLog


@dataclass(frozen=True, slots=True)
class NotificationDesk:
    """Where a notification goes once it is kept: to those who watch, and to the jobs that carry it out.

    A desk with nothing but a queue of its own serves whoever has no more than a transaction: what it causes is
    noticed at the next look, a moment later.
    """

    queue: JobQueue = field(default_factory=JobQueue)
    log: EventLog | None = None
    carriers: Mapping[ChannelKind, Carrier] = field(default_factory=dict)
    limits: NotificationSettings = field(default_factory=NotificationSettings)
    now: Clock = utc_now
