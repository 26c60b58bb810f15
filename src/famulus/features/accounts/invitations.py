"""Ways in for other people, within one unit of work."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from famulus.features.accounts.errors import InvitationNotFound, InvitationNotValid
from famulus.features.accounts.repository import InvitationRepository
from famulus.features.accounts.tables import Invitation
from famulus.features.accounts.tokens import digest_of, new_token
from famulus.features.accounts.unit import Unit
from famulus.kit.ids import new_id
from famulus.kit.pages import Page, checked_cursor, page_of


@dataclass(frozen=True, slots=True)
class NewInvitation:
    """An invitation, and the token that only its maker ever sees."""

    invitation: Invitation
    token: str = field(repr=False)


class Invitations:
    """Ways in, each for one person."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._repository = InvitationRepository(unit.session)

    async def invite(self, user_id: str, *, email: str | None) -> NewInvitation:
        """Make a way in; with an address, only for the person who has it."""
        token, now = new_token(), self._unit.now()
        row: dict[str, Any] = {
            "id": new_id("invite"), "token_hash": digest_of(token), "email": email, "created_by": user_id,
            "created_at": now, "expires_at": now + timedelta(days=self._unit.settings.invitation_days),
            "used_at": None,
        }  # fmt: skip
        await self._repository.add(row)
        await self._unit.note("invitation.issued", who=user_id, about=row["id"])
        return NewInvitation(Invitation(**row), token)

    async def handed_out(self, *, after: str | None, limit: int) -> Page[Invitation]:
        """What those who run the server have handed out, newest first."""
        rows = await self._repository.handed_out(after=checked_cursor(after, "invite"), limit=limit + 1)
        return page_of(rows, limit=limit, cursor=lambda row: row.id)

    async def withdraw(self, user_id: str, invitation_id: str) -> None:
        """Close a way in, whoever of those who run the server has opened it."""
        if not await self._repository.remove(invitation_id):
            raise InvitationNotFound
        await self._unit.note("invitation.withdrawn", who=user_id, about=invitation_id)

    async def withdraw_all(self, made_by: str) -> None:
        """Close every way in that somebody has opened who may not any more."""
        await self._repository.remove_open(made_by)

    async def check(self, token: str, *, email: str) -> None:
        """Raise `InvitationNotValid` unless this person can accept this invitation."""
        found = await self._repository.open_for(digest_of(token), now=self._unit.now())
        if found is None or (found.email is not None and found.email.lower() != email.lower()):
            raise InvitationNotValid

    async def accept(self, token: str, *, email: str) -> None:
        """Use an invitation up."""
        await self.check(token, email=email)
        if not await self._repository.use(digest_of(token), now=self._unit.now()):
            raise InvitationNotValid
