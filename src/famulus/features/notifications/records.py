"""The nouns, as rows have them; the fields of each stand in the order of its table's columns."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

ChannelKind = Literal["in_app", "email", "webhook", "push", "apprise"]
DeliveryState = Literal["pending", "held", "delivered", "dead"]

IN_APP: ChannelKind = "in_app"


@dataclass(frozen=True, slots=True)
class Notification:
    """Something a person is told."""

    id: str
    user_id: str
    kind: str
    title: str
    body: str
    urgent: bool
    data: dict[str, Any]
    actions: list[dict[str, Any]]
    key: str | None
    created_at: datetime
    read_at: datetime | None
    archived_at: datetime | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A notification on its way to one channel."""

    id: str
    user_id: str
    notification_id: str
    channel_id: str
    channel_kind: ChannelKind
    action_id: str
    state: DeliveryState
    attempts: int
    next_try_at: datetime | None
    status: int | None
    error: str | None
    job_id: str | None
    created_at: datetime
    updated_at: datetime
    delivered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Channel:
    """A way out to a person: an address, and what goes there."""

    id: str
    user_id: str
    kind: ChannelKind
    name: str
    target: str = field(repr=False)
    secret: str | None = field(repr=False)
    kinds: list[str] | None
    enabled: bool
    verified: bool
    code_hash: str | None = field(repr=False)
    code_tries: int
    failures: int
    paused_until: datetime | None
    last_error: str | None
    created_at: datetime
    updated_at: datetime

    @property
    def shown_target(self) -> str:
        """Its address, without what would let whoever reads it write there."""
        scheme, _, rest = self.target.partition("://")
        shown = {"apprise": f"{scheme}://…", "push": f"{scheme}://{rest.partition('/')[0]}/…"}
        return shown.get(self.kind, self.target)

    def takes(self, kind: str) -> bool:
        """Whether notifications of this kind go here."""
        return self.enabled and self.verified and (self.kinds is None or kind in self.kinds)


@dataclass(frozen=True, slots=True)
class Preferences:
    """When a person wants to be left in peace."""

    user_id: str
    quiet_from: str | None
    quiet_until: str | None
    updated_at: datetime
