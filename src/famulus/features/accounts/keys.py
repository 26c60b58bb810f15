"""Programs' credentials, within one unit of work."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from famulus.features.accounts.credentials import KeyRepository
from famulus.features.accounts.errors import ApiKeyNotFound, ExpiresInThePast, ScopeMissing
from famulus.features.accounts.tables import ApiKey
from famulus.features.accounts.tokens import digest_of, new_key, shown_part
from famulus.features.accounts.unit import Unit
from famulus.kit.ids import new_id
from famulus.kit.pages import Page, checked_cursor, page_of


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key, and the secret that only its maker ever sees."""

    key: ApiKey
    secret: str = field(repr=False)


class Keys:
    """Programs' credentials."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._repository = KeyRepository(unit.session)

    async def issue(
        self,
        user_id: str,
        *,
        name: str,
        scopes: Collection[str],
        allowed: frozenset[str],
        expires_at: datetime | None = None,
    ) -> NewKey:
        """Make a key that can do no more than is `allowed` to the one who asks for it."""
        now = self._unit.now()
        if excess := set(scopes) - allowed:
            raise ScopeMissing(*excess)
        if expires_at is not None and expires_at <= now:
            raise ExpiresInThePast
        secret = new_key()
        row: dict[str, Any] = {
            "id": new_id("key"), "user_id": user_id, "name": name, "prefix": shown_part(secret),
            "hash": digest_of(secret), "scopes": sorted(set(scopes)),
            "created_at": now, "last_used_at": None, "expires_at": expires_at,
        }  # fmt: skip
        await self._repository.add(row)
        await self._unit.note("key.issued", who=user_id, about=row["id"])
        return NewKey(ApiKey(**row), secret)

    async def of(self, user_id: str, *, after: str | None, limit: int) -> Page[ApiKey]:
        """Somebody's keys, newest first."""
        rows = await self._repository.of(user_id, after=checked_cursor(after, "key"), limit=limit + 1)
        return page_of(rows, limit=limit, cursor=lambda row: row.id)

    async def revoke(self, user_id: str, key_id: str) -> None:
        """Make a key worthless."""
        if not await self._repository.remove(user_id, key_id):
            raise ApiKeyNotFound
        await self._unit.note("key.revoked", who=user_id, about=key_id)
        self._unit.revoked(user_id)
