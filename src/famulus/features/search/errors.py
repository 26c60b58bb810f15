"""What can go wrong with a search."""

from famulus.kit.errors import Invalid, Unavailable, Unprocessable


class NothingToFind(Unprocessable):
    """The query has nothing in it that can be seen."""


class UnknownKind(Unprocessable):
    """There are no such things."""


class InvalidCursor(Invalid):
    """No page can have ended there."""


class IndexOutdated(Unavailable):
    """The index was made in another way than is usual by now, and is being made anew."""
