"""Rows in archives: every column by its name, one row a line."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any

import orjson
import sqlalchemy as sa

from famulus.infra.archives.parts import Arrival, Entry
from famulus.infra.archives.portion import OWNER, Portion, Row
from famulus.infra.archives.reading import Archive
from famulus.infra.archives.taking import add_rows
from famulus.infra.database import Database, Session
from famulus.kit.clock import utc_now

_ROWS_AT_ONCE = 200
_MOST_LEVELS = 16
Settle = Callable[[Session, str], Awaitable[None]]
"""Puts in order what rows of a person say together, once they have come back."""


class Rows:
    """A feature's rows, the parents before their children."""

    def __init__(self, database: Database, portions: Sequence[Portion], *, settle: Settle | None = None) -> None:
        self._database = database
        self._portions = portions
        self._settle = settle

    async def entries(self, user_id: str) -> AsyncIterator[Entry]:
        """One entry for each table."""
        for portion in self._portions:
            counted: list[int] = []
            yield Entry(portion.entry, self._lines(portion, user_id, counted), rows=counted)

    def check(self, archive: Archive) -> None:
        """Raise unless every row can be read."""
        now = utc_now()
        for portion in self._portions:
            for row in archive.rows(portion.entry):
                portion.read(row, now)

    async def take(self, archive: Archive, arrival: Arrival) -> None:
        """Take in what comes back, some rows at a time; what is there already stays as it is."""
        for portion in self._portions:
            if portion.comes_back:
                await self._take(portion, archive, arrival)
        if settle := self._settle:
            await self._database.write(lambda session: _settled(settle, session, arrival.user_id))

    async def _take(self, portion: Portion, archive: Archive, arrival: Arrival) -> None:
        table = portion.table.name
        imported = known = total = 0
        # Each time those come in whose wholes have come in before.
        for _ in range(_MOST_LEVELS if portion.within else 1):
            before, total = len(arrival.arrived[table]), 0
            archive.begin_again()
            rows = archive.rows(portion.entry)
            while batch := await asyncio.to_thread(_next, portion, rows, arrival.at):
                returning = [row for row in batch if portion.returns(row)]
                added = await self._database.write(partial(_add, portion=portion, arrival=arrival, rows=returning))
                arrival.renamed |= added.renamed
                arrival.arrived[table] |= added.here
                imported, known, total = imported + added.imported, known + added.known, total + len(batch)
            if len(arrival.arrived[table]) == before:
                break
        arrival.note(table, imported=imported, known=known, total=total)

    async def _lines(self, portion: Portion, user_id: str, counted: list[int]) -> AsyncIterator[bytes]:
        after: tuple[Any, ...] | None = None
        while True:
            rows, after = await self._database.read(partial(_page, portion, user_id, after))
            counted.append(len(rows))
            if rows:
                yield b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)
            if after is None:
                return


async def _add(session: Session, portion: Portion, arrival: Arrival, rows: list[Row]) -> Any:
    # A work may be run again: what it changes of a row must not be there then.
    return await add_rows(session, portion, arrival, [dict(row) for row in rows])


async def _settled(settle: Settle, session: Session, user_id: str) -> None:
    await settle(session, user_id)


def _next(portion: Portion, rows: Iterator[Row], at: datetime) -> list[Row]:
    return [portion.read(row, at) for row in islice(rows, _ROWS_AT_ONCE)]


async def _page(
    portion: Portion, user_id: str, after: tuple[Any, ...] | None, session: Session
) -> tuple[list[Row], tuple[Any, ...] | None]:
    """The next rows, and the key of the last if there may be more."""
    keys = list(portion.table.primary_key)
    columns = portion.columns
    query = sa.select(*columns, *(key.label(f"key_{key.name}") for key in keys))
    query = query.where(portion.table.c[OWNER] == user_id).order_by(*keys).limit(_ROWS_AT_ONCE)
    if after is not None:
        values = [sa.literal(value, key.type) for key, value in zip(keys, after, strict=True)]
        query = query.where(sa.tuple_(*keys) > sa.tuple_(*values))
    found = [tuple(row) for row in await session.execute(query)]
    names = [str(column.name) for column in columns]
    rows = [portion.tell(dict(zip(names, row, strict=False))) for row in found]
    return rows, found[-1][len(columns) :] if len(found) == _ROWS_AT_ONCE else None
