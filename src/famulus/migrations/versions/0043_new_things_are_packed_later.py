"""new things are packed later."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0040"


def upgrade() -> None:
    """Apply this revision."""
    for column in ("packed", "loose", "edition"):
        op.add_column("search_owners", sa.Column(column, sa.Integer(), server_default="0", nullable=False))
    # What is there has been packed as it came; it is of the first edition.
    op.execute("UPDATE search_owners SET packed = last_number, edition = 1")
