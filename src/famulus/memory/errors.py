"""What can be wrong with a request about memories."""

from famulus.kit.errors import Conflict, NotFound


class UserNotFound(NotFound):
    """Nothing is known of this person, or it is none of the caller's business."""

    def __init__(self) -> None:
        super().__init__("User not found")


class MemoryNotFound(NotFound):
    """The person has no such memory."""

    def __init__(self) -> None:
        super().__init__("There is no such memory.")


class ProposalNotFound(NotFound):
    """Nothing of this id waits for the person to agree."""

    def __init__(self) -> None:
        super().__init__("There is no such proposal.")


class MemorySuperseded(Conflict):
    """The memory has been replaced by a newer version."""

    def __init__(self, current: str) -> None:
        super().__init__("This memory has been replaced by a newer version.", current=current)


class MemoryKeyReused(Conflict):
    """The key was used before, for another memory."""

    def __init__(self) -> None:
        super().__init__("This key was used before, for another memory.")
