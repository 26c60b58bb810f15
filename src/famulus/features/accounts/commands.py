"""What the operator may do with accounts: whoever can open the database needs no password."""

from collections.abc import Collection

from famulus.features.accounts.errors import NobodyNamed, OwnerNeeded, UserNotFound
from famulus.features.accounts.identity import scopes_of
from famulus.features.accounts.keys import Keys, NewKey
from famulus.features.accounts.links import issue_link_token
from famulus.features.accounts.passwords import Passwords, refuse_weak
from famulus.features.accounts.repository import UserRepository
from famulus.features.accounts.sessions import Sessions
from famulus.features.accounts.tables import User
from famulus.features.accounts.unit import Unit
from famulus.features.accounts.users import Users
from famulus.infra.database import Database, Session
from famulus.settings import AccountSettings

_ADDRESS = "command line"


async def list_users(database: Database) -> list[User]:
    """Everybody, oldest first."""
    return await database.read(lambda session: UserRepository(session).everybody())


async def make_link_token(database: Database, settings: AccountSettings) -> str:
    """A fresh token for `links.sign_in_link`."""
    return await database.write(lambda session: issue_link_token(session, settings=settings))


async def make_key(database: Database, *, name: str, scopes: Collection[str], who: str | None = None) -> NewKey:
    """An API key for somebody, by default the owner, who is made where there is none yet."""

    async def issue(session: Session) -> NewKey:
        if who is None and await UserRepository(session).owner() is None:
            await Users(_unit(session)).add(name="Owner", email=None, password_hash=None, role="owner")
        user = await _person(session, who)
        return await Keys(_unit(session)).issue(user.id, name=name, scopes=scopes, allowed=scopes_of(user.role))

    return await database.write(issue)


async def reset_password(
    database: Database, *, who: str | None, password: str, passwords: Passwords | None = None
) -> User:
    """Give somebody a new password, and sign them out everywhere."""
    user = await database.read(lambda session: _person(session, who))
    refuse_weak(password, about=(user.email, user.name))
    password_hash = await (passwords or Passwords()).hash(password)

    async def change(session: Session) -> None:
        await Users(_unit(session)).set_password(user.id, password_hash)
        await Sessions(_unit(session)).revoke_all(user.id)

    await database.write(change)
    return user


async def set_disabled(database: Database, *, who: str, disabled: bool) -> User:
    """Stop every credential of a member from working, or let them work again."""

    async def change(session: Session) -> User:
        user = await _person(session, who)
        if user.role == "owner":
            raise OwnerNeeded
        await Users(_unit(session)).set_disabled(user.id, disabled=disabled)
        return user

    return await database.write(change)


async def arriving(database: Database, *, name: str, email: str | None, who: str | None = None) -> tuple[User, bool]:
    """For whom an archive is, and whether they are new here.

    Somebody who is named, or who has its address; else somebody new, who owns the server where nobody does.
    """

    async def find_or_add(session: Session) -> tuple[User, bool]:
        await session.alone("owner")
        users = UserRepository(session)
        owner = await users.owner()
        known = await _person(session, who) if who else await users.find_by_email(email) if email else None
        if known is not None:
            return known, False
        if email is None and owner is not None:
            raise NobodyNamed("The archive names no e-mail address: say whose it is to become.")
        role = "member" if owner else "owner"
        return await Users(_unit(session)).add(name=name, email=email, password_hash=None, role=role), True

    return await database.write(find_or_add)


async def note(database: Database, what: str, user_id: str) -> None:
    """Write into the audit log what the operator has done with somebody's things."""
    await database.write(lambda session: _unit(session).note(what, who=None, about=user_id))


async def id_of(database: Database, who: str | None) -> str:
    """The id of somebody, by default the owner's."""
    return (await database.read(lambda session: _person(session, who))).id


async def _person(session: Session, who: str | None) -> User:
    """Somebody by id or e-mail address; the owner when nobody is named."""
    users = UserRepository(session)
    if who is None:
        user = await users.owner()
    else:
        user = await users.find(who) or await users.find_by_email(who)
    if user is None:
        raise UserNotFound
    return user


def _unit(session: Session) -> Unit:
    return Unit(session, address=_ADDRESS)
