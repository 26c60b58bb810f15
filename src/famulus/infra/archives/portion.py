"""The rows of one table: what of them is in an archive, and what they must be to come back."""

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa

from famulus.infra.archives.reading import ArchiveNotUnderstood
from famulus.infra.schema import Moment
from famulus.kit.errors import FamulusError
from famulus.kit.ids import has_shape
from famulus.kit.schemas import known_zone, storable_json

Row = dict[str, Any]
OWNER = "user_id"
_MOST_CHARACTERS = 4 * 2**20
_LARGEST_INTEGER, _LARGEST_LONG = 2**31 - 1, 2**63 - 1
_MISFITS = (ValueError, TypeError, KeyError, AttributeError, OverflowError, FamulusError)


def _as_it_is(row: Row, _at: datetime) -> Row:
    return row


def _whole_row(row: Row) -> Row:
    return row


def _always(_row: Row) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Portion:
    """The rows of a table that are one person's, and what of them an archive has."""

    table: sa.Table
    parents: Mapping[str, sa.Table] = field(default_factory=dict)
    """Columns that name a row without which this one means nothing, and the table of that."""
    within: str | None = None
    """A column that names another row of the table, of which this one is a part."""
    mentions: Collection[str] = ()
    """Columns that name something else by its id, whether it is there or not."""
    instead: Mapping[str, Any] = field(default_factory=dict)
    """Columns that stay behind, and what stands in their places when a row comes back."""
    words: Mapping[str, Collection[Any]] = field(default_factory=dict)
    """Columns that know a few words alone."""
    only_one: str | None = None
    """A column that is true of at most one row of a person."""
    not_twice: str | None = None
    """A column whose values one person has once, and which may be empty."""
    adapt: Callable[[Row, datetime], Row] = _as_it_is
    """What a row becomes when it comes back; raises what such errors are for one that nobody could read."""
    tell: Callable[[Row], Row] = _whole_row
    """What an archive says of a row, where that is less than is kept."""
    comes_back: bool = True
    """Whether rows are taken in again, and not for reading alone."""
    returns: Callable[[Row], bool] = _always
    """Which of the rows are, where others have left behind what they would be good for."""

    @property
    def entry(self) -> str:
        """The name of its entry in an archive."""
        return f"data/{self.table.name}.jsonl"

    @property
    def columns(self) -> "list[sa.Column[Any]]":
        """What an archive has of each row."""
        return [column for column in self.table.columns if column.name not in {OWNER, *self.instead}]

    @property
    def has_id(self) -> bool:
        """Whether its rows have names of their own."""
        return [column.name for column in self.table.primary_key] == ["id"]

    def read(self, row: Row, at: datetime) -> Row:
        """A row as it may be written here; `ArchiveNotUnderstood` for one that the table could not hold."""
        columns = self.columns
        if row.keys() != {column.name for column in columns}:
            raise ArchiveNotUnderstood("A row has other fields than it should.", entry=self.entry)
        read = {column.name: self._field(column, row[column.name]) for column in columns}
        if not self.comes_back:
            return read
        if self.has_id and not has_shape(read["id"]):
            raise ArchiveNotUnderstood("A row has no id.", entry=self.entry)
        try:
            return self.adapt({**read, **self.instead, OWNER: ""}, at)
        except _MISFITS:
            raise ArchiveNotUnderstood("A row says what cannot be.", entry=self.entry, id=read.get("id")) from None

    def _field(self, column: "sa.Column[Any]", value: Any) -> Any:
        try:
            read = _value(column, value)
            allowed = self.words.get(column.name)
            if allowed is not None and value is not None and value not in allowed:
                raise ValueError("is no word that is known here")  # noqa: TRY301 -- said with its field
        except (ValueError, TypeError, OverflowError) as error:
            raise ArchiveNotUnderstood(
                "A field of a row does not fit.", entry=self.entry, field=column.name, reason=str(error)[:200]
            ) from None
        return read


def _value(column: "sa.Column[Any]", value: Any) -> Any:
    """What a column of this type holds, of what JSON has for it."""
    kind = column.type
    if value is None:
        if not column.nullable:
            raise ValueError("must not be empty")
        return None
    for known, read in _READERS:
        if isinstance(kind, known):
            return read(value, column)
    raise ValueError("cannot be in an archive")


def _text(value: Any, column: "sa.Column[Any]") -> str:
    text = str(storable_json(_of(value, str)))
    if len(text) > _MOST_CHARACTERS:
        raise ValueError("is too long")
    return known_zone(text) if column.name == "zone" else text


def _whole(value: Any, column: "sa.Column[Any]") -> int:
    most = _LARGEST_LONG if isinstance(column.type, sa.BigInteger) else _LARGEST_INTEGER
    if isinstance(value, bool) or abs(_of(value, int)) > most:
        raise ValueError("is no number that fits")
    return int(value)


def _number(value: Any, _column: "sa.Column[Any]") -> float:
    if isinstance(value, bool) or not math.isfinite(_of(value, (int, float))):
        raise ValueError("is no number that fits")
    return float(value)


def _moment(value: Any, _column: "sa.Column[Any]") -> datetime:
    moment = datetime.fromisoformat(_of(value, str))
    if moment.tzinfo is None:
        raise ValueError("is a time without an offset")
    return moment.astimezone(UTC)


def _of(value: Any, kind: Any) -> Any:
    if not isinstance(value, kind):
        raise ValueError("is of another kind")  # noqa: TRY004 -- said of a field
    return value


_READERS: tuple[tuple[Any, Callable[[Any, Any], Any]], ...] = (
    (sa.Text, _text),
    (sa.Boolean, lambda value, _: _of(value, bool)),
    (sa.Integer, _whole),
    (sa.Float, _number),
    (Moment, _moment),
    (sa.Date, lambda value, _: date.fromisoformat(_of(value, str))),
    (sa.JSON, lambda value, _: storable_json(value)),
)
