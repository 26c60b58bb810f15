"""The vectors of the people who are being asked about, as matrices; what is new is read when it is needed.

Only `meaning` imports this, and only when there are vectors: numpy costs time and memory at the start.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from famulus.infra.database import Session
from famulus.memory import vectors
from famulus.memory.retrieval import Meanings

_MOST_VECTORS = 400_000


class _Matrix:
    """One person's vectors, with room for more."""

    def __init__(self, dimension: int) -> None:
        self.last_place = 0
        self.count = 0
        self.row_of: dict[int, int] = {}
        self._rows: NDArray[np.float32] = np.empty((64, dimension), np.float32)
        self._numbers: NDArray[np.int64] = np.empty(64, np.int64)

    def add(self, number: int, vector: bytes) -> None:
        """Put a vector behind the others."""
        values = np.frombuffer(vector, "<f4")
        if values.shape[0] != self._rows.shape[1]:
            return
        if self.count == len(self._numbers):
            self._rows = np.concatenate([self._rows, np.empty_like(self._rows)])
            self._numbers = np.concatenate([self._numbers, np.empty_like(self._numbers)])
        self._rows[self.count], self._numbers[self.count] = values, number
        self.row_of[number] = self.count
        self.count += 1

    def near(self, vector: NDArray[np.float32], most: int) -> Meanings:
        """How near each is, and which are nearest."""
        cosines = self._rows[: self.count] @ vector
        most = min(most, self.count)
        best = np.argpartition(-cosines, most - 1)[:most] if most else np.empty(0, np.int64)
        nearest = self._numbers[best[np.argsort(-cosines[best])]]
        row_of = self.row_of

        def cosine(number: int) -> float | None:
            row = row_of.get(number)
            return None if row is None else float(cosines[row])

        return Meanings(cosine, [int(number) for number in nearest])


class Shelf:
    """The matrices of this process, those not used for longest thrown away first."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._matrices: OrderedDict[str, _Matrix] = OrderedDict()
        self._lock = threading.Lock()

    async def near(self, session: Session, user_id: str, vector: bytes, *, most: int) -> Meanings:
        """What of a person's memories is near to a vector."""
        wanted = np.frombuffer(vector, "<f4")
        with self._lock:
            matrix = self._matrices.setdefault(user_id, _Matrix(wanted.shape[0]))
            self._matrices.move_to_end(user_id)
            for place, number, found in await vectors.after(session, user_id, self._model, matrix.last_place):
                matrix.add(number, found)
                matrix.last_place = place
            self._make_room()
            return matrix.near(wanted, most)

    def drop(self, user_id: str) -> None:
        """Forget one person's: some of it is not theirs any more."""
        with self._lock:
            self._matrices.pop(user_id, None)

    def drop_if_stale(self, user_id: str, nearest: Sequence[int], current: set[int]) -> None:
        """Forget one person's when something near was forgotten elsewhere."""
        if not current.issuperset(nearest):
            self.drop(user_id)

    def _make_room(self) -> None:
        while len(self._matrices) > 1 and sum(matrix.count for matrix in self._matrices.values()) > _MOST_VECTORS:
            self._matrices.popitem(last=False)
