"""What may be done with archives: written as they are sent, and taken in once all of one has been looked at."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from famulus import __version__
from famulus.infra.archives import Archive, Arrival, Part, written
from famulus.infra.blobs import translated


@dataclass(frozen=True, slots=True)
class Archives:
    """The archives of everybody on this server."""

    parts: Sequence[Part]
    """In the order in which they come back: what is spoken of before what speaks of it."""
    folder: Path
    """Where an archive is kept while it is taken in."""
    left_behind: Mapping[str, str] = field(default_factory=dict)
    """What an archive says that it has nothing of, or not all, and why."""
    # One after the other: each takes a core and the disk for its time, which is also everybody else's.
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def pieces(self, user_id: str) -> AsyncIterator[bytes]:
        """All that is this person's, in pieces."""
        # What is kept elsewhere, and may not be reachable, comes last and is asked first.
        return written(user_id, __version__, list(reversed(self.parts)), self.left_behind)

    async def take(self, user_id: str, file: BinaryIO) -> Arrival:
        """Take an archive in for somebody; nothing of one with anything wrong in it."""
        async with self._turn:
            return await self.bring(user_id, await self.look_through(file))

    async def look_through(self, file: BinaryIO) -> Archive:
        """An archive with nothing wrong in it."""
        return await asyncio.to_thread(self._checked, file)

    async def bring(self, user_id: str, archive: Archive) -> Arrival:
        """Take in for somebody what was looked through."""
        arrival = Arrival(user_id)
        for part in self.parts:
            await part.take(archive, arrival)
        return arrival

    @asynccontextmanager
    async def received(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[BinaryIO]:
        """What is sent, in a file without a name."""
        try:
            with tempfile.TemporaryFile(dir=self.folder) as file:
                async for piece in pieces:
                    await asyncio.to_thread(file.write, piece)
                yield file
        except OSError as error:
            raise translated(error) from error

    def _checked(self, file: BinaryIO) -> Archive:
        archive = Archive(file)
        for part in self.parts:
            part.check(archive)
        archive.refuse_the_rest()
        return archive
