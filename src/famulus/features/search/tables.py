"""The index: its owners, what it knows of each thing, and where each word is."""

import sqlalchemy as sa

from famulus.infra.schema import metadata

# What it says is said by the rows that it is made from.
_DERIVED = {"derived": True}
# Ranges of words are the same everywhere only when they are compared by their letters' numbers.
_Term = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

search_owners = sa.Table(
    "search_owners",
    metadata,
    # A short name for the owner, in each row of the index.
    sa.Column("owner", sa.Integer, primary_key=True),
    sa.Column("user_id", sa.Text, nullable=False, unique=True),
    # The number that the latest of their things has, and how many things there are.
    sa.Column("last_number", sa.Integer, nullable=False),
    sa.Column("things", sa.Integer, nullable=False),
    # Up to which number their things' words are in `search_words`; and how many bytes of words the others have.
    sa.Column("packed", sa.Integer, nullable=False, server_default="0"),
    sa.Column("loose", sa.Integer, nullable=False, server_default="0"),
    # What made these words of their texts: see `words.EDITION`.
    sa.Column("edition", sa.Integer, nullable=False, server_default="0"),
    sqlite_autoincrement=True,
    info=_DERIVED,
)

search_things = sa.Table(
    "search_things",
    metadata,
    sa.Column("owner", sa.Integer, primary_key=True, autoincrement=False),
    # Counted for each owner, so that one's own numbers are close together.
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("object_id", sa.Text, nullable=False),
    # Its words, each with its weight: all that there is of it until it is packed, and then what has to go with it.
    sa.Column("words", sa.LargeBinary, nullable=False),
    sa.Index("uq_search_things_object_id", "owner", "object_id", "kind", unique=True),
    sqlite_with_rowid=False,
    info=_DERIVED,
)

search_words = sa.Table(
    "search_words",
    metadata,
    sa.Column("owner", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("word", _Term, primary_key=True),
    # Which of the numbers the uses are of.
    sa.Column("block", sa.Integer, primary_key=True, autoincrement=False),
    # See `postings.py`.
    sa.Column("uses", sa.LargeBinary, nullable=False),
    sqlite_with_rowid=False,
    info=_DERIVED,
)
"""All of one owner's uses of a word are neighbours, and so are words with the same beginning."""
