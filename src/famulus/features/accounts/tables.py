"""The tables of accounts, and a row of each as an object. A field is named as its column."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from famulus.infra.schema import Moment, metadata


def _owned_by_user() -> "sa.Column[str]":
    return sa.Column("user_id", sa.Text, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True)


users = sa.Table(
    "users",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("email", sa.Text),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("picture", sa.Text),
    sa.Column("password_hash", sa.Text),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("zone", sa.Text, nullable=False),
    sa.Column("selected_model", sa.Text),
    sa.Column("preferences", sa.JSON, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("updated_at", Moment, nullable=False),
    sa.Column("disabled_at", Moment),
    sa.CheckConstraint("role IN ('owner', 'admin', 'member')", name="ck_users_role"),
)
sa.Index("uq_users_email", sa.func.lower(users.c.email), unique=True)
# However many people press the first link at once, the database knows one owner.
sa.Index(
    "uq_users_owner",
    users.c.role,
    unique=True,
    sqlite_where=users.c.role == "owner",
    postgresql_where=users.c.role == "owner",
)

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("token_hash", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    _owned_by_user(),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("last_seen_at", Moment, nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
    sa.Column("user_agent", sa.Text, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
)

api_keys = sa.Table(
    "api_keys",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _owned_by_user(),
    sa.Column("name", sa.Text, nullable=False),
    # The beginning of the secret, by which its owner knows it again.
    sa.Column("prefix", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False, unique=True),
    sa.Column("scopes", sa.JSON, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("last_used_at", Moment),
    sa.Column("expires_at", Moment),
)

invitations = sa.Table(
    "invitations",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("token_hash", sa.Text, nullable=False, unique=True),
    sa.Column("email", sa.Text),
    sa.Column("created_by", sa.Text, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
    sa.Column("used_at", Moment),
)

one_time_tokens = sa.Table(
    "one_time_tokens",
    metadata,
    sa.Column("hash", sa.Text, primary_key=True),
    sa.Column("purpose", sa.Text, nullable=False),
    # For whom it is, where that is not the owner.
    sa.Column("user_id", sa.Text),
    # What it is a proof of: an address that somebody wants to have.
    sa.Column("about", sa.Text),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
    sa.Column("used_at", Moment),
)

# Only ever added to, and without content: who did what to which object, from where, and how it ended. It
# outlives the people it speaks of, and so refers to them by id alone, until they are erased.
audit_log = sa.Table(
    "audit_log",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("who", sa.Text, index=True),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("object", sa.Text),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("at", Moment, nullable=False),
)


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with an account."""

    id: str
    email: str | None
    name: str
    picture: str | None
    password_hash: str | None = field(repr=False)
    role: str
    zone: str
    selected_model: str | None
    preferences: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True)
class SignIn:
    """A browser in which somebody is signed in: a row of `sessions`."""

    token_hash: str = field(repr=False)
    id: str
    user_id: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    user_agent: str
    address: str


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A program's credential."""

    id: str
    user_id: str
    name: str
    prefix: str
    hash: str = field(repr=False)
    scopes: list[str]
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Invitation:
    """One person's way in."""

    id: str
    token_hash: str = field(repr=False)
    email: str | None
    created_by: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
