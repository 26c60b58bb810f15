"""Whose credential this is: asked in front of every request, and remembered for a moment."""

import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from famulus.features.accounts.credentials import Held, KeyRepository, SessionRepository
from famulus.features.accounts.repository import append_to_audit_log
from famulus.features.accounts.tokens import digest_of
from famulus.infra.database import Database, Session
from famulus.kit.clock import Clock, utc_now
from famulus.kit.errors import StorageFull, Unavailable

OWNER_SCOPES = frozenset({"chat", "account", "users:act", "admin"})
# Whoever looks after people has no business with what is theirs: `users:act` is the owner's alone.
ADMIN_SCOPES = frozenset({"chat", "account", "admin"})
MEMBER_SCOPES = frozenset({"chat", "account"})
_SCOPES = {"owner": OWNER_SCOPES, "admin": ADMIN_SCOPES}

# A credential revoked in another process is refused here after this long, when no word of it comes sooner.
_REMEMBERED = timedelta(seconds=3)
_MOST_REMEMBERED = 10_000
# Uses closer together than this are not worth a write.
_USE_NOTED_EVERY = timedelta(minutes=1)


def scopes_of(role: str) -> frozenset[str]:
    """All that somebody in this role may do."""
    return _SCOPES.get(role, MEMBER_SCOPES)


@dataclass(frozen=True, slots=True)
class Client:
    """Where a request comes from."""

    address: str = ""
    agent: str = ""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking, and what their credential lets them do."""

    user_id: str
    role: str
    zone: str
    scopes: frozenset[str]
    via: Literal["session", "key"]
    session_id: str | None = None
    key_id: str | None = None
    selected_model: str | None = None

    @property
    def is_owner(self) -> bool:
        """Whether this is the owner of the server."""
        return self.role == "owner"

    @property
    def administrates(self) -> bool:
        """Whether this is somebody who looks after the server and its people."""
        return self.role in ("owner", "admin")

    def may(self, *scopes: str) -> bool:
        """Whether the credential carries all of these scopes."""
        return self.scopes.issuperset(scopes)


@dataclass(frozen=True, slots=True)
class _Known:
    caller: Caller
    since: datetime


class Identities:
    """Callers by their credentials, in this process."""

    def __init__(self, database: Database, *, idle: timedelta, now: Clock = utc_now) -> None:
        self._database = database
        self._idle = idle
        self._now = now
        self._known: dict[str, _Known] = {}
        self._revocations = 0

    async def of_session(self, token: str) -> Caller | None:
        """Whose session token this is; None when it is not good, or not good any more."""
        return await self._remembered(digest_of(token), self._look_up_session)

    async def of_key(self, secret: str) -> Caller | None:
        """Whose API key this is; None when it is not good, or not good any more."""
        return await self._remembered(digest_of(secret), self._look_up_key)

    async def still_valid(self, caller: Caller) -> bool:
        """Whether the credential of a caller is still good: for those who stay longer than a request."""
        now = self._now()

        async def look(session: Session) -> bool:
            if caller.key_id is not None:
                return await KeyRepository(session).is_alive(caller.user_id, caller.key_id, now=now)
            return await SessionRepository(session).is_alive(
                caller.user_id, caller.session_id or "", now=now, idle_since=now - self._idle
            )

        return await self._database.read(look)

    def forget(self, user_id: str) -> None:
        """Ask the database again about everything of this user, at once."""
        self._revocations += 1
        self._known = {digest: known for digest, known in self._known.items() if known.caller.user_id != user_id}

    async def _remembered(self, digest: str, look_up: Callable[[str], Awaitable[Caller | None]]) -> Caller | None:
        now = self._now()
        known = self._known.get(digest)
        # A clock that was set back must not make a memory last.
        if known is not None and timedelta(0) <= now - known.since < _REMEMBERED:
            return known.caller
        revocations = self._revocations
        caller = await look_up(digest)
        if caller is None:
            self._known.pop(digest, None)
        elif revocations == self._revocations:
            # What was read before a revocation is good for this request, and not for the next.
            self._remember(digest, _Known(caller, now))
        return caller

    def _remember(self, digest: str, known: _Known) -> None:
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        self._known[digest] = known

    async def _look_up_session(self, digest: str) -> Caller | None:
        now = self._now()
        held = await self._database.read(
            lambda session: SessionRepository(session).holder(digest, now=now, idle_since=now - self._idle)
        )
        if held is None:
            return None
        session_id, before = held.id, now - _USE_NOTED_EVERY
        if held.last_used_at is None or held.last_used_at <= before:
            await self._note(lambda session: SessionRepository(session).touch(session_id, now=now, before=before))
        return Caller(
            held.user_id, held.role, held.zone, scopes_of(held.role), "session",
            session_id=held.id, selected_model=held.selected_model,
        )  # fmt: skip

    async def _look_up_key(self, digest: str) -> Caller | None:
        now = self._now()
        held = await self._database.read(lambda session: KeyRepository(session).holder(digest, now=now))
        if held is None:
            return None
        if held.last_used_at is None or held.last_used_at <= now - _USE_NOTED_EVERY:
            await self._note_key_used(held)
        scopes = scopes_of(held.role).intersection(held.scopes)
        return Caller(
            held.user_id, held.role, held.zone, scopes, "key", key_id=held.id, selected_model=held.selected_model
        )

    async def _note_key_used(self, held: Held) -> None:
        now = self._now()

        async def note(session: Session) -> None:
            touched = await KeyRepository(session).touch(held.id, now=now, before=now - _USE_NOTED_EVERY)
            # A line for each day of use: one for each use would drown everything else.
            if touched and (held.last_used_at is None or held.last_used_at.date() < now.date()):
                line = {"what": "key.used", "about": held.id, "address": "", "outcome": "done"}
                await append_to_audit_log(session, who=held.user_id, at=now, **line)

        await self._note(note)

    async def _note(self, work: Callable[[Session], Coroutine[Any, Any, object]]) -> None:
        """Note that a credential is used; a server that cannot write still answers those who only read."""
        with contextlib.suppress(StorageFull, Unavailable):
            await self._database.write(work, durable=False)
