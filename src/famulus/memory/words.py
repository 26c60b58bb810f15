"""The index of words: SQLite's full text search, with the owner as a token of each row.

The owner's token lets the search skip over everybody else's rows. What a person typed is always literal text.
"""

import hashlib
import re
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from famulus.infra.database import Session
from famulus.memory.tables import memories

_MOST_WORDS = 32
_WORD = re.compile(r"[^\W_]+")
_STOP = frozenset(
    (  # noqa: SIM905 -- as prose it can be read
        "a about am an and are as at be been but by can could did do does for from had has have he her hers him "
        "his how i if in into is it its me my of on or our she should so than that the their them then there they "
        "this to us was we were what when where which who whom whose why will with would you your "
    ).split()
)
# Of a neighbour's words, a third of what one's own are worth.
_WEIGHTS = (0.0, 1.0, 0.33)

index = sa.table("memory_words", sa.column("rowid"), sa.column("owner"), sa.column("text"), sa.column("nearby"))
rank = sa.func.bm25(sa.literal_column("memory_words"), *_WEIGHTS)
"""Lower is better."""
matches = sa.text("memory_words MATCH :match")

# From this version on the index can be told to leave nothing behind; before, only a whole rewrite does.
_CAN_SECURE = sqlite3.sqlite_version_info >= (3, 42, 0)


def has_index(session: Session) -> bool:
    """Whether words are found by an index of ours; PostgreSQL searches the texts themselves."""
    return session.speaks == "sqlite"


def fit_of_text(words: Sequence[str]) -> tuple[sa.ColumnElement[float], sa.ColumnElement[bool]]:
    """For PostgreSQL: how well a memory's text fits any of the words, and whether it does."""
    text = sa.func.to_tsvector("english", memories.c.text)
    # Words are letters and digits alone: there is nothing in them that the query's grammar knows.
    wanted = sa.func.to_tsquery("english", " | ".join(words))
    return sa.func.ts_rank(text, wanted), text.bool_op("@@")(wanted)


def words_of(query: str) -> list[str]:
    """The words worth looking for: each once, without those that every sentence has."""
    words = dict.fromkeys(word.lower() for word in _WORD.findall(query))
    return ([word for word in words if word not in _STOP] or list(words))[:_MOST_WORDS]


def match_for(user_id: str, words: Sequence[str]) -> str:
    """The expression that finds rows of this person with any of the words."""
    return f"owner : {_owner(user_id)} AND {{text nearby}} : ({' OR '.join(map(_literal, words))})"


async def write(session: Session, user_id: str, numbers: Collection[int]) -> None:
    """Index these memories of the person anew, as they are now; their neighbours' words with them."""
    if not numbers or not has_index(session):
        return
    await erase(session, numbers)
    rows = [
        {"rowid": number, "owner": _owner(user_id), "text": text, "nearby": " ".join(filter(None, (before, after)))}
        for number, text, before, after in await session.execute(_with_neighbours(user_id, numbers))
    ]
    if rows:
        await session.execute(sa.insert(index), rows)


async def write_next(session: Session, after: int, *, most: int) -> int | None:
    """Index the memories that follow a number, whoever they belong to; the last one's number, None when none follow.

    For a database whose memories came without their index.
    """
    if not has_index(session):
        return None
    query = sa.select(memories.c.number, memories.c.user_id).where(memories.c.number > after)
    following: dict[str, list[int]] = defaultdict(list)
    for number, user_id in await session.execute(query.order_by(memories.c.number).limit(most)):
        following[user_id].append(number)
        after = number
    for user_id, numbers in following.items():
        await write(session, user_id, numbers)
    return after if following else None


async def erase(session: Session, numbers: Collection[int]) -> None:
    """Take these memories out of the index."""
    if not has_index(session):
        return
    await session.execute(sa.delete(index).where(index.c.rowid.in_(numbers)))


async def leave_no_trace(session: Session) -> None:
    """Have whatever this transaction removes overwritten, and not only unlinked."""
    if not has_index(session):
        return
    await session.driver_sql("PRAGMA secure_delete=ON")
    if _CAN_SECURE:
        await session.driver_sql("INSERT INTO memory_words(memory_words, rank) VALUES('secure-delete', 1)")


async def sweep(session: Session) -> None:
    """After `leave_no_trace` and the removals: remove words from the index's older parts too."""
    if has_index(session) and not _CAN_SECURE:
        await session.driver_sql("INSERT INTO memory_words(memory_words) VALUES('optimize')")


async def neighbours(session: Session, user_id: str, sessions: dict[int, str]) -> set[int]:
    """The numbers of what stands beside these memories in their sessions."""
    found: set[int] = set()
    number = memories.c.number
    for place, name in sessions.items():
        for side, order in ((number < place, number.desc()), (number > place, number.asc())):
            beside = (
                sa.select(number)
                .where(memories.c.user_id == user_id, memories.c.session == name, side)
                .where(memories.c.superseded_by.is_(None))
                .order_by(order)
                .limit(1)
            )
            found.update(row[0] for row in await session.execute(beside))
    return found - sessions.keys()


def _with_neighbours(user_id: str, numbers: Collection[int]) -> sa.Select[*tuple[Any, ...]]:
    here = memories.alias("here")

    def beside(*, later: bool) -> sa.ScalarSelect[Any]:
        there = memories.alias("later" if later else "earlier")
        number = there.c.number
        return (
            sa.select(there.c.text)
            .where(there.c.user_id == here.c.user_id, there.c.session == here.c.session)
            .where(number > here.c.number if later else number < here.c.number, there.c.superseded_by.is_(None))
            .order_by(number if later else number.desc())
            .limit(1)
            .scalar_subquery()
        )

    return sa.select(here.c.number, here.c.text, beside(later=False), beside(later=True)).where(
        here.c.user_id == user_id, here.c.number.in_(numbers), here.c.superseded_by.is_(None)
    )


def _owner(user_id: str) -> str:
    # It ends in a letter that no stemmer touches.
    return f"o{hashlib.sha256(user_id.encode()).hexdigest()[:20]}x"


def _literal(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'
