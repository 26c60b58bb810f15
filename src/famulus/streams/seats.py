"""How many streams each person holds open on this server."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from famulus.kit.errors import TooMany


class TooManyStreams(TooMany):
    """This person holds as many streams open as anybody may."""


class Seats:
    """Gives out places to follow from, so many a person."""

    def __init__(self, per_user: int) -> None:
        self._per_user = per_user
        self._taken: Counter[str] = Counter()

    def check(self, user_id: str) -> None:
        """Raise unless there is a place left."""
        if self._taken[user_id] >= self._per_user:
            raise TooManyStreams("Too many streams are open. Close some first.", limit=self._per_user)

    @contextmanager
    def taken(self, user_id: str) -> Iterator[None]:
        """Hold a place for the length of a `with` block."""
        self._taken[user_id] += 1
        try:
            yield
        finally:
            self._taken[user_id] -= 1
            if not self._taken[user_id]:
                del self._taken[user_id]
