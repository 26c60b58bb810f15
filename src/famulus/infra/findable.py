"""What can be found: a feature declares which of its rows have words, and whatever changes in them is noted down.

The note is written by the database itself, within the transaction that changes the row: nobody can forget it, and
it costs one small row. Whoever keeps the index reads the notes and takes them away with what they have led to.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

import sqlalchemy as sa

from famulus.infra.database import Session
from famulus.infra.prepared import Prepared, one_of
from famulus.infra.schema import metadata

changes = sa.Table(
    "search_changes",
    metadata,
    sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("object_id", sa.Text, nullable=False),
    sa.Index("ix_search_changes_user_id", "user_id", "number"),
    # A note that was taken away must not share its number with one that was written since.
    sqlite_autoincrement=True,
    # Whatever the rows say can be said again: a copy of them writes its own.
    info={"derived": True},
)
"""Rows that are new, changed or gone, and what the index does not know of yet."""

_NOTE = "INSERT INTO search_changes (user_id, kind, object_id) VALUES ({row}.user_id, '{kind}', {key})"


class Source(NamedTuple):
    """A row as it can be found."""

    id: str
    title: str
    """Words that tell more than those of the text."""
    text: str
    name: str
    """What it is called where it is shown."""
    at: datetime
    conversation_id: str | None
    part_of: str | None
    """The id of what it is a part of, such as the file of a passage."""


@dataclass(frozen=True)
class Findable:
    """One kind of thing that can be found."""

    kind: str
    table: sa.Table
    """Where its rows are: each with a `user_id`, and the key as its only primary key."""
    watched: Sequence[str]
    """The columns whose change makes other words of it, or other times."""
    at: sa.ColumnElement[datetime]
    title: sa.ColumnElement[str] = field(default_factory=lambda: sa.literal(""))
    text: sa.ColumnElement[str] = field(default_factory=lambda: sa.literal(""))
    name: sa.ColumnElement[str] | None = None
    """What it is called, where that is not its title."""
    conversation_id: sa.ColumnElement[str] = field(default_factory=lambda: sa.cast(sa.null(), sa.Text))
    part_of: sa.ColumnElement[str] = field(default_factory=lambda: sa.cast(sa.null(), sa.Text))
    joined: sa.FromClause | None = None
    """The table together with what the columns are taken from besides."""
    where: Sequence[sa.ColumnElement[bool]] = ()
    """What a row has to fulfil to be found at all."""

    def __post_init__(self) -> None:
        _note_changes(self.kind, self.table, self.watched)

    @property
    def key(self) -> "sa.Column[Any]":
        """The column by which a row is known."""
        (key,) = self.table.primary_key.columns
        return key

    @cached_property
    def rows(self) -> sa.Select[*tuple[Any, ...]]:
        """Of the rows `of_` this kind those that belong to the person `of_user`, as `Source`s with their kind."""
        name = self.title if self.name is None else self.name
        columns = (self.title, self.text, name, self.at, self.conversation_id, self.part_of)
        mine = self.table.c.user_id == sa.bindparam("of_user"), one_of(self.key, f"of_{self.kind}")
        wanted: sa.Select[*tuple[Any, ...]] = sa.select(
            sa.literal_column(f"'{self.kind}'").label("kind"), sa.cast(self.key, sa.Text), *columns
        )
        return wanted.select_from(self.table if self.joined is None else self.joined).where(*mine, *self.where)

    def note(self, user_id: str | None) -> sa.Insert:
        """Have every row there is looked at anew, or every row of one person."""
        table = self.table
        every = sa.select(table.c.user_id, sa.literal(self.kind), sa.cast(self.key, sa.Text)).order_by(self.key)
        rows = every if user_id is None else every.where(table.c.user_id == user_id)
        return sa.insert(changes).from_select(["user_id", "kind", "object_id"], rows)


class Findables:
    """All the kinds that there are."""

    def __init__(self, findables: Sequence[Findable]) -> None:
        self._findables = {findable.kind: findable for findable in findables}
        self._rows: dict[tuple[str, ...], Prepared] = {}

    async def sources(
        self, session: Session, user_id: str, keys: Iterable[tuple[str, str]]
    ) -> dict[tuple[str, str], Source]:
        """The things of a person that can be found, among these kinds and ids: asked for in one statement."""
        asked: dict[str, list[Any]] = {}
        for kind, object_id in keys:
            if kind in self._findables:
                made: Callable[[str], Any] = self._findables[kind].key.type.python_type
                asked.setdefault(kind, []).append(made(object_id))
        if not asked:
            return {}
        ids = {f"of_{kind}": of_kind for kind, of_kind in asked.items()}
        rows = await session.rows(self._of_kinds(tuple(sorted(asked))), {"of_user": user_id} | ids)
        return {(kind, source[0]): Source(*source) for kind, *source in rows}

    async def note(self, session: Session, user_id: str | None = None) -> None:
        """Have everything looked at anew, or everything of one person."""
        for findable in self._findables.values():
            await session.execute(findable.note(user_id))

    def _of_kinds(self, kinds: tuple[str, ...]) -> Prepared:
        if kinds not in self._rows:
            self._rows[kinds] = Prepared(sa.union_all(*(self._findables[kind].rows for kind in kinds)))
        return self._rows[kinds]


def _note_changes(kind: str, table: sa.Table, watched: Sequence[str]) -> None:
    """Have the database note down what changes, from the moment there is the table."""
    for dialect, statements in triggers(kind, table.name, table.primary_key.columns[0].name, watched).items():
        for statement in statements:
            # A percent sign would mean something to the class that sends it.
            made = sa.DDL(statement.replace("%", "%%"))  # type: ignore[no-untyped-call]
            sa.event.listen(table, "after_create", made.execute_if(dialect=dialect))


def triggers(kind: str, table: str, key: str, watched: Sequence[str]) -> dict[str, list[str]]:
    """The statements that make a table's triggers, for each kind of database."""
    new, old = (_NOTE.format(row=row, kind=kind, key=f"CAST({row}.{key} AS TEXT)") for row in ("NEW", "OLD"))
    columns = ", ".join(watched)
    sqlite = [
        _on_sqlite(table, "insert", "INSERT", "", new),
        _on_sqlite(table, "update", f"UPDATE OF {columns}", _changed(watched, "IS NOT"), new),
        _on_sqlite(table, "delete", "DELETE", "", old),
    ]
    body = f"IF TG_OP = 'DELETE' THEN {old}; ELSE {new}; END IF; RETURN NULL;"
    note = f"CREATE FUNCTION search_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"
    postgres = [
        note,
        _on_postgres(table, "insert", "INSERT OR DELETE", ""),
        _on_postgres(table, "update", f"UPDATE OF {columns}", _changed(watched, "IS DISTINCT FROM")),
    ]
    return {"sqlite": sqlite, "postgresql": postgres}


def _on_sqlite(table: str, name: str, event: str, when: str, note: str) -> str:
    return f"CREATE TRIGGER search_{table}_{name} AFTER {event} ON {table} {when} BEGIN {note}; END"


def _on_postgres(table: str, name: str, event: str, when: str) -> str:
    return (
        f"CREATE TRIGGER search_{table}_{name} AFTER {event} ON {table} FOR EACH ROW {when} "
        f"EXECUTE FUNCTION search_{table}()"
    )


def _changed(watched: Sequence[str], differs: str) -> str:
    return "WHEN (" + " OR ".join(f"OLD.{column} {differs} NEW.{column}" for column in watched) + ")"
