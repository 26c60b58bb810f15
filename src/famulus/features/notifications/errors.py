"""What can go wrong with notifications and channels."""

from famulus.kit.errors import Conflict, Invalid, NotFound, TooMany, Unprocessable


class NotificationNotFound(NotFound):
    """No such notification, or not yours."""


class ChannelNotFound(NotFound):
    """No such channel, or not yours."""


class DeliveryNotFound(NotFound):
    """No such delivery, or not yours."""


class ActionNotFound(NotFound):
    """The notification has no such action."""


class ChannelExists(Conflict):
    """The same address is a channel already."""


class ChannelNotVerified(Conflict):
    """Nobody has shown yet that messages to this channel arrive."""


class NothingToVerify(Conflict):
    """The channel needs no code, or none is under way."""


class WrongCode(Invalid):
    """This is not the code that was sent."""


class NotDead(Conflict):
    """Only a delivery that was given up can be tried anew."""


class ChannelUnavailable(Unprocessable):
    """This server has no way to such channels."""


class TooManyChannels(TooMany):
    """This person has as many channels as anybody may."""


class TooManyTests(TooMany):
    """This person has had as many test messages sent in the last minute as anybody may."""
