"""What those who run the server may do with its people, within one unit of work."""

from famulus.features.accounts.errors import NoWayIn, OwnerOnly, OwnerStays
from famulus.features.accounts.identity import Caller
from famulus.features.accounts.invitations import Invitations
from famulus.features.accounts.repository import UserRepository
from famulus.features.accounts.resets import Resets
from famulus.features.accounts.sessions import Sessions
from famulus.features.accounts.tables import User
from famulus.features.accounts.unit import Unit
from famulus.features.accounts.users import Users
from famulus.kit.pages import Page, checked_cursor, page_of


class People:
    """Everybody on the server, as the owner or an admin looks after them.

    Admins look after members. The owner and the admins themselves are the owner's business.
    """

    def __init__(self, unit: Unit, admin: Caller) -> None:
        self._unit = unit
        self._admin = admin
        self._users = Users(unit)

    async def page(self, *, search: str | None, after: str | None, limit: int) -> Page[User]:
        """Everybody, or whose name or address has these characters in it; newest first."""
        found = UserRepository(self._unit.session)
        rows = await found.page(search=search or None, after=checked_cursor(after, "user"), limit=limit + 1)
        return page_of(rows, limit=limit, cursor=lambda user: user.id)

    async def change(self, user_id: str, *, role: str | None, disabled: bool | None) -> User:
        """Make somebody an admin or a member again, and let them in or not."""
        user = await self._charge(user_id)
        if user.role == "owner":
            raise OwnerStays
        if role is not None and not self._admin.is_owner:
            raise OwnerOnly
        if role not in (None, user.role):
            await self._users.set_role(user_id, str(role), who=self._admin.user_id)
        if disabled is not None and disabled != (user.disabled_at is not None):
            await self._users.set_disabled(user_id, disabled=disabled, who=self._admin.user_id)
        if role == "member" or disabled:
            await Invitations(self._unit).withdraw_all(user_id)
        return await self._users.find(user_id)

    async def sign_out(self, user_id: str) -> None:
        """End every session of somebody."""
        await self._charge(user_id)
        await Sessions(self._unit).revoke_all(user_id)
        await self._unit.note("sessions.revoked", who=self._admin.user_id, about=user_id)

    async def reset(self, user_id: str) -> str:
        """A token with which somebody sets a new password."""
        await self._charge(user_id)
        made = await Resets(self._unit).issue(user_id)
        if made is None:
            raise NoWayIn
        await self._unit.note("reset.issued", who=self._admin.user_id, about=user_id)
        return made[1]

    async def _charge(self, user_id: str) -> User:
        """Somebody whom this admin may look after."""
        # Nobody becomes an admin while one of their kind decides about them.
        await self._unit.session.alone(f"standing of {user_id}")
        user = await self._users.find(user_id)
        if user.role != "member" and not self._admin.is_owner:
            raise OwnerOnly
        return user
