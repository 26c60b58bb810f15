"""A forgotten password: the way to a new one, within one unit of work."""

from datetime import timedelta

from famulus.features.accounts.errors import ResetNotValid
from famulus.features.accounts.repository import TokenRepository, UserRepository
from famulus.features.accounts.sessions import Sessions
from famulus.features.accounts.tables import User
from famulus.features.accounts.tokens import digest_of, new_token
from famulus.features.accounts.unit import Unit
from famulus.features.accounts.users import Users

RESET_LIFE = timedelta(minutes=30)
_PURPOSE = "password-reset"


def reset_link(base_url: str, token: str) -> str:
    """What to send to somebody; a fragment never reaches a server's log."""
    return f"{base_url.rstrip('/')}/#/reset?token={token}"


class Resets:
    """Tokens by which people set a password without knowing the old one."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._tokens = TokenRepository(unit.session)
        self._users = UserRepository(unit.session)

    async def issue(self, user_id: str) -> tuple[str, str] | None:
        """An address and a fresh token for it; an earlier token is worth nothing then. None when nobody is there."""
        user = await self._users.find(user_id)
        if user is None or user.disabled_at or user.email is None:
            return None
        token, now = new_token(), self._unit.now()
        await self._tokens.remove_of(user_id, purpose=_PURPOSE)
        await self._tokens.add(
            digest_of(token), purpose=_PURPOSE, now=now, expires_at=now + RESET_LIFE, user_id=user_id
        )
        return user.email, token

    async def check(self, token: str) -> User:
        """For whom a token is; `ResetNotValid` unless it can be redeemed."""
        user_id = await self._tokens.holder(digest_of(token), purpose=_PURPOSE, now=self._unit.now())
        user = await self._users.find(user_id) if user_id else None
        if user is None or user.disabled_at:
            raise ResetNotValid
        return user

    async def redeem(self, token: str, password_hash: str) -> None:
        """Set the password, and sign its owner out everywhere; the token is used up."""
        user = await self.check(token)
        if not await self._tokens.use(digest_of(token), purpose=_PURPOSE, now=self._unit.now()):
            raise ResetNotValid
        await Users(self._unit).set_password(user.id, password_hash)
        await Sessions(self._unit).revoke_all(user.id)
        await self._unit.note("password.reset", who=user.id, about=user.id)
