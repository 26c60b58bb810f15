"""Rows of an archive as they are written here, beside what there is."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from famulus.infra.archives.parts import Arrival
from famulus.infra.archives.portion import OWNER, Portion, Row
from famulus.infra.database import Session
from famulus.kit.ids import renamed


@dataclass(slots=True)
class Added:
    """What has become of some rows."""

    renamed: dict[str, str] = field(default_factory=dict)
    here: set[str] = field(default_factory=set)
    """The ids that are there by now."""
    imported: int = 0
    known: int = 0


async def add_rows(session: Session, portion: Portion, arrival: Arrival, rows: Sequence[Row]) -> Added:
    """Add to a person's rows those that are not there yet, and whose parents are."""
    added = Added()
    if portion.has_id:
        added.renamed = await _taken(session, portion, arrival.user_id, rows)
    moved = [_moved(portion, arrival, added, row) for row in rows]
    fitting = [row for row in moved if _has_parents(portion, arrival, row)]
    if not portion.has_id:
        added.imported = await _insert(session, portion, fitting)
        added.known = len(fitting) - added.imported
        return added
    mine = await _mine(session, portion, arrival.user_id, fitting)
    fresh = [row for row in fitting if row["id"] not in mine]
    await _make_room(session, portion, arrival.user_id, fresh)
    await _insert(session, portion, fresh)
    # What does not fit beside what is there is not: an event, for instance, that its calendar has by another name.
    added.here = await _mine(session, portion, arrival.user_id, fitting)
    added.imported = len(added.here - mine)
    added.known = len(mine - arrival.arrived[portion.table.name])
    return added


async def _taken(session: Session, portion: Portion, user_id: str, rows: Sequence[Row]) -> dict[str, str]:
    """New names for what is called as something of somebody else's is; the same ones each time."""
    table = portion.table
    theirs = table.c.id.in_([row["id"] for row in rows]), table.c[OWNER] != user_id
    return {name: renamed(name, user_id) for (name,) in await session.execute(sa.select(table.c.id).where(*theirs))}


async def _mine(session: Session, portion: Portion, user_id: str, rows: Sequence[Row]) -> set[str]:
    table = portion.table
    mine = table.c.id.in_([row["id"] for row in rows]), table.c[OWNER] == user_id
    return {name for (name,) in await session.execute(sa.select(table.c.id).where(*mine))}


async def _make_room(session: Session, portion: Portion, user_id: str, rows: Sequence[Row]) -> None:
    """Let what is there keep what only one row can be, or have."""
    mine = portion.table.c[OWNER] == user_id
    if name := portion.only_one:
        there = bool((await session.execute(sa.select(sa.exists().where(mine, portion.table.c[name])))).scalar())
        for row in rows:
            row[name], there = row[name] and not there, row[name] or there
    if name := portion.not_twice:
        column = portion.table.c[name]
        given = [row[name] for row in rows if row[name] is not None]
        taken = {value for (value,) in await session.execute(sa.select(column).where(mine, column.in_(given)))}
        for row in rows:
            value = row[name]
            row[name] = None if value in taken else value
            taken.add(value)


async def _insert(session: Session, portion: Portion, rows: Sequence[Row]) -> int:
    insert = sqlite.insert if session.speaks == "sqlite" else postgresql.insert
    statement = insert(portion.table).on_conflict_do_nothing()
    return sum([(await session.execute(statement, row)).rowcount for row in rows])


def _moved(portion: Portion, arrival: Arrival, added: Added, row: Row) -> Row:
    """A row as it is written here: with the names that things have here, and its new owner."""
    names = {"id", portion.within or "id", *portion.parents, *portion.mentions} & row.keys()
    old: dict[str, str] = {name: row[name] for name in names if isinstance(row[name], str)}
    here = {name: added.renamed.get(value) or arrival.name_of(value) for name, value in old.items()}
    return {**row, **here, OWNER: arrival.user_id}


def _has_parents(portion: Portion, arrival: Arrival, row: Row) -> bool:
    parents = {column: table.name for column, table in portion.parents.items()}
    if portion.within:
        parents[portion.within] = portion.table.name
    return all(row[column] is None or row[column] in arrival.arrived[table] for column, table in parents.items())
