"""Memories, their versions, and the index of their words."""

import sqlalchemy as sa

from famulus.infra.schema import Moment, metadata

memories = sa.Table(
    "memories",
    metadata,
    # The indexes know a memory by this number; nobody else does.
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("user_id", sa.Text, nullable=False),
    # The request that made it, or a digest of its content: made again, it is the same memory.
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("source_id", sa.Text),
    sa.Column("speaker", sa.Text),
    # What was said together, in the order of its numbers.
    sa.Column("session", sa.Text),
    sa.Column("importance", sa.Float, nullable=False),
    sa.Column("pinned", sa.Boolean, nullable=False),
    sa.Column("said_at", Moment, nullable=False),
    sa.Column("about_from", Moment),
    sa.Column("about_until", Moment),
    sa.Column("expires_at", Moment),
    # The id of the first version.
    sa.Column("chain", sa.Text, nullable=False),
    sa.Column("superseded_by", sa.Text),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("updated_at", Moment, nullable=False),
    # Which edition of `words` has put its words into the index; zero for none.
    sa.Column("indexed", sa.SmallInteger, nullable=False, server_default="0"),
    # Whatever else its sender wants to have back with it.
    sa.Column("metadata", sa.JSON(none_as_null=True)),
    sa.Index("uq_memories_key", "user_id", "key", unique=True),
    sa.Index("ix_memories_user_id", "user_id", "number"),
    sa.Index("ix_memories_chain", "user_id", "chain"),
    sa.Index("ix_memories_session", "user_id", "session", "number"),
    sa.Index("ix_memories_kind", "user_id", "kind", "number"),
    sa.Index("ix_memories_speaker", "user_id", "speaker"),
    sa.Index("ix_memories_pinned", "user_id", sqlite_where=sa.text("pinned"), postgresql_where=sa.text("pinned")),
    # A number is never given twice: what is kept elsewhere of a forgotten memory must not name another.
    sqlite_autoincrement=True,
)

memory_vectors = sa.Table(
    "memory_vectors",
    metadata,
    # They are read in the order in which they came: what is new stands behind what is known.
    sa.Column("place", sa.Integer, primary_key=True),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("user_id", sa.Text, nullable=False),
    # Vectors of different models have nothing to say to each other.
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("dimension", sa.Integer, nullable=False),
    # Little-endian 32-bit floats, of length one.
    sa.Column("vector", sa.LargeBinary, nullable=False),
    sa.Index("uq_memory_vectors_number", "number", "model", unique=True),
    sa.Index("ix_memory_vectors_user_id", "user_id", "model", "place"),
    sqlite_autoincrement=True,
)

memory_proposals = sa.Table(
    "memory_proposals",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    # What is to be done, as it was asked for.
    sa.Column("change", sa.JSON, nullable=False),
    # What it is to be done to.
    sa.Column("memory_id", sa.Text),
    sa.Column("session", sa.Text),
    sa.Column("source_id", sa.Text),
    sa.Column("created_at", Moment, nullable=False),
    sa.Index("uq_memory_proposals_key", "user_id", "key", unique=True),
    sa.Index("ix_memory_proposals_user_id", "user_id", "id"),
    sa.Index("ix_memory_proposals_memory_id", "user_id", "memory_id"),
    sa.Index("ix_memory_proposals_session", "user_id", "session"),
)

memory_owners = sa.Table(
    "memory_owners",
    metadata,
    # A short name for the owner, in each row of the index.
    sa.Column("owner", sa.Integer, primary_key=True),
    sa.Column("user_id", sa.Text, nullable=False, unique=True),
    # How often something was taken away: whoever has vectors in memory sees that some are not to be kept.
    sa.Column("forgotten", sa.Integer, nullable=False),
    sqlite_autoincrement=True,
)

memory_terms = sa.Table(
    "memory_terms",
    metadata,
    sa.Column("owner", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("term", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    # How much of the memory the word is, in hundredths of what it is in one of usual length.
    sa.Column("weight", sa.SmallInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""The words of each current memory: all of one owner's uses of a word are neighbours, and nobody else's are near."""
