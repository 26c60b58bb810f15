"""What every service of accounts stands on within one unit of work."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

from famulus.features.accounts.repository import append_to_audit_log
from famulus.infra.database import Session
from famulus.kit.clock import Clock, utc_now
from famulus.settings import AccountSettings

OnMove = Callable[[Session, str, str], Awaitable[None]]
"""What follows in another feature when a user is in another time zone."""


def _nobody_remembers(_user_id: str) -> None:
    """For processes that keep no callers in memory."""


async def nobody_moves_along(_session: Session, _user_id: str, _zone: str) -> None:
    """For processes in which nothing depends on where somebody is."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One transaction, the clock, the rules, and where the one who asks is."""

    session: Session
    settings: AccountSettings = field(default_factory=AccountSettings)
    address: str = ""
    now: Clock = utc_now
    forget: Callable[[str], None] = _nobody_remembers
    """Called with a user's id once something of theirs is revoked for good."""

    moved: OnMove = nobody_moves_along
    """Called when a user is in another time zone, within the transaction that says so."""

    async def note(self, what: str, *, who: str | None, about: str | None = None, outcome: str = "done") -> None:
        """Write a line into the audit log."""
        await append_to_audit_log(
            self.session,
            who=who,
            what=what,
            about=about,
            address=self.address,
            outcome=outcome,
            at=self.now(),
        )

    def revoked(self, user_id: str) -> None:
        """From the commit on, ask the database again about every credential of this user."""
        self.session.after_commit(partial(self.forget, user_id))
