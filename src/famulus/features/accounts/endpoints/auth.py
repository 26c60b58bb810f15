"""Signing in, signing out, and where one is signed in."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response, status
from starlette.requests import HTTPConnection

from famulus.features.accounts.caller import (
    AccountsDep,
    Caller,
    ClientDep,
    caller_or_none,
    requires,
    same_site,
)
from famulus.features.accounts.cookies import clear_session_cookie, session_token_of, set_session_cookie
from famulus.features.accounts.parameters import After, Limit
from famulus.features.accounts.repository import UserRepository
from famulus.features.accounts.schemas import (
    AuthState,
    EmailConfirmation,
    EmailOutcome,
    ForgottenPassword,
    JoinRequest,
    LinkRequest,
    PasswordReset,
    SessionView,
    SignInRequest,
    UserView,
)
from famulus.features.accounts.service import NewPerson, SignedIn
from famulus.features.accounts.sessions import Sessions
from famulus.features.accounts.tables import User
from famulus.features.accounts.unit import Unit
from famulus.kit.pages import DEFAULT_LIMIT, Page
from famulus.kit.problems import errors

router = APIRouter(prefix="/auth", tags=["auth"])

_FromHere = [Depends(same_site)]


class Browser:
    """The session cookie of one exchange, as it came and as it goes back."""

    def __init__(self, connection: HTTPConnection, response: Response, accounts: AccountsDep) -> None:
        self.token = session_token_of(connection)
        self._connection = connection
        self._response = response
        self._days = accounts.settings.session_days
        response.headers["Cache-Control"] = "no-store"

    def take(self, signed_in: SignedIn) -> UserView:
        """Hand the new session to the browser; what it sees of the user."""
        set_session_cookie(self._response, self._connection, signed_in.token, days=self._days)
        return UserView.model_validate(signed_in.user)

    def clear(self) -> None:
        """Take the session from the browser."""
        clear_session_cookie(self._response, self._connection)


BrowserDep = Annotated[Browser, Depends()]
AccountCaller = Annotated[Caller, Depends(requires("account"))]


@router.get("/state", responses=errors())
async def state(
    caller: Annotated[Caller | None, Depends(caller_or_none)], accounts: AccountsDep, response: Response
) -> AuthState:
    """Whether anybody is signed in, and how one could."""
    response.headers["Cache-Control"] = "no-store"

    async def look(unit: Unit) -> tuple[User | None, bool, bool]:
        users = UserRepository(unit.session)
        user = await users.find(caller.user_id) if caller else None
        return user, await users.owner() is not None, await users.anybody_with_a_password()

    user, set_up, password_sign_in = await accounts.read(look)
    shown = UserView.model_validate(user) if user else None
    return AuthState(signed_in=user is not None, user=shown, set_up=set_up, password_sign_in=password_sign_in)


@router.post("/token", dependencies=_FromHere, responses=errors(409))
async def use_link(request: LinkRequest, accounts: AccountsDep, client: ClientDep, browser: BrowserDep) -> UserView:
    """Sign the owner in by the token of a link; the first one makes the owner."""
    password = request.password.get_secret_value() if request.password else None
    person = NewPerson(request.name, request.email, password)
    token = request.token.get_secret_value()
    return browser.take(await accounts.use_link(token, person, client=client, replacing=browser.token))


@router.post("/sign-in", dependencies=_FromHere, responses=errors())
async def sign_in(request: SignInRequest, accounts: AccountsDep, client: ClientDep, browser: BrowserDep) -> UserView:
    """Sign in with an e-mail address and a password."""
    password = request.password.get_secret_value()
    return browser.take(await accounts.sign_in(request.email, password, client=client, replacing=browser.token))


@router.post("/sign-out", dependencies=_FromHere, status_code=status.HTTP_204_NO_CONTENT, responses=errors())
async def sign_out(accounts: AccountsDep, client: ClientDep, browser: BrowserDep) -> None:
    """Sign this browser out; it may be signed out already."""
    token = browser.token
    if token is not None:
        await accounts.write(lambda unit: Sessions(unit).end(token), client)
    browser.clear()


@router.post("/password/forgotten", dependencies=_FromHere, status_code=status.HTTP_202_ACCEPTED, responses=errors(409))
async def forget_password(request: ForgottenPassword, accounts: AccountsDep, client: ClientDep) -> dict[str, str]:
    """Have a way to a new password sent to one's address; the answer is the same for an address that nobody has."""
    await accounts.forget_password(request.email, client=client)
    return {"message": "If somebody here has this address, a message is on its way to it."}


@router.post("/password/reset", dependencies=_FromHere, status_code=status.HTTP_204_NO_CONTENT, responses=errors())
async def reset_password(request: PasswordReset, accounts: AccountsDep, client: ClientDep) -> None:
    """Set a password by the token that was sent, once and within half an hour; every session ends."""
    token, new = request.token.get_secret_value(), request.new.get_secret_value()
    await accounts.reset_password(token, new, client=client)


@router.post("/email/confirm", dependencies=_FromHere, responses=errors(409))
async def confirm_email(confirmation: EmailConfirmation, accounts: AccountsDep, client: ClientDep) -> EmailOutcome:
    """Take the e-mail address to which the token was sent, once and within a day."""
    address = await accounts.confirm_email(confirmation.token.get_secret_value(), client=client)
    return EmailOutcome(changed=True, email=address, message="This is your address now.")


@router.post("/join", dependencies=_FromHere, status_code=status.HTTP_201_CREATED, responses=errors(404, 409))
async def join(request: JoinRequest, accounts: AccountsDep, client: ClientDep, browser: BrowserDep) -> UserView:
    """Accept an invitation."""
    person = NewPerson(request.name, request.email, request.password.get_secret_value())
    token = request.token.get_secret_value()
    return browser.take(await accounts.join(token, person, client=client, replacing=browser.token))


@router.get("/sessions", responses=errors())
async def list_sessions(
    caller: AccountCaller, accounts: AccountsDep, limit: Limit = DEFAULT_LIMIT, after: After = None
) -> Page[SessionView]:
    """Where the caller is signed in, newest first."""
    page = await accounts.read(lambda unit: Sessions(unit).of(caller.user_id, after=after, limit=limit))
    shown = [SessionView.model_validate(row) for row in page.data]
    for session in shown:
        session.current = session.id == caller.session_id
    return Page(data=shown, has_more=page.has_more, next=page.next)


@router.delete("/sessions/{session_id}", status_code=status.HTTP_204_NO_CONTENT, responses=errors(404))
async def revoke_session(session_id: str, caller: AccountCaller, accounts: AccountsDep, client: ClientDep) -> None:
    """Sign the caller out elsewhere."""
    await accounts.write(lambda unit: Sessions(unit).revoke(caller.user_id, session_id), client)
