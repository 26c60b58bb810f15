"""What can go wrong with analytics, for those who ask."""

from famulus.kit.errors import TooMany, Unavailable, Unprocessable


class SpanNotShown(Unprocessable):
    """From the first day to the last are more, or fewer, than are shown at once."""


class TooManyEvents(TooMany):
    """Somebody sends more events than are taken."""


class ForwardRefused(Unavailable):
    """Whoever events are sent on to does not take them."""
