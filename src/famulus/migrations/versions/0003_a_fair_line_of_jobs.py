"""a fair line of jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0008"

_INDEXES = {
    "ix_jobs_due": (["due_at"], "turn IS NULL AND NOT dead"),
    "ix_jobs_line": (["priority", "turn", "id"], "turn IS NOT NULL"),
    "ix_jobs_line_of_user": (["user_id", "priority", "turn"], "turn IS NOT NULL"),
    "ix_jobs_held": (["serial_key"], "leased_by IS NOT NULL"),
}


def upgrade() -> None:
    """Apply this revision."""
    op.add_column("jobs", sa.Column("turn", sa.BigInteger(), nullable=True))
    op.drop_index("ix_jobs_due", "jobs")
    for name, (columns, condition) in _INDEXES.items():
        where = sa.text(condition)
        op.create_index(name, "jobs", columns, sqlite_where=where, postgresql_where=where)
