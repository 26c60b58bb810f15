"""Where entries are kept: a few statements, each for any number of streams at once.

A batch is one JSON argument, so that a hundred streams cost two statements, and the interpreter's lock is given up
twice and not a hundred times.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import sqlalchemy as sa

from famulus.infra.database import Dialect, Session
from famulus.infra.prepared import Prepared
from famulus.kit.errors import Conflict
from famulus.streams.tables import entries, streams

END = "done"
"""The kind of the entry that closes its stream: nothing can follow it."""

Draft = tuple[str, dict[str, Any]]
"""The kind and the data of an entry that has no number yet."""


Holder = tuple[str, int]
"""A stream, and the epoch of one who writes to it."""


class Fenced(Conflict):
    """The stream belongs to a later epoch, has ended, or is gone: this writer may not write any more."""


@dataclass(slots=True)
class Entry:
    """One numbered entry of a stream."""

    seq: int
    epoch: int
    kind: str
    data: dict[str, Any]
    rendered: dict[str, bytes] = field(default_factory=dict)
    """This entry as each wire dialect shows it, made once and shared by every follower."""


@dataclass(frozen=True, slots=True)
class Head:
    """Where a stream stands."""

    epoch: int
    seq: int
    closed: bool


_PAGE_ENTRIES = 200
_PAGE_CHARACTERS = 65_536

# Only rows whose writer still holds the stream advance; what comes back says which, and up to where.
_ADVANCE: dict[Dialect, str] = {
    "sqlite": """
UPDATE streams SET head = head + batch.size, closed = closed OR batch.ends
FROM (SELECT json_extract(value, '$[0]') AS id, json_extract(value, '$[1]') AS epoch,
             json_extract(value, '$[2]') AS size, json_extract(value, '$[3]') AS ends FROM json_each(?)) AS batch
WHERE streams.id = batch.id AND streams.epoch = batch.epoch AND NOT streams.closed
RETURNING streams.id, streams.epoch, streams.head
""",
    "postgresql": """
UPDATE streams SET head = head + batch.size, closed = closed OR batch.ends
FROM (SELECT value->>0 AS id, (value->>1)::integer AS epoch, (value->>2)::integer AS size,
             (value->>3)::boolean AS ends FROM json_array_elements(?::text::json) AS value) AS batch
WHERE streams.id = batch.id AND streams.epoch = batch.epoch AND NOT streams.closed
RETURNING streams.id, streams.epoch, streams.head
""",
}

_APPEND: dict[Dialect, str] = {
    "sqlite": """
INSERT INTO stream_entries (stream_id, seq, epoch, kind, data)
SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'),
       json_extract(value, '$[3]'), json_extract(value, '$[4]') FROM json_each(?)
""",
    "postgresql": """
INSERT INTO stream_entries (stream_id, seq, epoch, kind, data)
SELECT value->>0, (value->>1)::integer, (value->>2)::integer, value->>3, value->>4
FROM json_array_elements(?::text::json) AS value
""",
}

_HEADS: dict[Dialect, str] = {
    "sqlite": "SELECT id, head FROM streams WHERE id IN (SELECT value FROM json_each(?))",
    "postgresql": "SELECT id, head FROM streams WHERE id IN (SELECT json_array_elements_text(?::text::json))",
}

_CREATE = Prepared(sa.insert(streams).values(epoch=0, head=0, closed=False))
_TAKE = Prepared(
    sa.update(streams)
    .where(streams.c.id == sa.bindparam("stream"), streams.c.epoch < sa.bindparam("to"), ~streams.c.closed)
    .values(epoch=sa.bindparam("to"))
)
_HEAD = Prepared(
    sa.select(streams.c.epoch, streams.c.head, streams.c.closed).where(streams.c.id == sa.bindparam("stream"))
)
_PAGE = "SELECT seq, epoch, kind, data FROM stream_entries WHERE stream_id = ? AND seq > ? ORDER BY seq LIMIT ?"
_OF_KIND = (
    sa.select(entries.c.seq, entries.c.epoch, entries.c.kind, entries.c.data)
    .where(
        entries.c.stream_id == sa.bindparam("stream"),
        entries.c.kind.in_(sa.bindparam("kinds", expanding=True)),
    )
    .order_by(entries.c.seq)
)
_EPOCH_AT = Prepared(
    sa.select(entries.c.epoch).where(entries.c.stream_id == sa.bindparam("stream"), entries.c.seq == sa.bindparam("at"))
)


@dataclass(frozen=True, slots=True)
class Batch:
    """Entries for one stream, from the holder of one epoch."""

    stream_id: str
    epoch: int
    drafts: Sequence[Draft]


async def create(session: Session, stream_id: str) -> None:
    """Begin an empty stream, held by epoch 0."""
    await session.change(_CREATE, {"id": stream_id})


async def take(session: Session, stream_id: str, epoch: int) -> None:
    """Make `epoch` the holder, and refuse every earlier one from now on."""
    if not await session.change(_TAKE, {"stream": stream_id, "to": epoch}):
        raise Fenced("This stream has a later writer, or has ended.")


async def hold(session: Session, stream_ids: Sequence[str]) -> None:
    """Keep others from streams until the commit, in one order for all who hold several and share them."""
    await session.execute(
        sa.select(streams.c.id).where(streams.c.id.in_(stream_ids)).order_by(streams.c.id).with_for_update()
    )


async def append(session: Session, batches: Sequence[Batch]) -> dict[Holder, list[Entry]]:
    """Number and keep the entries; holders that are missing from the answer have lost their stream."""
    claims = [[b.stream_id, b.epoch, len(b.drafts), b.drafts[-1][0] == END] for b in batches]
    advanced = await session.driver_sql(_ADVANCE[session.speaks], (orjson.dumps(claims).decode(),))
    # A stream may be written to by one who has lost it and by one who has it, in the same batch.
    heads = {(stream_id, epoch): head for stream_id, epoch, head in advanced}
    numbered: dict[Holder, list[Entry]] = {}
    rows = []
    for batch in batches:
        head = heads.get((batch.stream_id, batch.epoch))
        if head is None:
            continue
        first = head - len(batch.drafts) + 1
        kept = [Entry(seq, batch.epoch, kind, data) for seq, (kind, data) in enumerate(batch.drafts, first)]
        numbered[batch.stream_id, batch.epoch] = kept
        rows += [[batch.stream_id, e.seq, e.epoch, e.kind, orjson.dumps(e.data).decode()] for e in kept]
    if rows:
        await session.driver_sql(_APPEND[session.speaks], (orjson.dumps(rows).decode(),))
    return numbered


async def head(session: Session, stream_id: str) -> Head | None:
    """Where the stream stands; None when there is none."""
    row = await session.row(_HEAD, {"stream": stream_id})
    return Head(*row) if row else None


async def heads(session: Session, stream_ids: Sequence[str]) -> dict[str, int]:
    """The number of the last entry of each of these streams; those that are missing from the answer are gone."""
    rows = await session.driver_sql(_HEADS[session.speaks], (orjson.dumps(stream_ids).decode(),))
    return dict(rows)


async def epoch_at(session: Session, stream_id: str, seq: int) -> int | None:
    """Which epoch wrote entry `seq`; None when there is no such entry."""
    row = await session.row(_EPOCH_AT, {"stream": stream_id, "at": seq})
    return row[0] if row else None


async def page(session: Session, stream_id: str, *, after: int) -> list[Entry]:
    """The entries that follow number `after`, as many as fit a page, and at least one if there is one."""
    rows = await session.driver_sql_within(_PAGE, (stream_id, after, _PAGE_ENTRIES), most_characters=_PAGE_CHARACTERS)
    return [Entry(seq, epoch, kind, orjson.loads(data)) for seq, epoch, kind, data in rows]


async def of_kinds(session: Session, stream_id: str, *kinds: str) -> list[Entry]:
    """Every entry of the given kinds, in order."""
    rows = await session.execute(_OF_KIND, {"stream": stream_id, "kinds": kinds})
    return [Entry(seq, epoch, kind, orjson.loads(data)) for seq, epoch, kind, data in rows]


async def drop_entries(session: Session, stream_id: str, contents: Sequence[dict[str, Any]]) -> None:
    """Remove the entries that hold exactly this; whoever follows goes on behind them."""
    texts = [orjson.dumps(data).decode() for data in contents]
    await session.execute(sa.delete(entries).where(entries.c.stream_id == stream_id, entries.c.data.in_(texts)))


async def delete(session: Session, stream_ids: Sequence[str]) -> None:
    """Remove streams and all their entries."""
    # The streams first: that waits for whoever is writing to them, whose entries are there to be deleted then.
    await session.execute(sa.delete(streams).where(streams.c.id.in_(stream_ids)))
    await session.execute(sa.delete(entries).where(entries.c.stream_id.in_(stream_ids)))
