"""Where people are signed in, within one unit of work."""

from datetime import timedelta

from famulus.features.accounts.credentials import SessionRepository
from famulus.features.accounts.errors import SessionNotFound
from famulus.features.accounts.identity import Client
from famulus.features.accounts.tables import SignIn
from famulus.features.accounts.tokens import digest_of, new_token
from famulus.features.accounts.unit import Unit
from famulus.kit.ids import new_id
from famulus.kit.pages import Page, checked_cursor, page_of
from famulus.kit.text import shortened, storable

_AGENT_CHARACTERS = 200


class Sessions:
    """Browsers in which people are signed in."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._repository = SessionRepository(unit.session)

    async def open(self, user_id: str, client: Client, *, replacing: str | None = None) -> str:
        """Sign somebody in with a new session, in place of the browser's old one; the new token."""
        if replacing is not None:
            await self.end(replacing)
        token, now = new_token(), self._unit.now()
        row = {
            "token_hash": digest_of(token), "id": new_id("sess"), "user_id": user_id,
            "created_at": now, "last_seen_at": now,
            "expires_at": now + timedelta(days=self._unit.settings.session_days),
            "user_agent": shortened(storable(client.agent), _AGENT_CHARACTERS), "address": client.address,
        }  # fmt: skip
        await self._repository.add(row)
        await self._unit.note("signed_in", who=user_id, about=str(row["id"]))
        return token

    async def of(self, user_id: str, *, after: str | None, limit: int) -> Page[SignIn]:
        """Where somebody is signed in, newest first."""
        now = self._unit.now()
        idle_since = now - timedelta(days=self._unit.settings.session_idle_days)
        cursor = checked_cursor(after, "sess")
        rows = await self._repository.of(user_id, now=now, idle_since=idle_since, after=cursor, limit=limit + 1)
        return page_of(rows, limit=limit, cursor=lambda row: row.id)

    async def revoke(self, user_id: str, session_id: str) -> None:
        """Sign somebody out elsewhere."""
        if not await self._repository.remove(user_id, session_id):
            raise SessionNotFound
        await self._unit.note("session.revoked", who=user_id, about=session_id)
        self._unit.revoked(user_id)

    async def revoke_all(self, user_id: str, *, but: str | None = None) -> None:
        """Sign somebody out everywhere, but for one session."""
        await self._repository.remove_all(user_id, but=but)
        self._unit.revoked(user_id)

    async def end(self, token: str) -> None:
        """Sign out the browser that has this token, if it is signed in."""
        user_id = await self._repository.remove_by_token(digest_of(token))
        if user_id is not None:
            await self._unit.note("signed_out", who=user_id)
            self._unit.revoked(user_id)
