"""The caller's own account."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response, status
from starlette.requests import HTTPConnection

from famulus.features.accounts.caller import AccountsDep, Caller, CallerDep, ClientDep, requires
from famulus.features.accounts.cookies import clear_session_cookie, session_token_of
from famulus.features.accounts.errors import UserNotFound
from famulus.features.accounts.schemas import (
    EmailChange,
    EmailOutcome,
    Erasure,
    PasswordChange,
    Preferences,
    PreferencesChange,
    ProfileChange,
    UserView,
)
from famulus.features.accounts.users import Users
from famulus.kit.problems import errors

router = APIRouter(prefix="/users", tags=["users"])

AccountCaller = Annotated[Caller, Depends(requires("account"))]


@router.get("/me", responses=errors())
async def me(caller: CallerDep, accounts: AccountsDep) -> UserView:
    """The caller."""
    return UserView.model_validate(await accounts.read(lambda unit: Users(unit).find(caller.user_id)))


@router.patch("/me", responses=errors(409))
async def change_me(change: ProfileChange, caller: AccountCaller, accounts: AccountsDep, client: ClientDep) -> UserView:
    """Change what is sent, and leave the rest."""
    changes = change.model_dump(exclude_unset=True)
    changed = await accounts.write(lambda unit: Users(unit).change_profile(caller.user_id, changes), client)
    return UserView.model_validate(changed)


@router.post("/me/email", responses=errors(409))
async def change_email(
    change: EmailChange, caller: AccountCaller, accounts: AccountsDep, client: ClientDep
) -> EmailOutcome:
    """Have another e-mail address, proving to know the password if there is one.

    Where the server sends mail, it is changed once the link in it has been followed, within a day, and the old
    address is told; otherwise at once.
    """
    password = change.password.get_secret_value() if change.password else None
    changed = await accounts.change_email(caller, change.email, password=password, client=client)
    message = "This is your address now." if changed else f"Follow the link in the mail to {change.email}."
    return EmailOutcome(changed=changed, email=change.email, message=message)


@router.get("/me/preferences", responses=errors())
async def show_preferences(caller: AccountCaller, accounts: AccountsDep) -> Preferences:
    """How the caller wants to be helped."""
    user = await accounts.read(lambda unit: Users(unit).find(caller.user_id))
    return Preferences.model_validate(user.preferences)


@router.patch("/me/preferences", responses=errors())
async def change_preferences(
    change: PreferencesChange, caller: AccountCaller, accounts: AccountsDep, client: ClientDep
) -> Preferences:
    """Change what is sent, and leave the rest; runs that are queued already keep what they were queued with."""
    changes = change.model_dump(exclude_none=True)
    user = await accounts.write(lambda unit: Users(unit).change_preferences(caller.user_id, changes), client)
    return Preferences.model_validate(user.preferences)


@router.post("/me/password", status_code=status.HTTP_204_NO_CONTENT, responses=errors(409))
async def change_password(
    change: PasswordChange, caller: AccountCaller, accounts: AccountsDep, client: ClientDep
) -> None:
    """Set a password, proving to know the old one if there is one. Every other session ends."""
    current = change.current.get_secret_value() if change.current else None
    await accounts.change_password(caller, current=current, new=change.new.get_secret_value(), client=client)


@router.delete("/me", status_code=status.HTTP_204_NO_CONTENT, responses=errors(409))
async def erase_me(
    *,
    erasure: Erasure,
    caller: AccountCaller,
    accounts: AccountsDep,
    client: ClientDep,
    connection: HTTPConnection,
    response: Response,
) -> None:
    """Remove the caller and everything that is theirs, for ever."""
    password = erasure.password.get_secret_value() if erasure.password else None
    await accounts.erase(caller, password=password, client=client)
    if session_token_of(connection) is not None:
        clear_session_cookie(response, connection)


@router.get("/{user_id}", responses=errors(404))
async def find_user(user_id: str, caller: CallerDep, accounts: AccountsDep) -> UserView:
    """The caller, or, for the owner and the admins of the server, anybody."""
    if user_id != caller.user_id and not (caller.administrates and caller.may("admin")):
        raise UserNotFound
    return UserView.model_validate(await accounts.read(lambda unit: Users(unit).find(user_id)))
