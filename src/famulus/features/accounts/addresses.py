"""Another e-mail address: the way to it, within one unit of work."""

from datetime import timedelta

from famulus.features.accounts.errors import AddressLinkNotValid, EmailTaken
from famulus.features.accounts.repository import TokenRepository, UserRepository
from famulus.features.accounts.tokens import digest_of, new_token
from famulus.features.accounts.unit import Unit
from famulus.features.accounts.users import Users

ADDRESS_LIFE = timedelta(hours=24)
_PURPOSE = "new-address"


def address_link(base_url: str, token: str) -> str:
    """What to send to the new address; a fragment never reaches a server's log."""
    return f"{base_url.rstrip('/')}/#/address?token={token}"


class Addresses:
    """Tokens by which people show that mail to a new address reaches them."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._tokens = TokenRepository(unit.session)
        self._users = UserRepository(unit.session)

    async def check_free(self, user_id: str, address: str) -> None:
        """Raise `EmailTaken` when somebody else has the address."""
        known = await self._users.find_by_email(address)
        if known is not None and known.id != user_id:
            raise EmailTaken

    async def change(self, user_id: str, address: str) -> None:
        """Let the address be theirs, at once."""
        await Users(self._unit).change_profile(user_id, {"email": address})
        await self._tokens.remove_of(user_id)
        await self._unit.note("email.changed", who=user_id, about=user_id)

    async def issue(self, user_id: str, address: str) -> str | None:
        """A fresh token for this address; an earlier one is worth nothing then. None when nobody is there."""
        user = await self._users.find(user_id)
        if user is None or user.disabled_at:
            return None
        token, now = new_token(), self._unit.now()
        await self._tokens.remove_of(user_id, purpose=_PURPOSE)
        await self._tokens.add(
            digest_of(token),
            purpose=_PURPOSE,
            now=now,
            expires_at=now + ADDRESS_LIFE,
            user_id=user_id,
            about=address,
        )
        return token

    async def redeem(self, token: str) -> str:
        """The address of whoever has the token is the new one from now on; the token is used up."""
        now = self._unit.now()
        found = await self._tokens.wish(digest_of(token), purpose=_PURPOSE, now=now)
        user = await self._users.find(found[0]) if found else None
        if found is None or user is None or user.disabled_at:
            raise AddressLinkNotValid
        if not await self._tokens.use(digest_of(token), purpose=_PURPOSE, now=now):
            raise AddressLinkNotValid
        user_id, address = found
        await self.check_free(user_id, address)
        await self.change(user_id, address)
        return address
