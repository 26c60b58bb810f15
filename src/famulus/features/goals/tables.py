"""Goals, the steps of their roadmaps, and which step comes before which."""

import sqlalchemy as sa

from famulus.infra.schema import Moment, metadata

goals = sa.Table(
    "goals",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    # active, paused, achieved or abandoned.
    sa.Column("status", sa.Text, nullable=False),
    # A day in the person's calendar, and no instant.
    sa.Column("target_date", sa.Date),
    # Where its roadmap was last drawn by a model.
    sa.Column("thread_id", sa.Text),
    sa.Column("run_id", sa.Text),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("updated_at", Moment, nullable=False),
    sa.Column("achieved_at", Moment),
    sa.Index("ix_goals_user_id", "user_id", "id"),
    sa.Index("ix_goals_status", "user_id", "status", "id"),
)

goal_steps = sa.Table(
    "goal_steps",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("goal_id", sa.ForeignKey("goals.id", ondelete="CASCADE"), nullable=False),
    # The step that this one is a part of.
    sa.Column("parent_id", sa.ForeignKey("goal_steps.id", ondelete="CASCADE")),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("details", sa.Text, nullable=False),
    sa.Column("target_date", sa.Date),
    sa.Column("done_at", Moment),
    sa.Index("ix_goal_steps_goal_id", "goal_id", "position"),
    sa.Index("ix_goal_steps_parent_id", "parent_id"),
    sa.Index("ix_goal_steps_user_id", "user_id"),
)

goal_edges = sa.Table(
    "goal_edges",
    metadata,
    sa.Column("before_id", sa.ForeignKey("goal_steps.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("after_id", sa.ForeignKey("goal_steps.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("goal_id", sa.ForeignKey("goals.id", ondelete="CASCADE"), nullable=False),
    sa.Index("ix_goal_edges_after_id", "after_id"),
    sa.Index("ix_goal_edges_goal_id", "goal_id"),
)
