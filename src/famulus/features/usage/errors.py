"""What can go wrong with limits, plans and prices."""

from famulus.kit.errors import Forbidden, NotFound, TooMany, Unprocessable


class QuotaExceeded(TooMany):
    """A limit of the person's plan is used up until its window ends."""


class UnknownPlan(Unprocessable):
    """The settings name no such plan."""


class NobodyToCharge(NotFound):
    """There is no such person."""


class NotTheirs(Forbidden):
    """An admin chooses the plans of members; the owner chooses everybody's."""


class PriceNotFound(NotFound):
    """The price table says nothing about this model."""


class SpanTooLong(Unprocessable):
    """The days asked for are too many, or in the wrong order."""
