"""What an archive is made of."""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from famulus.infra.archives.reading import Archive
from famulus.kit.clock import utc_now


@dataclass(frozen=True, slots=True)
class Entry:
    """One file in an archive."""

    name: str
    pieces: AsyncIterator[bytes]
    squeezed: bool = True
    """Whether it gets smaller when it is compressed: pictures and documents do not."""
    rows: list[int] | None = None
    """How many rows have been written, in its last place, where it is made of rows."""


@dataclass(slots=True)
class Arrival:
    """An archive on its way in: to whom it goes, and what has become of what it brings."""

    user_id: str
    at: datetime = field(default_factory=utc_now)
    renamed: dict[str, str] = field(default_factory=dict)
    """New names of what has a name that is somebody else's here."""
    arrived: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """What is there by now, by table: with these names, as they are here."""
    imported: Counter[str] = field(default_factory=Counter)
    known: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)

    def note(self, what: str, *, imported: int, known: int, total: int) -> None:
        """Say what has become of all that an archive has of something."""
        self.imported[what] += imported
        self.known[what] += known
        self.left_out[what] += total - imported - known

    def name_of(self, old: str) -> str:
        """What something is called here."""
        return self.renamed.get(old, old)


class Part(Protocol):
    """Something that goes into archives, and may come back from them."""

    def entries(self, user_id: str) -> AsyncIterator[Entry]:
        """What goes into this person's archive."""

    def check(self, archive: Archive) -> None:
        """Raise unless all that the archive has of this can be taken in; called in a thread."""

    async def take(self, archive: Archive, arrival: Arrival) -> None:
        """Take it in, as far as it is not there yet; the archive has been checked."""
