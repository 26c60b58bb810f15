"""Sign-in links: how the first person gets in, and the owner whenever all else fails."""

import hmac
from datetime import timedelta

from famulus.features.accounts.errors import LinkNotValid
from famulus.features.accounts.repository import TokenRepository, UserRepository
from famulus.features.accounts.tables import User
from famulus.features.accounts.tokens import digest_of, new_token
from famulus.features.accounts.unit import Unit
from famulus.features.accounts.users import Users
from famulus.infra.database import Session
from famulus.kit.clock import Clock, utc_now
from famulus.settings import AccountSettings

_PURPOSE = "sign-in"


async def issue_link_token(session: Session, *, settings: AccountSettings | None = None, now: Clock = utc_now) -> str:
    """A fresh token that makes the owner, or signs the owner in: once, and soon."""
    token, moment = new_token(), now()
    life = timedelta(minutes=(settings or AccountSettings()).token_minutes)
    await TokenRepository(session).add(digest_of(token), purpose=_PURPOSE, now=moment, expires_at=moment + life)
    return token


def sign_in_link(base_url: str, token: str) -> str:
    """What to open in a browser; the page takes the token out of its address at once."""
    return f"{base_url.rstrip('/')}/?token={token}"


def invitation_link(base_url: str, token: str) -> str:
    """What to send to somebody; a fragment never reaches a server's log."""
    return f"{base_url.rstrip('/')}/#/join?token={token}"


class Links:
    """The tokens of sign-in links."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._tokens = TokenRepository(unit.session)
        self._users = UserRepository(unit.session)

    async def check(self, token: str) -> User | None:
        """The owner if there is one; `LinkNotValid` unless the token can be redeemed."""
        owner = await self._users.owner()
        if owner is None and self._is_setup_token(token):
            return None
        if (owner is not None and owner.disabled_at) or not await self._tokens.is_good(
            digest_of(token), purpose=_PURPOSE, now=self._unit.now()
        ):
            raise LinkNotValid
        return owner

    async def redeem(self, token: str, *, name: str, email: str | None, password_hash: str | None) -> User:
        """The owner, made now if there was none; the token is used up."""
        await self._unit.session.alone("owner")
        owner = await self.check(token)
        used = await self._tokens.use(digest_of(token), purpose=_PURPOSE, now=self._unit.now())
        if not used and (owner is not None or not self._is_setup_token(token)):
            raise LinkNotValid
        return owner or await Users(self._unit).add(name=name, email=email, password_hash=password_hash, role="owner")

    def _is_setup_token(self, token: str) -> bool:
        """Whether this is the token that the operator chose; it works until there is an owner."""
        chosen = self._unit.settings.setup_token
        # An empty variable in some environment is no choice.
        if chosen is None or not chosen.get_secret_value():
            return False
        return hmac.compare_digest(digest_of(token), digest_of(chosen.get_secret_value()))
