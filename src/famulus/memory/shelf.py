"""The vectors of the people who are being asked about, as matrices; what is new is read when it is needed.

Only `meaning` imports this, and only when there are vectors: numpy costs time and memory at the start.
"""

import threading
from collections import OrderedDict
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from famulus.infra.database import Session
from famulus.memory import owners, vectors
from famulus.memory.retrieval import Meanings

# Some three hundred thousand vectors of the model on this machine.
_MOST_BYTES = 512 * 1_048_576

Numbers = NDArray[np.int64]
Floats = NDArray[np.float32]


class _Near:
    """How near memories are to a query; see `Meanings`."""

    def __init__(self, numbers: Numbers, cosines: Floats, most: int) -> None:
        self._numbers = numbers
        self._cosines = cosines
        most = min(most, len(numbers))
        least = len(numbers) - most
        best = np.argpartition(cosines, least)[least:] if most else np.empty(0, np.int64)
        self.nearest: list[int] = numbers[best[np.argsort(-cosines[best])]].tolist()

    def cosines(self, numbers: Collection[int]) -> dict[int, float]:
        """Those of these memories that have a vector, with how near it is."""
        if not len(self._numbers):
            return {}
        wanted = np.fromiter(numbers, np.int64, len(numbers))
        places = np.minimum(np.searchsorted(self._numbers, wanted), len(self._numbers) - 1)
        known = self._numbers[places] == wanted
        return dict(zip(wanted[known].tolist(), self._cosines[places[known]].tolist(), strict=True))


class _Matrix:
    """One person's vectors, with room for more."""

    def __init__(self, version: tuple[int, int], dimension: int) -> None:
        self.version = version
        self.dimension = dimension
        self.last_place = 0
        self.count = 0
        self._places: Numbers = np.empty(64, np.int64)
        self._numbers: Numbers = np.empty(64, np.int64)
        self._rows: Floats = np.empty((64, dimension), np.float32)
        self._order: Numbers = np.empty(0, np.int64)

    @property
    def size(self) -> int:
        """How many bytes it takes, those for what may come included."""
        return self._rows.nbytes

    def add(self, rows: Sequence[Any]) -> None:
        """Put vectors (place, number, vector) behind the others, unless they are there already."""
        size = self._rows.shape[1] * self._rows.itemsize
        fresh = [row for row in rows if row[0] > self.last_place and len(row[2]) == size]
        if not fresh:
            return
        self._make_room_for(len(fresh))
        ends = self.count + len(fresh)
        here = slice(self.count, ends)
        self._places[here] = [row[0] for row in fresh]
        self._numbers[here] = [row[1] for row in fresh]
        self._rows[here] = np.frombuffer(b"".join(row[2] for row in fresh), "<f4").reshape(len(fresh), -1)
        self.count, self.last_place = ends, fresh[-1][0]
        self._order = np.argsort(self._numbers[:ends], kind="stable")

    def keep_only(self, places: Sequence[int]) -> None:
        """Overwrite every vector that is not at one of these places."""
        kept = np.isin(self._places[: self.count], np.array(places, np.int64))
        count = int(kept.sum())
        for column in (self._places, self._numbers, self._rows):
            column[:count] = column[: self.count][kept]
            column[count:] = 0
        self.count = count
        self._order = np.argsort(self._numbers[:count], kind="stable")

    def near(self, vector: Floats, most: int, among: Collection[int] | None) -> "_Near":
        """How near each is, and which are nearest, of all or among some."""
        numbers = self._numbers[: self.count]
        cosines = self._rows[: self.count] @ vector
        order = self._order
        if among is not None:
            order = order[np.isin(numbers[order], np.fromiter(among, np.int64, len(among)))]
        return _Near(numbers[order], cosines[order], most)

    def _make_room_for(self, more: int) -> None:
        if (short := self.count + more - len(self._numbers)) <= 0:
            return
        longer = max(short, len(self._numbers) // 2)
        self._places = np.concatenate([self._places, np.empty(longer, np.int64)])
        self._numbers = np.concatenate([self._numbers, np.empty(longer, np.int64)])
        self._rows = np.concatenate([self._rows, np.empty((longer, self._rows.shape[1]), np.float32)])


class Shelf:
    """The matrices of this process, those not used for longest thrown away first."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._matrices: OrderedDict[str, _Matrix] = OrderedDict()
        self._lock = threading.Lock()
        vectors.shelves.add(self)

    async def near(
        self,
        session: Session,
        user_id: str,
        vector: bytes,
        *,
        owner: owners.Owner,
        most: int,
        among: Collection[int] | None,
    ) -> Meanings:
        """What of a person's memories is near to a vector."""
        wanted = np.frombuffer(vector, "<f4")
        version = owner.version
        with self._lock:
            matrix = self._matrices.get(user_id)
            if matrix is not None and matrix.dimension != wanted.shape[0]:
                # A model of the same name that makes other vectors.
                matrix = None
            last_place = matrix.last_place if matrix else 0
        # Nothing is awaited under the lock: on PostgreSQL others' searches run in this same thread.
        survivors = None
        if matrix is not None and matrix.version < version:
            survivors = await vectors.places(session, user_id, self._model)
        fresh = await vectors.after(session, user_id, self._model, last_place)
        with self._lock:
            if matrix is None:
                matrix = _Matrix(version, wanted.shape[0])
            if survivors is not None and matrix.version < version:
                matrix.keep_only(survivors)
                matrix.version = version
            matrix.add(fresh)
            self._matrices[user_id] = matrix
            self._matrices.move_to_end(user_id)
            self._make_room()
            return matrix.near(wanted, most, among)

    def versions(self) -> dict[str, tuple[int, int]]:
        """Whose vectors are here, and of which version."""
        with self._lock:
            return {user_id: matrix.version for user_id, matrix in self._matrices.items()}

    def drop(self, user_id: str) -> None:
        """Let go of a person's vectors: some of them are not to be kept any more."""
        with self._lock:
            self._matrices.pop(user_id, None)

    def _make_room(self) -> None:
        while len(self._matrices) > 1 and sum(matrix.size for matrix in self._matrices.values()) > _MOST_BYTES:
            self._matrices.popitem(last=False)
