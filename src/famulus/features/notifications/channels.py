"""What may be done with channels, and with when they are used."""

import hashlib
import hmac
import secrets
from dataclasses import replace
from datetime import datetime
from typing import Any

from famulus.features.accounts.users import zone_of
from famulus.features.notifications import errors
from famulus.features.notifications.carriers import Carrier
from famulus.features.notifications.channel_repository import ChannelRepository
from famulus.features.notifications.desk import NotificationDesk
from famulus.features.notifications.quiet import quiet_until
from famulus.features.notifications.records import Channel, ChannelKind, Preferences
from famulus.features.notifications.schemas import ChannelDraft, ChannelPatch, PreferencesDraft
from famulus.features.notifications.signing import new_secret
from famulus.infra.database import Session
from famulus.kit.ids import new_id

_CODE_DIGITS = 8
_TRIES_PER_CODE = 5


class Channels:
    """The channels of one person, within one transaction."""

    def __init__(self, session: Session, user_id: str, desk: NotificationDesk) -> None:
        self._session = session
        self._user_id = user_id
        self._desk = desk
        self._repository = ChannelRepository(session, user_id)

    async def all(self) -> list[Channel]:
        """In the order in which they were made."""
        return await self._repository.all()

    async def find(self, channel_id: str) -> Channel:
        channel = await self._repository.find(channel_id)
        if channel is None:
            raise errors.ChannelNotFound("There is no such channel.")
        return channel

    async def open(self, draft: ChannelDraft) -> Channel:
        """Make a channel; it knows what its webhooks are signed with, which is shown this once."""
        if said := draft.subscription:
            keys = said.keys.model_dump_json()
            return await self.add(draft.kind, draft.name, said.endpoint, secret=keys, kinds=draft.kinds)
        secret = new_secret() if draft.kind == "webhook" else None
        return await self.add(draft.kind, draft.name, draft.target, secret=secret, kinds=draft.kinds)

    async def add(
        self, kind: ChannelKind, name: str, target: str, *, secret: str | None, kinds: list[str] | None
    ) -> Channel:
        """Keep a channel of any kind that this server can reach."""
        carrier = self._carrier(kind)
        carrier.check(target)
        if len(await self._repository.all()) >= self._desk.limits.max_channels:
            raise errors.TooManyChannels("There are too many channels.", limit=self._desk.limits.max_channels)
        now = self._desk.now()
        channel = Channel(
            id=new_id("chan"), user_id=self._user_id, kind=kind, name=name, target=target, secret=secret, kinds=kinds,
            enabled=True, verified=not carrier.needs_proof, code_hash=None, code_tries=0, failures=0,
            paused_until=None, last_error=None, created_at=now, updated_at=now,
        )  # fmt: skip
        await self._repository.add(channel)
        return channel

    async def change(self, channel_id: str, patch: ChannelPatch) -> Channel:
        """Apply what the patch names; whoever enables a channel has it tried again at once."""
        channel = await self.find(channel_id)
        values: dict[str, Any] = patch.model_dump(exclude_unset=True)
        # A name and whether it is used cannot be taken away; a choice of kinds can.
        values = {name: value for name, value in values.items() if value is not None or name == "kinds"}
        if values.get("enabled"):
            values |= {"failures": 0, "paused_until": None}
        return await self._changed(channel, values)

    async def remove(self, channel_id: str) -> None:
        """Nothing goes there any more, not even what is under way."""
        await self.find(channel_id)
        await self._repository.delete(channel_id)

    async def change_secret(self, channel_id: str) -> Channel:
        """Sign webhooks with something new from now on."""
        channel = await self.find(channel_id)
        if channel.kind != "webhook":
            raise errors.ChannelUnavailable("Only webhooks are signed.")
        return await self._changed(channel, {"secret": new_secret()})

    async def new_code(self, channel_id: str) -> tuple[Channel, str | None]:
        """The channel, and a code to be sent there where its owner has still to show that messages arrive."""
        channel = await self.find(channel_id)
        if channel.verified:
            return channel, None
        code = f"{secrets.randbelow(10**_CODE_DIGITS):0{_CODE_DIGITS}}"
        return await self._changed(channel, {"code_hash": _hash(channel.id, code), "code_tries": 0}), code

    async def verify(self, channel_id: str, code: str) -> bool:
        """Whether this is the code that was sent there; if so, notifications follow. Each code may be tried so often.

        That a code was wrong is to be kept too: whoever calls this commits, and only then says no.
        """
        channel = await self.find(channel_id)
        if channel.code_hash is None:
            raise errors.NothingToVerify("Send a test message first: it says the code.")
        if hmac.compare_digest(channel.code_hash, _hash(channel.id, code)):
            await self._changed(channel, {"verified": True, "code_hash": None})
            return True
        tries = channel.code_tries + 1
        kept = channel.code_hash if tries < _TRIES_PER_CODE else None
        await self._changed(channel, {"code_tries": tries, "code_hash": kept})
        return False

    async def preferences(self) -> tuple[Preferences, str, datetime | None]:
        """What the person wants, their zone, and when the quiet hours that it is now end."""
        now = self._desk.now()
        wanted = await self._repository.preferences() or Preferences(self._user_id, None, None, now)
        zone = await zone_of(self._session, self._user_id)
        return wanted, zone, quiet_until(wanted, zone, now)

    async def prefer(self, draft: PreferencesDraft) -> None:
        """Keep what the person wants from now on."""
        await self._session.alone(f"preferences {self._user_id}")
        now = self._desk.now()
        await self._repository.put_preferences(
            Preferences(self._user_id, draft.quiet_from, draft.quiet_until, updated_at=now)
        )

    def _carrier(self, kind: ChannelKind) -> Carrier:
        carrier = self._desk.carriers.get(kind)
        if carrier is None:
            raise errors.ChannelUnavailable(f"Channels of the kind {kind} are not available here.")
        return carrier

    async def _changed(self, channel: Channel, values: dict[str, Any]) -> Channel:
        values["updated_at"] = self._desk.now()
        await self._repository.change(channel.id, values)
        return replace(channel, **values)


def _hash(channel_id: str, code: str) -> str:
    return hashlib.sha256(f"{channel_id} {code}".encode()).hexdigest()
