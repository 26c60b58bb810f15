"""How a notification is carried to each kind of channel."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from famulus.features.notifications.records import Channel


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is carried: a notification, what somebody did about it, or a test."""

    id: str
    """The delivery's id: the same for each try, so that whoever gets it twice can tell."""
    kind: str
    """`notification`, `action` or `test`."""
    channel: Channel
    title: str
    body: str
    urgent: bool
    data: dict[str, Any]
    """All of it, for programs."""
    link: str | None
    """What its first link opens."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one try."""

    accepted: bool = False
    is_final: bool = False
    """Whether trying again could not help."""
    is_gone: bool = False
    """Whether there is nobody at the address any more, and never will be."""
    status: int | None = None
    error: str | None = None
    retry_after_seconds: float | None = None


class Carrier(Protocol):
    """Carries parcels to channels of one kind."""

    needs_proof: bool
    """Whether a channel's owner has to show that messages arrive before anything but a test goes there."""

    def check(self, target: str) -> None:
        """Raise what is wrong with an address, as far as its form and this server's settings tell."""

    async def carry(self, parcel: Parcel) -> Outcome:
        """Try once; whatever happens on the way is an outcome."""
