"""Assistants, conversations, messages, runs and steps."""

import sqlalchemy as sa

from famulus.infra.schema import Moment, metadata

_OWNER = "users.id"
# Without this, no value would be kept as the JSON word null, which is a value.
Json = sa.JSON(none_as_null=True)

assistants = sa.Table(
    "assistants",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("user_id", sa.ForeignKey(_OWNER, ondelete="CASCADE"), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("instructions", sa.Text, nullable=False),
    sa.Column("initial_message", sa.Text, nullable=False),
    # The operator's choice when there is none.
    sa.Column("model", sa.Text),
    # Names; all the tools there are when there is none.
    sa.Column("tools", Json),
    sa.Column("is_default", sa.Boolean, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("updated_at", Moment, nullable=False),
    sa.Index("ix_assistants_user_id", "user_id", "id"),
    sa.Index(
        "uq_assistants_default",
        "user_id",
        unique=True,
        sqlite_where=sa.text("is_default"),
        postgresql_where=sa.text("is_default"),
    ),
)

conversations = sa.Table(
    "conversations",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("user_id", sa.ForeignKey(_OWNER, ondelete="CASCADE"), nullable=False),
    sa.Column("assistant_id", sa.Text, nullable=False),
    # What another program calls this conversation.
    sa.Column("session_id", sa.Text),
    sa.Column("title", sa.Text, nullable=False),
    # default, auto or person: a title that a person gave is never replaced.
    sa.Column("title_source", sa.Text, nullable=False),
    sa.Column("starred", sa.Boolean, nullable=False),
    sa.Column("pinned", sa.Boolean, nullable=False),
    sa.Column("unread", sa.Boolean, nullable=False),
    # Position of the last message: counted here, so that adding one takes and checks the conversation's row.
    sa.Column("last_position", sa.Integer, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("updated_at", Moment, nullable=False),
    sa.Index("ix_conversations_activity", "user_id", "updated_at", "id"),
    sa.Index("uq_conversations_session", "user_id", "session_id", unique=True),
)

messages = sa.Table(
    "messages",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("conversation_id", sa.ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    sa.Column("run_id", sa.Text),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    # Why it is not whole: interrupted, cancelled, failed, expired or max_tokens.
    sa.Column("incomplete_reason", sa.Text),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("completed_at", Moment),
    # The run that answers what was said in its place.
    sa.Column("superseded_by", sa.Text),
    sa.Index("uq_messages_position", "conversation_id", "position", unique=True),
    sa.Index("ix_messages_run_id", "run_id"),
)

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("conversation_id", sa.ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    sa.Column("assistant_id", sa.Text, nullable=False),
    sa.Column("job_id", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("instructions", sa.Text, nullable=False),
    # Names of the tools of ours that it may use, and definitions of those its client executes.
    sa.Column("tools", Json),
    sa.Column("client_tools", Json, nullable=False),
    sa.Column("zone", sa.Text, nullable=False),
    sa.Column("correlation_id", sa.Text, nullable=False),
    # The sender's name for this turn, and what was sent under it.
    sa.Column("idempotency_key", sa.Text),
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Column("required_action", Json),
    sa.Column("last_error", Json),
    sa.Column("incomplete_reason", sa.Text),
    sa.Column("usage", Json),
    sa.Column("degraded", Json, nullable=False),
    # Which memories it was shown, and why; never what they say.
    sa.Column("memories", Json, nullable=False, server_default="[]"),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("started_at", Moment),
    sa.Column("expires_at", Moment),
    sa.Column("cancel_requested_at", Moment),
    sa.Column("ended_at", Moment),
    sa.Index("ix_runs_conversation_id", "conversation_id", "id"),
    sa.Index("uq_runs_idempotency_key", "user_id", "idempotency_key", unique=True),
    sa.Index(
        "ix_runs_active",
        "user_id",
        "conversation_id",
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    ),
)

steps = sa.Table(
    "steps",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("conversation_id", sa.Text, nullable=False),
    sa.Column("run_id", sa.ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    # model_call or tool_call.
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    # Of a model call: its message, and the calls it asked for, as the provider knows them.
    sa.Column("message_id", sa.Text),
    sa.Column("calls", Json),
    # Of a tool call: which, with what, and what came of it.
    sa.Column("call_id", sa.Text),
    sa.Column("name", sa.Text),
    sa.Column("arguments", sa.Text),
    sa.Column("output", sa.Text),
    sa.Column("show_input", sa.Boolean, nullable=False),
    sa.Column("error", Json),
    sa.Column("usage", Json),
    sa.Column("created_at", Moment, nullable=False),
    # When a call began whose effect nobody can know after a crash.
    sa.Column("began_at", Moment),
    sa.Column("ended_at", Moment),
    sa.Index("uq_steps_position", "run_id", "position", unique=True),
    # What a later turn is shown of earlier ones: answers that called tools, and the calls.
    sa.Index(
        "ix_steps_calls",
        "conversation_id",
        "run_id",
        "position",
        sqlite_where=sa.text("call_id IS NOT NULL OR calls IS NOT NULL"),
        postgresql_where=sa.text("call_id IS NOT NULL OR calls IS NOT NULL"),
    ),
)

# What was attached to a message; a file that is deleted later leaves its id here.
message_files = sa.Table(
    "message_files",
    metadata,
    sa.Column("message_id", sa.Text, sa.ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("conversation_id", sa.Text, nullable=False),
    sa.Column("file_id", sa.Text, nullable=False),
    sa.Index("ix_message_files_conversation_id", "conversation_id"),
)
