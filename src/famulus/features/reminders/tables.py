"""Reminders, and the times at which they were due."""

import sqlalchemy as sa

from famulus.infra.schema import Moment, metadata

reminders = sa.Table(
    "reminders",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    # active, paused, completed, expired (by the default) or cancelled.
    sa.Column("state", sa.Text, nullable=False),
    # once, cron or rrule; and the expression or the rule.
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("rule", sa.Text, nullable=False),
    # What a clock on the wall in the zone shows when it begins.
    sa.Column("begins", sa.Text, nullable=False),
    # The instant that was meant, for one that is once.
    sa.Column("at", Moment),
    sa.Column("zone", sa.Text, nullable=False),
    # Whether the zone is wherever the person is.
    sa.Column("floating", sa.Boolean, nullable=False),
    sa.Column("stop_after", Moment),
    # Whether that was nobody's wish.
    sa.Column("stops_by_default", sa.Boolean, nullable=False),
    sa.Column("max_occurrences", sa.Integer),
    sa.Column("occurred", sa.Integer, nullable=False),
    # coalesce, skip or all.
    sa.Column("missed", sa.Text, nullable=False),
    sa.Column("max_lateness_seconds", sa.Integer, nullable=False),
    sa.Column("urgent", sa.Boolean, nullable=False),
    # What an assistant is asked when it is due.
    sa.Column("prompt", sa.Text),
    # What it was made for, such as a goal or an event.
    sa.Column("about_kind", sa.Text),
    sa.Column("about_id", sa.Text),
    # When it is due next by its rule, and when it is said again; the sooner of the two is when to wake.
    sa.Column("next_at", Moment),
    sa.Column("snoozed_until", Moment),
    sa.Column("wake_at", Moment),
    sa.Column("last_fired_at", Moment),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("updated_at", Moment, nullable=False),
    sa.Index("ix_reminders_user_id", "user_id", "id"),
    sa.Index("ix_reminders_about", "user_id", "about_kind", "about_id"),
    sa.Index(
        "ix_reminders_wake_at",
        "wake_at",
        sqlite_where=sa.text("wake_at IS NOT NULL"),
        postgresql_where=sa.text("wake_at IS NOT NULL"),
    ),
)

occurrences = sa.Table(
    "reminder_occurrences",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("reminder_id", sa.ForeignKey("reminders.id", ondelete="CASCADE"), nullable=False),
    sa.Column("due_at", Moment, nullable=False),
    # fired or missed.
    sa.Column("state", sa.Text, nullable=False),
    # By how much, when that is worth saying.
    sa.Column("late_by_seconds", sa.Integer),
    sa.Column("notification_id", sa.Text),
    sa.Column("created_at", Moment, nullable=False),
    # However many processes there are, a reminder is due at an instant once.
    sa.Index("uq_reminder_occurrences_due", "reminder_id", "due_at", unique=True),
    sa.Index("ix_reminder_occurrences_user_id", "user_id", "id"),
)
