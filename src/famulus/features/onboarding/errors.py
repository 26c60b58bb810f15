"""What can go wrong with the first questions."""

from famulus.kit.errors import Conflict, Invalid


class StepNotReached(Conflict):
    """Another question comes first."""


class StepDone(Conflict):
    """The question has been answered, and otherwise."""


class ModelUnknown(Invalid):
    """There is no such model to choose."""
