"""The SQL of credentials: sessions and API keys, among them the two look-ups in front of every request."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from famulus.features.accounts.tables import ApiKey, SignIn, api_keys, sessions, users
from famulus.infra.database import Session

_NOW = sa.bindparam("now", type_=sessions.c.expires_at.type)
_BEFORE = sa.bindparam("before", type_=sessions.c.last_seen_at.type)

_session_lives = (
    sessions.c.expires_at > _NOW,
    sessions.c.last_seen_at > sa.bindparam("idle_since", type_=sessions.c.last_seen_at.type),
    users.c.disabled_at.is_(None),
)
_key_lives = (
    sa.or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > _NOW),
    users.c.disabled_at.is_(None),
)
_SESSION_BY_TOKEN = (
    sa.select(
        sessions.c.id,
        sessions.c.user_id,
        users.c.role,
        users.c.zone,
        users.c.selected_model,
        sessions.c.last_seen_at.label("last_used_at"),
    )
    .join_from(sessions, users)
    .where(sessions.c.token_hash == sa.bindparam("digest"), *_session_lives)
)
_KEY_BY_SECRET = (
    sa.select(
        api_keys.c.id,
        api_keys.c.user_id,
        users.c.role,
        users.c.zone,
        users.c.selected_model,
        api_keys.c.last_used_at,
        api_keys.c.scopes,
    )
    .join_from(api_keys, users)
    .where(api_keys.c.hash == sa.bindparam("digest"), *_key_lives)
)
_SESSION_LIVES = (
    sa.select(sa.literal(1))
    .select_from(sessions.join(users))
    .where(
        sessions.c.id == sa.bindparam("credential"),
        sessions.c.user_id == sa.bindparam("user"),
        *_session_lives,
    )
)
_KEY_LIVES = (
    sa.select(sa.literal(1))
    .select_from(api_keys.join(users))
    .where(api_keys.c.id == sa.bindparam("credential"), api_keys.c.user_id == sa.bindparam("user"), *_key_lives)
)
# The condition on the old time lets one of many parallel requests do the writing.
_TOUCH_SESSION = (
    sa.update(sessions)
    .where(sessions.c.id == sa.bindparam("credential"), sessions.c.last_seen_at <= _BEFORE)
    .values(last_seen_at=_NOW)
)
_TOUCH_KEY = (
    sa.update(api_keys)
    .where(
        api_keys.c.id == sa.bindparam("credential"),
        sa.or_(api_keys.c.last_used_at.is_(None), api_keys.c.last_used_at <= _BEFORE),
    )
    .values(last_used_at=_NOW)
)


@dataclass(frozen=True, slots=True)
class Held:
    """A credential that is alive, and who holds it."""

    id: str
    user_id: str
    role: str
    zone: str
    selected_model: str | None
    last_used_at: datetime | None
    scopes: Collection[str] = ()


class SessionRepository:
    """Browsers in which people are signed in."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def holder(self, digest: str, *, now: datetime, idle_since: datetime) -> Held | None:
        """Whose session this is, if it is alive."""
        alive = {"digest": digest, "now": now, "idle_since": idle_since}
        row = (await self._session.execute(_SESSION_BY_TOKEN, alive)).one_or_none()
        return Held(**row._asdict()) if row else None

    async def is_alive(self, user_id: str, session_id: str, *, now: datetime, idle_since: datetime) -> bool:
        alive = {"user": user_id, "credential": session_id, "now": now, "idle_since": idle_since}
        return (await self._session.execute(_SESSION_LIVES, alive)).first() is not None

    async def touch(self, session_id: str, *, now: datetime, before: datetime) -> bool:
        """Note that the session is used, unless that was noted after `before`."""
        seen = {"credential": session_id, "now": now, "before": before}
        return (await self._session.execute(_TOUCH_SESSION, seen)).rowcount == 1

    async def add(self, row: dict[str, Any]) -> None:
        await self._session.execute(sa.insert(sessions), row)

    async def of(
        self, user_id: str, *, now: datetime, idle_since: datetime, after: str | None, limit: int
    ) -> list[SignIn]:
        """Where this user is signed in, newest first."""
        alive = (sessions.c.expires_at > now, sessions.c.last_seen_at > idle_since)
        query = sa.select(sessions).where(sessions.c.user_id == user_id, *alive)
        if after is not None:
            query = query.where(sessions.c.id < after)
        rows = await self._session.execute(query.order_by(sessions.c.id.desc()).limit(limit))
        return [SignIn(**row._asdict()) for row in rows]

    async def remove(self, user_id: str, session_id: str) -> bool:
        mine = (sessions.c.user_id == user_id, sessions.c.id == session_id)
        return (await self._session.execute(sa.delete(sessions).where(*mine))).rowcount == 1

    async def remove_by_token(self, digest: str) -> str | None:
        """End the session of this token; the user it was for."""
        ended = sa.delete(sessions).where(sessions.c.token_hash == digest).returning(sessions.c.user_id)
        user_id: str | None = (await self._session.execute(ended)).scalar_one_or_none()
        return user_id

    async def remove_all(self, user_id: str, *, but: str | None = None) -> None:
        """End every session of this user, but for one."""
        mine = sessions.c.user_id == user_id
        await self._session.execute(sa.delete(sessions).where(mine, sessions.c.id.is_distinct_from(but)))

    async def sweep(self, *, now: datetime, idle_since: datetime) -> None:
        """Remove what has expired."""
        dead = sa.or_(sessions.c.expires_at <= now, sessions.c.last_seen_at <= idle_since)
        await self._session.execute(sa.delete(sessions).where(dead))


class KeyRepository:
    """Programs' credentials."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def holder(self, digest: str, *, now: datetime) -> Held | None:
        """Whose key this is, if it is alive."""
        row = (await self._session.execute(_KEY_BY_SECRET, {"digest": digest, "now": now})).one_or_none()
        return Held(**row._asdict()) if row else None

    async def is_alive(self, user_id: str, key_id: str, *, now: datetime) -> bool:
        alive = {"user": user_id, "credential": key_id, "now": now}
        return (await self._session.execute(_KEY_LIVES, alive)).first() is not None

    async def touch(self, key_id: str, *, now: datetime, before: datetime) -> bool:
        """Note that the key is used, unless that was noted after `before`."""
        used = {"credential": key_id, "now": now, "before": before}
        return (await self._session.execute(_TOUCH_KEY, used)).rowcount == 1

    async def add(self, row: dict[str, Any]) -> None:
        await self._session.execute(sa.insert(api_keys), row)

    async def of(self, user_id: str, *, after: str | None, limit: int) -> list[ApiKey]:
        """The keys of this user, newest first."""
        query = sa.select(api_keys).where(api_keys.c.user_id == user_id)
        if after is not None:
            query = query.where(api_keys.c.id < after)
        rows = await self._session.execute(query.order_by(api_keys.c.id.desc()).limit(limit))
        return [ApiKey(**row._asdict()) for row in rows]

    async def remove(self, user_id: str, key_id: str) -> bool:
        mine = (api_keys.c.user_id == user_id, api_keys.c.id == key_id)
        return (await self._session.execute(sa.delete(api_keys).where(*mine))).rowcount == 1
