"""The cookie that carries a session."""

from fastapi import Response
from starlette.requests import HTTPConnection

from famulus.features.accounts.origin import is_https

# A browser takes a `__Host-` cookie over https only, and from this very host: no neighbour can plant one.
SECURE_NAME = "__Host-famulus"
PLAIN_NAME = "famulus_session"
_DAY_SECONDS = 86_400


def session_token_of(connection: HTTPConnection) -> str | None:
    """The session token that a browser sent, if it did."""
    return connection.cookies.get(_name(connection)) or None


def set_session_cookie(response: Response, connection: HTTPConnection, token: str, *, days: float) -> None:
    """Sign the browser in."""
    _set(response, connection, token, max_age=round(days * _DAY_SECONDS))


def clear_session_cookie(response: Response, connection: HTTPConnection) -> None:
    """Sign the browser out."""
    _set(response, connection, "", max_age=0)


def _name(connection: HTTPConnection) -> str:
    return SECURE_NAME if is_https(connection) else PLAIN_NAME


def _set(response: Response, connection: HTTPConnection, value: str, *, max_age: int) -> None:
    response.set_cookie(
        _name(connection),
        value,
        max_age=max_age,
        path="/",
        secure=is_https(connection),
        httponly=True,
        samesite="lax",
    )
