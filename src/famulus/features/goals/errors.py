"""What can go wrong with goals."""

from famulus.kit.errors import Conflict, NotFound, Unprocessable


class GoalNotFound(NotFound):
    """No such goal, or not yours."""


class StepNotFound(NotFound):
    """No such step, or not yours."""


class TargetInThePast(Unprocessable):
    """A day to reach something by lies before today."""


class RoadmapHasCycle(Unprocessable):
    """Some steps would have to come before themselves."""


class UnknownStep(Unprocessable):
    """An edge names a step that the roadmap does not have."""


class StepNamedTwice(Unprocessable):
    """Two steps of a roadmap have the same key."""


class TooManySteps(Unprocessable):
    """The roadmap has as many steps as one may have."""


class PartOfAPart(Unprocessable):
    """A part of a step cannot have parts, or come before something."""


class TooManyGoals(Conflict):
    """This person has as many goals as one may have."""
