"""What may be done with people, within one unit of work."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from famulus.features.accounts.errors import UserNotFound
from famulus.features.accounts.repository import TokenRepository, UserRepository, forget_in_audit_log
from famulus.features.accounts.schemas import Preferences
from famulus.features.accounts.tables import User
from famulus.features.accounts.unit import Unit
from famulus.infra.database import Session
from famulus.kit.ids import new_id


class Users:
    """People, and what is known of them."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._repository = UserRepository(unit.session)

    async def find(self, user_id: str) -> User:
        """The user with this id."""
        user = await self._repository.find(user_id)
        if user is None:
            raise UserNotFound
        return user

    async def add(self, *, name: str, email: str | None, password_hash: str | None, role: str) -> User:
        """A new user; `EmailTaken` when somebody has the address already."""
        now = self._unit.now()
        user: dict[str, Any] = {
            "id": new_id("user"), "name": name, "email": email, "picture": None,
            "password_hash": password_hash, "role": role, "zone": "UTC", "selected_model": None,
            "preferences": {}, "created_at": now, "updated_at": now, "disabled_at": None,
        }  # fmt: skip
        await self._repository.add(user)
        await self._unit.note("user.created", who=user["id"], about=user["id"])
        return User(**user)

    async def change_profile(self, user_id: str, changes: dict[str, Any]) -> User:
        """Set name, email, zone or selected model; anything else is a mistake of ours."""
        if unknown := changes.keys() - {"name", "email", "zone", "selected_model"}:
            raise ValueError(f"A profile has no {', '.join(sorted(unknown))}.")
        if changes:
            await self._repository.change(user_id, changes | {"updated_at": self._unit.now()})
            await self._unit.note("user.changed", who=user_id, about=user_id)
            if zone := changes.get("zone"):
                await self._unit.moved(self._unit.session, user_id, zone)
            # Callers carry their zone.
            self._unit.revoked(user_id)
        return await self.find(user_id)

    async def change_preferences(self, user_id: str, changes: dict[str, Any]) -> User:
        """Set what is named of what the person prefers."""
        await self._unit.session.alone(f"preferences of {user_id}")
        user = await self.find(user_id)
        if changes:
            changed = {"preferences": user.preferences | changes, "updated_at": self._unit.now()}
            await self._repository.change(user_id, changed)
        return await self.find(user_id)

    async def set_picture(self, user_id: str, picture: str | None) -> User:
        """Say where the picture of somebody is, or that there is none."""
        await self._repository.change(user_id, {"picture": picture, "updated_at": self._unit.now()})
        await self._unit.note("picture.changed" if picture else "picture.removed", who=user_id, about=user_id)
        return await self.find(user_id)

    async def set_password(self, user_id: str, password_hash: str) -> None:
        """Replace the password; ending what the old one opened is up to `Sessions`."""
        await self._repository.change(user_id, {"password_hash": password_hash, "updated_at": self._unit.now()})
        # Whoever knew the old one may have asked for links that are still on their way.
        await TokenRepository(self._unit.session).remove_of(user_id)
        await self._unit.note("password.changed", who=user_id, about=user_id)

    async def set_role(self, user_id: str, role: str, *, who: str) -> None:
        """Say what somebody is on this server, from the next request on."""
        await self._repository.change(user_id, {"role": role, "updated_at": self._unit.now()})
        await self._unit.note(f"user.made_{role}", who=who, about=user_id)
        self._unit.revoked(user_id)

    async def set_disabled(self, user_id: str, *, disabled: bool, who: str | None = None) -> None:
        """Stop every credential of somebody from working, or let them work again."""
        now = self._unit.now()
        await self._repository.change(user_id, {"disabled_at": now if disabled else None, "updated_at": now})
        await self._unit.note("user.disabled" if disabled else "user.enabled", who=who, about=user_id)
        self._unit.revoked(user_id)

    async def remove(self, user_id: str) -> None:
        """Remove somebody, with their sessions, keys and invitations."""
        await TokenRepository(self._unit.session).remove_of(user_id)
        await self._repository.remove(user_id)
        await forget_in_audit_log(self._unit.session, user_id)
        await replace(self._unit, address="").note("user.erased", who=None)
        self._unit.revoked(user_id)


async def wishes_of(session: Session, user_id: str) -> tuple[str, Preferences]:
    """What somebody is called, and how they want to be helped; nothing of either where nobody is there."""
    user = await UserRepository(session).find(user_id)
    return (user.name, Preferences.model_validate(user.preferences)) if user else ("", Preferences())


async def zone_of(session: Session, user_id: str) -> str:
    """The time zone of a user; `UserNotFound` when there is none."""
    user = await UserRepository(session).find(user_id)
    if user is None:
        raise UserNotFound
    return user.zone


async def zones_of(session: Session, user_ids: Collection[str]) -> dict[str, str]:
    """The time zone of each of these users who are there."""
    return await UserRepository(session).zones(user_ids)
