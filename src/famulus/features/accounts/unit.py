"""What every service of accounts stands on within one unit of work."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from famulus.features.accounts.repository import append_to_audit_log
from famulus.infra.database import Session
from famulus.kit.clock import Clock, utc_now
from famulus.settings import AccountSettings


def _nobody_remembers(_user_id: str) -> None:
    """For processes that keep no callers in memory."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One transaction, the clock, the rules, and where the one who asks is."""

    session: Session
    settings: AccountSettings = field(default_factory=AccountSettings)
    address: str = ""
    now: Clock = utc_now
    forget: Callable[[str], None] = _nobody_remembers
    """Called with a user's id once something of theirs is revoked for good."""

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
