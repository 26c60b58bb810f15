"""What takes more than one unit of work: passwords are hashed between two, attempts counted before all."""

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

from famulus.features.accounts.addresses import Addresses
from famulus.features.accounts.credentials import SessionRepository
from famulus.features.accounts.errors import (
    ChangedMeanwhile,
    LinkNotValid,
    NoMail,
    OwnerNeeded,
    OwnerStays,
    ResetNotValid,
    TooManyAttempts,
    WrongCredentials,
    WrongPassword,
)
from famulus.features.accounts.identity import Caller, Client, Identities
from famulus.features.accounts.invitations import Invitations
from famulus.features.accounts.links import Links
from famulus.features.accounts.passwords import Passwords, refuse_weak
from famulus.features.accounts.repository import InvitationRepository, TokenRepository, UserRepository
from famulus.features.accounts.resets import Resets
from famulus.features.accounts.sessions import Sessions
from famulus.features.accounts.tables import User
from famulus.features.accounts.unit import OnMove, Unit, nobody_moves_along
from famulus.features.accounts.users import Users
from famulus.infra.database import Database, Session
from famulus.infra.relay import Relay
from famulus.kit.clock import Clock, utc_now
from famulus.kit.limits import SlidingLimit
from famulus.settings import AccountSettings

T = TypeVar("T")
OnErase = Callable[[Session, str], Awaitable[None]]
"""Removes what another feature keeps of a user, within the transaction that removes the user."""
OnForgotten = Callable[[Session, str], Awaitable[None]]
"""Sees to it that a user gets mail with a way to a new password, within the transaction that notes it is wanted."""
OnNewAddress = Callable[[Session, User, str], Awaitable[None]]
"""Sees to it that a link is sent to the new address of a user, and word of it to the old one, in the same way."""

# One address may try this many accounts' worth of attempts: a household behind one router is no attack.
_ACCOUNTS_PER_ADDRESS = 10
# Mail to one address; a mailbox is not filled by whoever knows it.
_MAILS_PER_MINUTE = 2
_REVOKED = "user.revoked"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody, and the token of the session that was opened for them."""

    user: User
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class NewPerson:
    """What somebody says about themselves when they come in."""

    name: str
    email: str | None = None
    password: str | None = field(default=None, repr=False)


class Accounts:
    """The accounts of one database, as one process serves them."""

    def __init__(
        self,
        database: Database,
        settings: AccountSettings | None = None,
        *,
        on_erase: Sequence[OnErase] = (),
        relay: Relay | None = None,
        on_move: OnMove = nobody_moves_along,
        on_forgotten: OnForgotten | None = None,
        on_new_address: OnNewAddress | None = None,
        passwords: Passwords | None = None,
        now: Clock = utc_now,
    ) -> None:
        self.settings = settings or AccountSettings()
        self.identities = Identities(database, idle=timedelta(days=self.settings.session_idle_days), now=now)
        self._relay = relay or Relay()
        self._relay.hear(_REVOKED, self.identities.forget)
        self._database = database
        self._on_erase = tuple(on_erase)
        self._on_move = on_move
        self._on_forgotten = on_forgotten
        self._on_new_address = on_new_address
        self._passwords = passwords or Passwords()
        self._now = now
        per_minute = self.settings.sign_in_attempts_per_minute
        self._attempts = SlidingLimit(per_minute, now=now)
        self._mails = SlidingLimit(_MAILS_PER_MINUTE, now=now)
        self._attempts_from = SlidingLimit(per_minute * _ACCOUNTS_PER_ADDRESS, now=now)

    async def write(self, work: Callable[[Unit], Coroutine[Any, Any, T]], client: Client | None = None) -> T:
        """Run `work` in one durable transaction."""
        return await self._database.write(lambda session: work(self._unit(session, client)))

    async def read(self, work: Callable[[Unit], Coroutine[Any, Any, T]]) -> T:
        """Run `work` on one snapshot."""
        return await self._database.read(lambda session: work(self._unit(session, None)))

    def close(self) -> None:
        """Let go of the threads."""
        self._passwords.close()

    async def sign_in(self, email: str, password: str, *, client: Client, replacing: str | None = None) -> SignedIn:
        """Open a session for whoever knows the password; `replacing` is the token the browser came with."""
        self._admit(client)
        self._admit(client, account=email)
        user = await self.read(lambda unit: UserRepository(unit.session).find_by_email(email))
        known = user if user is not None and user.disabled_at is None else None
        right = await self._passwords.verify(password, known.password_hash if known else None)
        if known is None or not right:
            await self._note_refusal("sign_in", about=user.id if user else None, client=client)
            raise WrongCredentials
        self._attempts.forget(_account(client, email))

        async def open_session(unit: Unit) -> SignedIn:
            now_known = await UserRepository(unit.session).find(known.id)
            # The password, or the right to sign in, may have gone while the old one was verified.
            if now_known is None or now_known.disabled_at or now_known.password_hash != known.password_hash:
                raise WrongCredentials
            return SignedIn(now_known, await Sessions(unit).open(known.id, client, replacing=replacing))

        return await self.write(open_session, client)

    async def use_link(
        self, token: str, person: NewPerson, *, client: Client, replacing: str | None = None
    ) -> SignedIn:
        """Sign the owner in by a link; the first link makes the owner, as `person` says."""
        self._admit(client)
        try:
            owner = await self.read(lambda unit: Links(unit).check(token))
        except LinkNotValid:
            await self._note_refusal("link", about=None, client=client)
            raise
        password_hash = await self._hashed(person) if owner is None else None

        async def redeem(unit: Unit) -> SignedIn:
            links = Links(unit)
            user = await links.redeem(token, name=person.name, email=person.email, password_hash=password_hash)
            return SignedIn(user, await Sessions(unit).open(user.id, client, replacing=replacing))

        return await self.write(redeem, client)

    async def join(self, token: str, person: NewPerson, *, client: Client, replacing: str | None = None) -> SignedIn:
        """Make a member of whoever holds an invitation, and sign them in."""
        self._admit(client)
        email = person.email or ""
        await self.read(lambda unit: Invitations(unit).check(token, email=email))
        password_hash = await self._hashed(person)

        async def accept(unit: Unit) -> SignedIn:
            await Invitations(unit).accept(token, email=email)
            users = Users(unit)
            user = await users.add(name=person.name, email=email, password_hash=password_hash, role="member")
            return SignedIn(user, await Sessions(unit).open(user.id, client, replacing=replacing))

        return await self.write(accept, client)

    async def change_password(self, caller: Caller, *, current: str | None, new: str, client: Client) -> None:
        """Set a password, and sign every other browser out."""
        user = await self._proven(caller, current, client=client)
        refuse_weak(new, about=(user.email, user.name))
        password_hash = await self._passwords.hash(new)

        async def change(unit: Unit) -> None:
            users = Users(unit)
            await unit.session.alone(f"password of {user.id}")
            if (await users.find(user.id)).password_hash != user.password_hash:
                raise ChangedMeanwhile
            await users.set_password(user.id, password_hash)
            await Sessions(unit).revoke_all(user.id, but=caller.session_id)

        await self.write(change, client)

    async def forget_password(self, email: str, *, client: Client) -> None:
        """Send a way to a new password to whoever has this address; nobody learns whether somebody has."""
        send = self._on_forgotten
        if send is None:
            raise NoMail
        self._admit(client)
        if wait := self._mails.hit(email.lower()):
            raise TooManyAttempts(wait)

        # The same statements but for one, and one durable commit, whether somebody is there or not.
        async def note(unit: Unit) -> None:
            user = await UserRepository(unit.session).find_by_email(email)
            await unit.note("password.forgotten", who=None, about=user.id if user else None)
            if user is not None and user.disabled_at is None:
                await send(unit.session, user.id)

        await self.write(note, client)

    async def change_email(self, caller: Caller, address: str, *, password: str | None, client: Client) -> bool:
        """Give somebody another address: at once where there is no mail, else when a link to it has been followed."""
        user = await self._proven(caller, password, client=client)
        await self.read(lambda unit: Addresses(unit).check_free(user.id, address))
        send = self._on_new_address
        if send is None:
            await self.write(lambda unit: Addresses(unit).change(user.id, address), client)
            return True
        if wait := self._mails.hit(address.lower()):
            raise TooManyAttempts(wait)

        async def ask(unit: Unit) -> None:
            await unit.note("email.asked_for", who=user.id, about=user.id)
            await send(unit.session, user, address)

        await self.write(ask, client)
        return False

    async def confirm_email(self, token: str, *, client: Client) -> str:
        """Take a new address by the token that was sent to it."""
        self._admit(client)
        return await self.write(lambda unit: Addresses(unit).redeem(token), client)

    async def reset_password(self, token: str, new: str, *, client: Client) -> None:
        """Set a password by the token that was sent, and sign its owner out everywhere."""
        self._admit(client)
        try:
            user = await self.read(lambda unit: Resets(unit).check(token))
        except ResetNotValid:
            await self._note_refusal("password_reset", about=None, client=client)
            raise
        refuse_weak(new, about=(user.email, user.name))
        password_hash = await self._passwords.hash(new)
        await self.write(lambda unit: Resets(unit).redeem(token, password_hash), client)

    async def erase(self, caller: Caller, *, password: str | None, client: Client) -> None:
        """Remove a person and all that is theirs, in one transaction."""
        user = await self._proven(caller, password, client=client)

        async def erase(unit: Unit) -> None:
            repository = UserRepository(unit.session)
            if user.role == "owner" and await repository.is_anybody_but(user.id):
                raise OwnerNeeded
            await self._remove(unit, user.id)

        await self.write(erase, client)

    async def erase_somebody(self, user_id: str, owner: Caller, *, password: str | None, client: Client) -> None:
        """Remove somebody else and all that is theirs, for the owner, who has to show to be that."""
        await self._proven(owner, password, client=client)

        async def erase(unit: Unit) -> None:
            if (await Users(unit).find(user_id)).role == "owner":
                raise OwnerStays
            await self._remove(unit, user_id)

        await self.write(erase, client)

    async def _remove(self, unit: Unit, user_id: str) -> None:
        for erase_elsewhere in self._on_erase:
            await erase_elsewhere(unit.session, user_id)
        await Users(unit).remove(user_id)

    async def sweep(self) -> None:
        """Remove what has expired: for a start, or once a day."""
        now = self._now()

        async def sweep(unit: Unit) -> None:
            idle_since = now - timedelta(days=self.settings.session_idle_days)
            await SessionRepository(unit.session).sweep(now=now, idle_since=idle_since)
            await TokenRepository(unit.session).sweep(before=now)
            await InvitationRepository(unit.session).sweep(before=now)

        await self.write(sweep)

    async def _proven(self, caller: Caller, password: str | None, *, client: Client) -> User:
        """The caller's account, once they have shown to know its password if it has one."""
        user = await self.read(lambda unit: Users(unit).find(caller.user_id))
        if user.password_hash is None:
            return user
        self._admit(client, account=user.id)
        if password is None or not await self._passwords.verify(password, user.password_hash):
            await self._note_refusal("password", about=user.id, client=client)
            raise WrongPassword
        self._attempts.forget(_account(client, user.id))
        return user

    async def _hashed(self, person: NewPerson) -> str | None:
        if person.password is None:
            return None
        refuse_weak(person.password, about=(person.email, person.name))
        return await self._passwords.hash(person.password)

    async def _note_refusal(self, what: str, *, about: str | None, client: Client) -> None:
        await self.write(lambda unit: unit.note(what, who=None, about=about, outcome="refused"), client)

    def _admit(self, client: Client, *, account: str | None = None) -> None:
        """Count one attempt from an address, or at one account from an address."""
        if account is None:
            wait = self._attempts_from.hit(client.address)
        else:
            wait = self._attempts.hit(_account(client, account))
        if wait:
            raise TooManyAttempts(wait)

    def _unit(self, session: Session, client: Client | None) -> Unit:
        return Unit(
            session,
            settings=self.settings,
            address=client.address if client else "",
            now=self._now,
            # Every server remembers callers for a moment; this one forgets at once, and so do the others.
            forget=partial(self._relay.announce, _REVOKED),
            moved=self._on_move,
        )


def _account(client: Client, name: str) -> str:
    return f"{client.address} {name.lower()}"
