"""Searching texts by their words: SQLite's FTS5 with the owner as a token of each row, or PostgreSQL's own search.

The owner's token lets a search skip over everybody else's rows. What a person typed is always literal text.
"""

import hashlib
import re
import sqlite3
from collections.abc import Sequence

import sqlalchemy as sa

from famulus.infra.database import Session

_MOST_WORDS = 32
_WORD = re.compile(r"[^\W_]+")
# From this version on the index can be told to leave nothing behind; before, only a whole rewrite does.
_CAN_SECURE = sqlite3.sqlite_version_info >= (3, 42, 0)


def words_of(query: str) -> list[str]:
    """The words of a query, each once."""
    return list(dict.fromkeys(word.lower() for word in _WORD.findall(query)))[:_MOST_WORDS]


def owner_token(user_id: str) -> str:
    """The word that stands for a person in an index; it ends in a letter that no stemmer touches."""
    return f"o{hashlib.sha256(user_id.encode()).hexdigest()[:20]}x"


def match_expression(user_id: str, words: Sequence[str]) -> str:
    """For FTS5: the person's rows with any of the words in their `text`."""
    quoted = " OR ".join('"' + word.replace('"', '""') + '"' for word in words)
    return f"owner : {owner_token(user_id)} AND text : ({quoted})"


def fit_of_text(
    column: "sa.ColumnElement[str]", words: Sequence[str]
) -> tuple[sa.ColumnElement[float], sa.ColumnElement[bool]]:
    """For PostgreSQL: how well a text fits any of the words, and whether it does."""
    # The configuration is written out, since an index over it is used only where the query says the same.
    text = sa.func.to_tsvector(sa.literal_column("'english'"), column)
    # Words are letters and digits alone: there is nothing in them that the query's grammar knows.
    wanted = sa.func.to_tsquery("english", " | ".join(words))
    return sa.func.ts_rank(text, wanted), text.bool_op("@@")(wanted)


async def overwrite_what_is_removed(session: Session) -> None:
    """Have whatever rows this transaction removes overwritten, and not only unlinked."""
    if session.speaks == "sqlite":
        await session.driver_sql("PRAGMA secure_delete=ON")


async def leave_no_trace(session: Session, index: str) -> None:
    """Have whatever this transaction removes overwritten, in the rows and in an index of their words."""
    await overwrite_what_is_removed(session)
    if session.speaks == "sqlite" and _CAN_SECURE:
        await session.driver_sql(f"INSERT INTO {index}({index}, rank) VALUES('secure-delete', 1)")


async def sweep_traces(session: Session, index: str) -> None:
    """After `leave_no_trace` and the removals: remove words from the index's older parts too."""
    if session.speaks == "sqlite" and not _CAN_SECURE:
        await session.driver_sql(f"INSERT INTO {index}({index}) VALUES('optimize')")
