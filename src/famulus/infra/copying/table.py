"""A table as it is copied: its rows in pages, every value as it is, and a sum of them that both databases agree on."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import orjson
import sqlalchemy as sa

from famulus.infra.database import Session
from famulus.infra.prepared import Row

_PAGE = 1_000
_DIGEST_BYTES = 16
_ALL_BITS = (1 << (8 * _DIGEST_BYTES)) - 1
# What PostgreSQL cannot keep in a text; nothing that came in by a door has it.
_NUL, _REPLACEMENT = "\0", "\N{REPLACEMENT CHARACTER}"


class CopiedTable:
    """One table, on either side."""

    def __init__(self, table: sa.Table) -> None:
        self.name = table.name
        self._names = [column.name for column in table.columns]
        self._table = sa.table(table.name, *(sa.column(column.name, _exact(column.type)) for column in table.columns))
        is_json = [isinstance(column.type, sa.JSON) for column in self._table.c]
        self._read = [sa.cast(c, sa.Text) if json else c for c, json in zip(self._table.c, is_json, strict=True)]
        self._conversions = [_read_json if json else _storable for json in is_json]
        self._keys = [self._table.c[column.name] for column in table.primary_key]
        # Rows that name rows of their own table: each name is added when all the rows are there.
        self._inward = [self._table.c[key.parent.name] for key in table.foreign_keys if key.column.table is table]
        counting = table.autoincrement_column
        self._counting = counting.name if counting is not None else None

    async def count(self, session: Session) -> int:
        """How many rows there are."""
        count: int = (await session.execute(sa.select(sa.func.count()).select_from(self._table))).scalar_one()
        return count

    async def page(self, session: Session, *, after: Row | None = None, skip: int = 0) -> list[Row]:
        """The next rows after one of them, or after skipping so many, in the order of their keys."""
        query = sa.select(*self._read).order_by(*self._keys).limit(_PAGE)
        if after is not None:
            last = self._named(after)
            values = [sa.literal(last[key.name], key.type) for key in self._keys]
            query = query.where(sa.tuple_(*self._keys) > sa.tuple_(*values))
        elif skip:
            query = query.offset(skip)
        return [
            tuple(convert(value) for convert, value in zip(self._conversions, row, strict=True))
            for row in await session.execute(query)
        ]

    async def add(self, session: Session, rows: Sequence[Row]) -> None:
        """Write rows, for now without what in them names other rows of this table."""
        blank = dict.fromkeys(link.name for link in self._inward)
        await session.execute(sa.insert(self._table), [self._named(row) | blank for row in rows])

    async def link(self, session: Session, rows: Sequence[Row]) -> None:
        """Add to rows that are there what in them names other rows of this table."""
        mine = [key == sa.bindparam(f"key_{key.name}", type_=key.type) for key in self._keys]
        links = {link.name: sa.bindparam(f"to_{link.name}", type_=link.type) for link in self._inward}
        linked = [
            {f"key_{key.name}": row[key.name] for key in self._keys}
            | {f"to_{link.name}": row[link.name] for link in self._inward}
            for row in map(self._named, rows)
            if any(row[link.name] is not None for link in self._inward)
        ]
        if linked:
            await session.execute(sa.update(self._table).where(*mine).values(links), linked)

    @property
    def links_inward(self) -> bool:
        """Whether `link` has anything to do."""
        return bool(self._inward)

    async def last_number(self, session: Session) -> int:
        """The last number that was given to a row, also to one that is gone; 0 where rows have no numbers."""
        if self._counting is None:
            return 0
        counted = self._table.c[self._counting]
        highest: int = (await session.execute(sa.select(sa.func.coalesce(sa.func.max(counted), 0)))).scalar_one()
        if session.speaks == "sqlite":
            given = await session.driver_sql("SELECT seq FROM sqlite_sequence WHERE name = ?", (self.name,))
        else:
            wanted = "SELECT pg_sequence_last_value(pg_get_serial_sequence(?, ?)::regclass)"
            given = await session.driver_sql(wanted, (self.name, self._counting))
        return max([highest, *(number or 0 for (number,) in given)])

    async def count_from(self, session: Session, number: int) -> None:
        """Give later rows numbers after this one."""
        if not number:
            return
        if session.speaks == "sqlite":
            await session.driver_sql("DELETE FROM sqlite_sequence WHERE name = ?", (self.name,))
            await session.driver_sql("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (self.name, number))
        else:
            change = "SELECT setval(pg_get_serial_sequence(?, ?)::regclass, ?)"
            await session.driver_sql(change, (self.name, self._counting, number))

    def _named(self, row: Row) -> dict[str, Any]:
        return dict(zip(self._names, row, strict=True))


def checksum(rows: Iterable[Row], before: int = 0) -> int:
    """A sum of what the rows say, in whatever order they come."""
    for row in rows:
        said = orjson.dumps(row, default=_plain, option=orjson.OPT_SORT_KEYS)
        digest = hashlib.blake2b(said, digest_size=_DIGEST_BYTES).digest()
        before += int.from_bytes(digest, "big")
    return before & _ALL_BITS


def _exact(kind: sa.types.TypeEngine[Any]) -> sa.types.TypeEngine[Any]:
    """The type that writes no value as none, and the value null as that word."""
    return sa.JSON(none_as_null=True) if isinstance(kind, sa.JSON) else kind


def _read_json(text: str | None) -> Any:
    """What was written: drivers do not tell the word null from no value, and so it is read as text."""
    if text is None:
        return None
    found = orjson.loads(text)
    return sa.JSON.NULL if found is None else found


def _storable(value: Any) -> Any:
    return value.replace(_NUL, _REPLACEMENT) if isinstance(value, str) and _NUL in value else value


def _plain(value: Any) -> Any:
    if value is sa.JSON.NULL:
        return {"json": None}
    return {"bytes": value.hex()} if isinstance(value, bytes | memoryview) else str(value)
