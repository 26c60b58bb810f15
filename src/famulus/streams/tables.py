"""A stream, and its entries."""

import sqlalchemy as sa

from famulus.infra.schema import metadata

streams = sa.Table(
    "streams",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    # Who may write: an entry with any other epoch is refused.
    sa.Column("epoch", sa.Integer, nullable=False),
    # Sequence number of the last entry.
    sa.Column("head", sa.Integer, nullable=False),
    sa.Column("closed", sa.Boolean, nullable=False),
)

entries = sa.Table(
    "stream_entries",
    metadata,
    sa.Column("stream_id", sa.Text, primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("epoch", sa.Integer, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("data", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)
