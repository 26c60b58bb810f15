"""What can go wrong with a search."""

from famulus.kit.errors import Invalid, Unprocessable


class NothingToFind(Unprocessable):
    """The query has nothing in it that can be seen."""


class UnknownKind(Unprocessable):
    """There are no such things."""


class InvalidCursor(Invalid):
    """No page can have ended there."""
