"""Takes the rows of one database to another, and makes sure that they have arrived."""

from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from famulus.infra.copying.table import CopiedTable, checksum
from famulus.infra.database import Database, Session
from famulus.infra.prepared import Row
from famulus.kit.errors import Conflict
from famulus.kit.killpoints import killpoint

Phase = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
"""Shows how far a phase of so many rows has come, for as long as its block lasts."""

_Write = Callable[[Session, Sequence[Row]], Coroutine[Any, Any, None]]


class Differs(Conflict):
    """The copy is not what it was made from."""


@dataclass(frozen=True, slots=True)
class Copied:
    """A table that has arrived."""

    name: str
    rows: int
    checksum: str


class Copier:
    """Copies these tables, each after those that it refers to, from one database to another with the same schema."""

    def __init__(self, source: Database, target: Database, tables: Sequence[sa.Table], show: Phase) -> None:
        self._source = source
        self._target = target
        self._tables = [CopiedTable(table) for table in tables]
        self._show = show

    async def rows_in_target(self) -> dict[str, int]:
        """How many rows the target has, by the tables that have any."""
        return {name: count for name, count in (await self._counts(self._target)).items() if count}

    async def copy(self) -> None:
        """Write what the target does not have yet; called again, it goes on where it was."""
        there, here = await self._counts(self._target), await self._counts(self._source)
        with self._show("Copying", sum(here.values())) as advance:
            advance(sum(there.values()))
            for table in self._tables:
                await self._fill(table, there[table.name], advance)
                await self._finish(table)

    async def verify(self) -> list[Copied]:
        """Read both sides again; `Differs` unless every table is the same on both."""
        counts = await self._counts(self._source)
        copied: list[Copied] = []
        with self._show("Verifying", 2 * sum(counts.values())) as advance:
            for table in self._tables:
                sums = [await self._sum(table, side, advance) for side in (self._source, self._target)]
                if sums[0] != sums[1]:
                    raise Differs(
                        f"The copy differs in the table {table.name}: the source has {sums[0][0]:,} rows, the copy "
                        f"{sums[1][0]:,}. Has something used the source meanwhile? Copy again, to an empty database."
                    )
                copied.append(Copied(table.name, sums[0][0], f"{sums[0][1]:032x}"))
        return copied

    async def _fill(self, table: CopiedTable, there: int, advance: Callable[[int], None]) -> None:
        after: Row | None = None
        while rows := await _page(self._source, table, after=after, skip=there):
            await self._give(table.add, rows)
            advance(len(rows))
            after = rows[-1]
            killpoint(f"copied_{table.name}")

    async def _finish(self, table: CopiedTable) -> None:
        """What cannot be done before every row is there."""
        after: Row | None = None
        while table.links_inward and (rows := await _page(self._source, table, after=after)):
            await self._give(table.link, rows)
            after = rows[-1]
        number = await self._source.read(table.last_number)
        await self._target.write(lambda session: table.count_from(session, number))

    async def _sum(self, table: CopiedTable, side: Database, advance: Callable[[int], None]) -> tuple[int, int]:
        count = total = 0
        after: Row | None = None
        while rows := await _page(side, table, after=after):
            count, total, after = count + len(rows), checksum(rows, total), rows[-1]
            advance(len(rows))
        return count, total

    async def _give(self, write: _Write, rows: Sequence[Row]) -> None:
        await self._target.write(lambda session: write(session, rows))

    async def _counts(self, side: Database) -> dict[str, int]:
        return {table.name: await side.read(table.count) for table in self._tables}


async def _page(side: Database, table: CopiedTable, *, after: Row | None, skip: int = 0) -> list[Row]:
    return await side.read(lambda session: table.page(session, after=after, skip=skip))
