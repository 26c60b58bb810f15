"""Who is calling, over HTTP and WebSocket alike."""

from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Annotated

from fastapi import Depends
from fastapi.openapi.models import APIKey, APIKeyIn
from fastapi.openapi.models import HTTPBearer as BearerModel
from fastapi.openapi.models import SecurityBase as SchemeModel
from fastapi.security.base import SecurityBase
from starlette.requests import HTTPConnection

from famulus.features.accounts.cookies import PLAIN_NAME, session_token_of
from famulus.features.accounts.errors import AdministratorsOnly, NotSignedIn, OwnerOnly, ScopeMissing
from famulus.features.accounts.identity import Caller, Client
from famulus.features.accounts.origin import client_of, refuse_cross_site
from famulus.features.accounts.service import Accounts

__all__ = [
    "AccountsDep",
    "AdminDep",
    "Caller",
    "CallerDep",
    "ClientDep",
    "OwnerDep",
    "accounts_of",
    "administrators_only",
    "caller_of",
    "caller_or_none",
    "owner_only",
    "requires",
    "same_site",
    "still_valid",
]


class _Scheme(SecurityBase):
    """Says in the API's description how to authenticate, and decides nothing."""

    def __init__(self, name: str, model: SchemeModel) -> None:
        self.scheme_name = name
        self.model = model

    async def __call__(self, connection: HTTPConnection) -> None:
        """Nothing: `caller_of` looks at both at once."""


_BEARER = _Scheme("api_key", BearerModel(description="An API key, `fam_…`."))
_COOKIE = _Scheme(
    "session",
    # The model is filled in by its alias, which mypy cannot see behind `in`.
    APIKey.model_validate(
        {
            "in": APIKeyIn.cookie,
            "name": PLAIN_NAME,
            "description": "A browser's session; over https the cookie is called `__Host-famulus`.",
        }
    ),
)


def accounts_of(connection: HTTPConnection) -> Accounts:
    """The accounts that this process serves."""
    accounts: Accounts = connection.app.state.accounts
    return accounts


async def caller_of(connection: HTTPConnection) -> Caller:
    """Who is calling: by API key if one was sent, else by cookie; otherwise `NotSignedIn`.

    What a browser sends along on its own counts only for pages that may use it: see `refuse_cross_site`.
    """
    identities = accounts_of(connection).identities
    secret = _bearer(connection)
    if secret is not None:
        caller = await identities.of_key(secret)
    else:
        token = session_token_of(connection)
        if token is None:
            raise NotSignedIn
        refuse_cross_site(connection, has_cookie=True)
        caller = await identities.of_session(token)
    if caller is None:
        raise NotSignedIn
    return caller


async def caller_or_none(connection: HTTPConnection) -> Caller | None:
    """Who is calling, where nobody has to be known."""
    try:
        return await caller_of(connection)
    except NotSignedIn:
        return None


async def still_valid(connection: HTTPConnection, caller: Caller) -> bool:
    """Whether a caller who stays longer than a request may still stay."""
    return await accounts_of(connection).identities.still_valid(caller)


async def same_site(connection: HTTPConnection) -> None:
    """For routes that nobody has to be known for, and that other sites have no business with all the same."""
    refuse_cross_site(connection, has_cookie=session_token_of(connection) is not None)


async def _declared_caller(
    connection: HTTPConnection,
    _bearer_scheme: Annotated[None, Depends(_BEARER)],
    _cookie_scheme: Annotated[None, Depends(_COOKIE)],
) -> Caller:
    return await caller_of(connection)


# Coroutines, since the framework gives everything else a thread.
async def _accounts(connection: HTTPConnection) -> Accounts:
    return accounts_of(connection)


async def _client(connection: HTTPConnection) -> Client:
    return client_of(connection)


AccountsDep = Annotated[Accounts, Depends(_accounts)]
ClientDep = Annotated[Client, Depends(_client)]
CallerDep = Annotated[Caller, Depends(_declared_caller)]
"""Anybody who is signed in, whatever their credential may do."""


@lru_cache
def requires(*scopes: str) -> Callable[[Caller], Awaitable[Caller]]:
    """A dependency: the caller, whose credential must carry these scopes."""

    async def scoped(caller: CallerDep) -> Caller:
        if not caller.may(*scopes):
            raise ScopeMissing(*scopes)
        return caller

    return scoped


async def administrators_only(caller: CallerDep) -> Caller:
    """A dependency: the owner or an admin of this server, with a credential for administration."""
    if not caller.administrates:
        raise AdministratorsOnly
    if not caller.may("admin"):
        raise ScopeMissing("admin")
    return caller


async def owner_only(caller: CallerDep) -> Caller:
    """A dependency: the owner of this server, with a credential for administration."""
    if not caller.is_owner:
        raise OwnerOnly
    if not caller.may("admin"):
        raise ScopeMissing("admin")
    return caller


AdminDep = Annotated[Caller, Depends(administrators_only)]
OwnerDep = Annotated[Caller, Depends(owner_only)]


def _bearer(connection: HTTPConnection) -> str | None:
    scheme, _, secret = connection.headers.get("authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else None
