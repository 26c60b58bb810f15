"""The errors Famulus raises on purpose; each says what its caller can do.

    FamulusError
    ├── Invalid              400  malformed, blank or impossible: change the request
    │   └── Unprocessable    422  well-formed, but a field does not fit
    ├── Unauthenticated      401  say who you are
    ├── Forbidden            403  you are known, and may not
    ├── NotFound             404  not there, or not yours: the two are never told apart
    ├── Conflict             409  there, but not in a state that allows this
    ├── Gone                 410  was there, and is no more
    ├── TooLarge             413  send less
    ├── UnsupportedMedia     415  send another kind
    ├── TooMany              429  wait, or ask for a higher limit
    ├── ProviderFailed       502  the model provider failed; trying again may help
    ├── Unavailable          503  something we depend on is down: an outage is never a 404
    └── StorageFull          507  nothing was written; reading goes on

Anything else that is raised is a bug: it is logged whole, and shown as a bare 500 with its correlation id.
A class attribute `code` names the error for programs; it defaults to the class name in snake case.
"""

import re


class FamulusError(Exception):
    """An error with a status for clients, a code for programs and a message for people."""

    status: int = 500
    code: str = "internal_error"

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if "code" not in cls.__dict__:
            cls.code = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    def __init__(self, message: str, **details: object) -> None:
        super().__init__(message)
        self.message = message
        self.details = details

    @property
    def for_logs(self) -> dict[str, object]:
        """The details, and what others said themselves, which no client is told."""
        said = getattr(self, "said", None)
        return {**self.details, "said": said} if said else self.details


class Invalid(FamulusError):
    """Malformed, blank or impossible."""

    status = 400


class Unprocessable(Invalid):
    """Well-formed, but a field does not fit."""

    status = 422


class Unauthenticated(FamulusError):
    """Nobody is signed in, or the credential is not good any more."""

    status = 401


class Forbidden(FamulusError):
    """The caller is known and may not do this."""

    status = 403


class NotFound(FamulusError):
    """Not there, or not yours."""

    status = 404


class Conflict(FamulusError):
    """There, but not in a state that allows this."""

    status = 409


class Gone(FamulusError):
    """Was there, and is no more."""

    status = 410


class TooLarge(FamulusError):
    """More than is accepted."""

    status = 413


class UnsupportedMedia(FamulusError):
    """A kind of content that is not understood here."""

    status = 415


class TooMany(FamulusError):
    """A rate or a quota is used up; `retry_after_seconds` in the details says for how long."""

    status = 429


class ProviderFailed(FamulusError):
    """The model provider failed."""

    status = 502


class Unavailable(FamulusError):
    """Something Famulus depends on is down."""

    status = 503

    def __init__(self, message: str, *, said: str | None = None, **details: object) -> None:
        super().__init__(message, **details)
        self.said = said


class StorageFull(FamulusError):
    """There is no room to write."""

    status = 507
