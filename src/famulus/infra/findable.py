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
        """The rows `of_ids` that belong to the person `of_user`, as `Source`s."""
        name = self.title if self.name is None else self.name
        columns = (self.title, self.text, name, self.at, self.conversation_id, self.part_of)
        mine = self.table.c.user_id == sa.bindparam("of_user"), self.key.in_(sa.bindparam("of_ids", expanding=True))
        wanted = sa.select(sa.cast(self.key, sa.Text), *columns).select_from(
            self.table if self.joined is None else self.joined
        )
        return wanted.where(*mine, *self.where)

    def sought(self, user_id: str, ids: Iterable[str]) -> dict[str, Any]:
        """What `rows` is asked with."""
        made: Callable[[str], Any] = self.key.type.python_type
        return {"of_user": user_id, "of_ids": [made(one) for one in ids]}

    def note_all(self) -> sa.Insert:
        """Have every row there is looked at anew."""
        table = self.table
        every = sa.select(table.c.user_id, sa.literal(self.kind), sa.cast(self.key, sa.Text)).order_by(self.key)
        return sa.insert(changes).from_select(["user_id", "kind", "object_id"], every)


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
