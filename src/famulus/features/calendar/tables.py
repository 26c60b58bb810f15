"""Calendars, their events, and where those come from that are kept elsewhere."""

import sqlalchemy as sa

from famulus.infra.schema import Moment, metadata

_Json = sa.JSON(none_as_null=True)

calendars = sa.Table(
    "calendars",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    # own, subscription or caldav.
    sa.Column("kind", sa.Text, nullable=False),
    # What times are meant in that name no zone.
    sa.Column("zone", sa.Text, nullable=False),
    sa.Column("is_default", sa.Boolean, nullable=False),
    # Of the token that opens the feed.
    sa.Column("feed_hash", sa.Text, unique=True),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("updated_at", Moment, nullable=False),
    sa.Index("ix_calendars_user_id", "user_id", "id"),
    sa.Index(
        "uq_calendars_default",
        "user_id",
        unique=True,
        sqlite_where=sa.text("is_default"),
        postgresql_where=sa.text("is_default"),
    ),
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("calendar_id", sa.ForeignKey("calendars.id", ondelete="CASCADE"), nullable=False),
    # What other calendars call it.
    sa.Column("uid", sa.Text, nullable=False),
    # A changed occurrence: of which event, and when that would have begun, as `start` is written.
    sa.Column("master_id", sa.ForeignKey("events.id", ondelete="CASCADE")),
    sa.Column("occurrence", sa.Text),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("attendees", _Json, nullable=False),
    # Whether it takes up one's time.
    sa.Column("busy", sa.Boolean, nullable=False),
    sa.Column("all_day", sa.Boolean, nullable=False),
    # Wall-clock time in the zone, 2026-11-27T12:30:00; always at midnight for whole days.
    sa.Column("start", sa.Text, nullable=False),
    # Of whole days, 86,400 for each, however long the clock makes them.
    sa.Column("duration_seconds", sa.Integer, nullable=False),
    sa.Column("zone", sa.Text, nullable=False),
    sa.Column("rule", sa.Text),
    # Starts of occurrences that do not happen, and of others that do.
    sa.Column("except_starts", _Json, nullable=False),
    sa.Column("extra_starts", _Json, nullable=False),
    # Between these instants lies all of it, a day more or less; the last is none where there is no end.
    sa.Column("first_at", Moment, nullable=False),
    sa.Column("last_at", Moment),
    # What is searched: casefolded.
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("sequence", sa.Integer, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("updated_at", Moment, nullable=False),
    sa.Index("ix_events_span", "user_id", "first_at", "last_at"),
    sa.Index("ix_events_calendar_id", "calendar_id", "uid"),
    sa.Index("ix_events_user_id", "user_id", "id"),
    sa.Index("uq_events_occurrence", "master_id", "occurrence", unique=True),
    sa.Index(
        "uq_events_uid",
        "calendar_id",
        "uid",
        unique=True,
        sqlite_where=sa.text("master_id IS NULL"),
        postgresql_where=sa.text("master_id IS NULL"),
    ),
)

calendar_sources = sa.Table(
    "calendar_sources",
    metadata,
    sa.Column("calendar_id", sa.ForeignKey("calendars.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("user_id", sa.Text, nullable=False),
    # Who asks there; sealed, as addresses of calendars often open them, and passwords do.
    sa.Column("sealed", sa.Text, nullable=False),
    # What the server said of the state that was read last.
    sa.Column("etag", sa.Text),
    sa.Column("failures", sa.Integer, nullable=False),
    # The code of what went wrong the last time, if something did.
    sa.Column("problem", sa.Text),
    # The job that reads it again and again.
    sa.Column("job_id", sa.Text),
    sa.Column("read_at", Moment),
    sa.Column("created_at", Moment, nullable=False),
    sa.Index("ix_calendar_sources_user_id", "user_id"),
)

# What is known of the events on a CalDAV server, as both sides had them when they were last alike.
remote_events = sa.Table(
    "remote_events",
    metadata,
    sa.Column("calendar_id", sa.ForeignKey("calendars.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("uid", sa.Text, primary_key=True),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("href", sa.Text, nullable=False),
    sa.Column("etag", sa.Text, nullable=False),
    # Of the events here.
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Index("ix_remote_events_user_id", "user_id"),
)
