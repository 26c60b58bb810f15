"""What can go wrong with accounts, as far as a caller can do something about it."""

from famulus.kit.errors import Conflict, Forbidden, Invalid, NotFound, TooMany, Unauthenticated, Unprocessable


class NotSignedIn(Unauthenticated):
    """No credential, or one that is not good any more."""

    def __init__(self) -> None:
        super().__init__("Sign in, or send a valid API key.")


class WrongCredentials(Unauthenticated):
    """The same words whether the account, its password or its right to sign in is missing."""

    def __init__(self) -> None:
        super().__init__("This e-mail address and password do not belong together.")


class LinkNotValid(Unauthenticated):
    """Never issued, used already, or too old."""

    def __init__(self) -> None:
        super().__init__("This sign-in link is not valid any more. Ask the server for a new one.")


class InvitationNotValid(NotFound):
    """Never issued, withdrawn, used already, too old, or meant for somebody else."""

    def __init__(self) -> None:
        super().__init__("This invitation is not valid any more. Ask for a new one.")


class ResetNotValid(Unauthenticated):
    """Never sent, used already, replaced by a newer one, or too old."""

    def __init__(self) -> None:
        super().__init__("This link is not valid any more. Ask for a new one.")


class AddressLinkNotValid(Unauthenticated):
    """Never sent, used already, replaced by a newer one, or too old."""

    def __init__(self) -> None:
        super().__init__("This link is not valid any more. Ask for a new one in the settings.")


class NoMail(Conflict):
    """The operator has set no mail server."""

    def __init__(self) -> None:
        super().__init__(
            "This server sends no e-mail. Its operator can set a new password with `famulus user password`,"
            " and sign the owner in with `famulus user link`."
        )


class WrongPassword(Forbidden):
    """The caller is signed in, but did not prove to know the password."""

    def __init__(self) -> None:
        super().__init__("The current password is missing or wrong.")


class CrossSiteRequest(Forbidden):
    """A page of another site may have sent this, with a cookie that its reader never meant to give."""


class ScopeMissing(Forbidden):
    """The credential is good, but not for this."""

    def __init__(self, *scopes: str) -> None:
        super().__init__("This credential may not do that.", scopes_needed=sorted(scopes))


class OwnerOnly(Forbidden):
    """Only the owner of this server may do this."""

    def __init__(self) -> None:
        super().__init__("Only the owner of this server may do that.")


class AdministratorsOnly(Forbidden):
    """Only the owner of this server and its admins may do this."""

    def __init__(self) -> None:
        super().__init__("Only the owner of this server and its admins may do that.")


class WeakPassword(Unprocessable):
    """Too short, or among the first that anybody would guess."""


class ExpiresInThePast(Unprocessable):
    """A credential must be good for some time."""

    def __init__(self) -> None:
        super().__init__("The time of expiry must be in the future.")


class UserNotFound(NotFound):
    """There is no such person, or none whom the caller may see."""

    def __init__(self) -> None:
        super().__init__("There is no such user.")


class NobodyNamed(Invalid):
    """It is not said whose something is."""


class SessionNotFound(NotFound):
    """There is no such sign-in of the caller."""

    def __init__(self) -> None:
        super().__init__("There is no such session.")


class ApiKeyNotFound(NotFound):
    """There is no such key of the caller."""

    def __init__(self) -> None:
        super().__init__("There is no such API key.")


class InvitationNotFound(NotFound):
    """There is no such invitation."""

    def __init__(self) -> None:
        super().__init__("There is no such invitation.")


class EmailTaken(Conflict):
    """Two people cannot sign in with one address."""

    def __init__(self) -> None:
        super().__init__("Somebody else uses this e-mail address.")


class OwnerNeeded(Conflict):
    """A server with people in it needs its owner."""

    def __init__(self) -> None:
        super().__init__("The owner cannot leave while there are other people on this server.")


class NoWayIn(Conflict):
    """Somebody is disabled, or has no e-mail address to sign in with."""

    def __init__(self) -> None:
        super().__init__("Somebody who is disabled, or has no e-mail address, cannot sign in with a password.")


class OwnerStays(Conflict):
    """There is one owner, and nobody takes that from them."""

    def __init__(self) -> None:
        super().__init__("The owner of this server stays its owner, and stays able to sign in.")


class ChangedMeanwhile(Conflict):
    """Two changes met; this one came second."""

    def __init__(self) -> None:
        super().__init__("The account has changed in the meantime. Look at it again.")


class TooManyAttempts(TooMany):
    """Somebody may be guessing."""

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__("Too many attempts. Try again later.", retry_after_seconds=retry_after_seconds)
