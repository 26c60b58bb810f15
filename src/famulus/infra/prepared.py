"""Statements of the busy paths: written with SQLAlchemy, compiled once, and run without it.

Building, caching and wrapping cost SQLAlchemy several times what SQLite needs for a small statement. A prepared
statement keeps what is worth having, the SQL and the conversion of values and of columns, and leaves the rest.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.types import TypeEngine

Row = tuple[Any, ...]
# PostgreSQL's number for its type of floats: SQLAlchemy asks how they come before it says what they become.
_FLOAT8 = 701
_Convert = Callable[[Any], Any] | None
_Statement = sa.Select[*tuple[Any, ...]] | sa.CompoundSelect[*tuple[Any, ...]] | UpdateBase


class _List(sa.types.TypeDecorator[Sequence[Any]]):
    """Any number of values as one parameter: as JSON for SQLite, as an array for PostgreSQL."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, item: "TypeEngine[Any]") -> None:
        super().__init__()
        self.item = item

    def load_dialect_impl(self, dialect: sa.Dialect) -> "TypeEngine[Any]":
        return dialect.type_descriptor(ARRAY(self.item) if dialect.name == "postgresql" else sa.Text())

    def process_bind_param(self, value: Sequence[Any] | None, dialect: sa.Dialect) -> Any:
        items = list(value or ())
        return items if dialect.name == "postgresql" else orjson.dumps(items).decode()


class _OneOf(sa.sql.functions.FunctionElement[bool]):
    """A column and a list that has its value."""

    type = sa.Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> "_OneOf":  # noqa: ARG002 -- SQLAlchemy's
        """Itself: compared with 1, as SQLite's truths are otherwise, it would find nothing by an index."""
        return self


@compiles(_OneOf, "sqlite")
def _in_json(element: _OneOf, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(part, **options) for part in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 -- both are what SQLAlchemy has made


@compiles(_OneOf, "postgresql")
def _in_array(element: _OneOf, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(part, **options) for part in element.clauses)
    return f"{column} = ANY ({values})"


def one_of(column: sa.ColumnElement[Any], name: str) -> sa.ColumnElement[bool]:
    """Whether a column has one of the values of the parameter with this name, however many there are."""
    return _OneOf(column, sa.bindparam(name, type_=_List(column.type)))


class Prepared:
    """A statement whose parameters are named by `bindparam`, or are the columns that it sets."""

    def __init__(self, statement: _Statement) -> None:
        self._statement = statement
        # By the dialect and the names of the parameters; and any one by the dialect.
        self._forms: dict[tuple[str, ...], _Form] = {}
        self._any: dict[str, _Form] = {}

    def bound(self, dialect: sa.Dialect, parameters: Mapping[str, Any]) -> tuple[str, Row]:
        """The SQL, and the values in its order."""
        form = self._form(dialect, parameters)
        return form.sql, form.values(parameters)

    def bound_many(self, dialect: sa.Dialect, many: Sequence[Mapping[str, Any]]) -> tuple[str, list[Row]]:
        """The SQL, and the values for each of several rounds that set the same columns."""
        form = self._form(dialect, many[0])
        return form.sql, [form.values(parameters) for parameters in many]

    def converted(self, dialect: sa.Dialect, rows: Iterable[Row]) -> list[Row]:
        """Rows as the database gives them, with the values that their columns' types promise."""
        # The columns that come back are the same whatever columns are set.
        form = self._any.get(dialect.name) or self._form(dialect, {})
        if not form.conversions:
            return list(rows)
        return [form.converted(row) for row in rows]

    def _form(self, dialect: sa.Dialect, parameters: Mapping[str, Any]) -> "_Form":
        keys = (dialect.name, *parameters)
        form = self._forms.get(keys)
        if form is None:
            form = self._forms[keys] = _Form(self._statement, dialect, keys[1:])
            self._any[dialect.name] = form
        return form


class _Form:
    """A statement as it is for one set of parameter names."""

    def __init__(self, statement: _Statement, dialect: sa.Dialect, keys: tuple[str, ...]) -> None:
        binds = {name for name, bind in _binds(statement).items() if bind.required}
        columns = [key for key in keys if key not in binds]
        compiled = statement.compile(dialect=dialect, column_keys=columns or None)
        if not isinstance(compiled, SQLCompiler):
            raise TypeError("Only statements that read or change rows can be prepared.")
        self.sql = str(compiled)
        constants = compiled.params
        places = compiled.positiontup or ()
        self._places = [(name, constants[name]) for name in places]
        inward = [_conversion_in(compiled.binds[name].type, dialect) for name in places]
        self._inward = [(index, convert) for index, convert in enumerate(inward) if convert is not None]
        conversions = [_conversion_out(column.type, dialect) for column in statement.exported_columns]
        self.conversions = [(index, convert) for index, convert in enumerate(conversions) if convert is not None]

    def values(self, parameters: Mapping[str, Any]) -> Row:
        """The values in the order of the statement's places."""
        given = parameters.get
        values = [given(name, constant) for name, constant in self._places]
        for index, convert in self._inward:
            values[index] = convert(values[index])
        return tuple(values)

    def converted(self, row: Row) -> Row:
        """One row, with the values that its columns' types promise."""
        values = list(row)
        for index, convert in self.conversions:
            values[index] = convert(values[index])
        return tuple(values)


def _binds(statement: Any) -> dict[str, Any]:
    return {bind.key: bind for bind in sa.sql.visitors.iterate(statement) if isinstance(bind, sa.BindParameter)}


def _conversion_in(kind: TypeEngine[Any], dialect: sa.Dialect) -> _Convert:
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _conversion_out(kind: TypeEngine[Any], dialect: sa.Dialect) -> Any:
    return kind.dialect_impl(dialect).result_processor(dialect, _FLOAT8 if isinstance(kind, sa.Float) else None)
