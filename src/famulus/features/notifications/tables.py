"""Notifications, their deliveries, the channels these go to, and what a person wants of them."""

import sqlalchemy as sa

from famulus.infra.schema import Moment, metadata

_OWNER = "users.id"
# Without this, no value would be kept as the JSON word null, which is a value.
_Json = sa.JSON(none_as_null=True)

notifications = sa.Table(
    "notifications",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("user_id", sa.ForeignKey(_OWNER, ondelete="CASCADE"), nullable=False),
    # What it is about, such as `reminder`: channels choose by it.
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("urgent", sa.Boolean, nullable=False),
    sa.Column("data", _Json, nullable=False),
    sa.Column("actions", _Json, nullable=False),
    # What caused it: the same cause is told once.
    sa.Column("key", sa.Text),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("read_at", Moment),
    sa.Column("archived_at", Moment),
    sa.Index("ix_notifications_user_id", "user_id", "id"),
    sa.Index("uq_notifications_key", "user_id", "key", unique=True),
    sa.Index(
        "ix_notifications_unread",
        "user_id",
        "id",
        sqlite_where=sa.text("read_at IS NULL AND archived_at IS NULL"),
        postgresql_where=sa.text("read_at IS NULL AND archived_at IS NULL"),
    ),
)

deliveries = sa.Table(
    "notification_deliveries",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("notification_id", sa.ForeignKey("notifications.id", ondelete="CASCADE"), nullable=False),
    # `in_app` is a channel that everybody has, and that has no row.
    sa.Column("channel_id", sa.Text, nullable=False),
    sa.Column("channel_kind", sa.Text, nullable=False),
    # The id of the action that calls back; empty for the notification itself.
    sa.Column("action_id", sa.Text, nullable=False),
    # pending, held (until quiet hours end), delivered or dead.
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_try_at", Moment),
    # What came of the last try.
    sa.Column("status", sa.Integer),
    sa.Column("error", sa.Text),
    sa.Column("job_id", sa.Text),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("updated_at", Moment, nullable=False),
    sa.Column("delivered_at", Moment),
    sa.Index("uq_notification_deliveries_once", "notification_id", "channel_id", "action_id", unique=True),
    sa.Index("ix_notification_deliveries_user_id", "user_id", "id"),
    sa.Index("ix_notification_deliveries_channel_id", "channel_id", "state"),
)

channels = sa.Table(
    "notification_channels",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("user_id", sa.ForeignKey(_OWNER, ondelete="CASCADE"), nullable=False),
    # email, webhook, push or apprise.
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    # An e-mail address, or the address that is posted to.
    sa.Column("target", sa.Text, nullable=False),
    # What a webhook is signed with, or a browser's keys.
    sa.Column("secret", sa.Text),
    # The kinds of notification that go here; all of them when there is none.
    sa.Column("kinds", _Json),
    sa.Column("enabled", sa.Boolean, nullable=False),
    # Until its owner has shown that messages arrive, nothing but a test goes there.
    sa.Column("verified", sa.Boolean, nullable=False),
    sa.Column("code_hash", sa.Text),
    sa.Column("code_tries", sa.Integer, nullable=False),
    # Tries that failed since the last that did not, and until when nobody tries.
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("paused_until", Moment),
    sa.Column("last_error", sa.Text),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("updated_at", Moment, nullable=False),
    sa.Index("ix_notification_channels_user_id", "user_id", "id"),
    sa.Index("uq_notification_channels_target", "user_id", "kind", "target", unique=True),
)

preferences = sa.Table(
    "notification_preferences",
    metadata,
    sa.Column("user_id", sa.ForeignKey(_OWNER, ondelete="CASCADE"), primary_key=True),
    # Local times of day, "22:00" and "07:00"; both or neither.
    sa.Column("quiet_from", sa.Text),
    sa.Column("quiet_until", sa.Text),
    sa.Column("updated_at", Moment, nullable=False),
)

actions_done = sa.Table(
    "notification_actions_done",
    metadata,
    sa.Column("notification_id", sa.ForeignKey("notifications.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("action_id", sa.Text, primary_key=True),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("done_at", Moment, nullable=False),
)
