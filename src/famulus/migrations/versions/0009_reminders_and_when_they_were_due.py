"""reminders and when they were due."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0005"


def upgrade() -> None:
    """Apply this revision."""
    op.create_table(
        "reminders",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("begins", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("floating", sa.Boolean(), nullable=False),
        sa.Column("stop_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stops_by_default", sa.Boolean(), nullable=False),
        sa.Column("max_occurrences", sa.Integer(), nullable=True),
        sa.Column("occurred", sa.Integer(), nullable=False),
        sa.Column("missed", sa.Text(), nullable=False),
        sa.Column("max_lateness_seconds", sa.Integer(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("prompt", sa.Text(), nullable=True),
        sa.Column("about_kind", sa.Text(), nullable=True),
        sa.Column("about_id", sa.Text(), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("snoozed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("wake_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_fired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_reminders_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminders")),
    )
    op.create_index("ix_reminders_about", "reminders", ["user_id", "about_kind", "about_id"])
    op.create_index("ix_reminders_user_id", "reminders", ["user_id", "id"])
    op.create_index(
        "ix_reminders_wake_at",
        "reminders",
        ["wake_at"],
        sqlite_where=sa.text("wake_at IS NOT NULL"),
        postgresql_where=sa.text("wake_at IS NOT NULL"),
    )

    op.create_table(
        "reminder_occurrences",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("reminder_id", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("late_by_seconds", sa.Integer(), nullable=True),
        sa.Column("notification_id", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["reminder_id"], ["reminders.id"], name=op.f("fk_reminder_occurrences_reminder_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder_occurrences")),
    )
    op.create_index("ix_reminder_occurrences_user_id", "reminder_occurrences", ["user_id", "id"])
    op.create_index("uq_reminder_occurrences_due", "reminder_occurrences", ["reminder_id", "due_at"], unique=True)
