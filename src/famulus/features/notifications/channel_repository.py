"""The SQL of channels and preferences, for one owner."""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from famulus.features.notifications.errors import ChannelExists
from famulus.features.notifications.records import Channel, Preferences
from famulus.features.notifications.tables import channels, preferences
from famulus.infra.database import Session
from famulus.infra.prepared import Prepared
from famulus.kit.records import columns_of

_ALL = Prepared(sa.select(channels).where(channels.c.user_id == sa.bindparam("owner")).order_by(channels.c.id))
_PREFERENCES = Prepared(sa.select(preferences).where(preferences.c.user_id == sa.bindparam("owner")))


async def channels_of(session: Session, user_ids: Collection[str]) -> dict[str, list[Channel]]:
    """The channels of each of these people who have some, in the order in which they were made."""
    rows = await session.execute(sa.select(channels).where(channels.c.user_id.in_(user_ids)).order_by(channels.c.id))
    found: dict[str, list[Channel]] = {}
    for row in rows:
        channel = Channel(*row)
        found.setdefault(channel.user_id, []).append(channel)
    return found


async def channels_among(session: Session, channel_ids: Collection[str]) -> list[Channel]:
    """Those of these channels that there are, whosever: for jobs, which know the owner of each."""
    rows = await session.execute(sa.select(channels).where(channels.c.id.in_(channel_ids)))
    return [Channel(*row) for row in rows]


async def preferences_of(session: Session, user_ids: Collection[str]) -> dict[str, Preferences]:
    """What each of these people wants who have said it."""
    rows = await session.execute(sa.select(preferences).where(preferences.c.user_id.in_(user_ids)))
    return {wanted.user_id: wanted for wanted in (Preferences(*row) for row in rows)}


class ChannelRepository:
    """The ways out to one person."""

    def __init__(self, session: Session, user_id: str) -> None:
        self._session = session
        self._user_id = user_id
        self._mine = channels.c.user_id == user_id

    async def all(self) -> list[Channel]:
        """In the order in which they were made."""
        return [Channel(*row) for row in await self._session.rows(_ALL, {"owner": self._user_id})]

    async def find(self, channel_id: str) -> Channel | None:
        found = await self._session.execute(sa.select(channels).where(channels.c.id == channel_id, self._mine))
        row = found.one_or_none()
        return Channel(*row) if row else None

    async def add(self, channel: Channel) -> None:
        """Keep a new channel; `ChannelExists` when its address is one already."""
        same = (channels.c.kind == channel.kind, channels.c.target == channel.target)
        if (await self._session.execute(sa.select(channels.c.id).where(self._mine, *same))).one_or_none():
            raise ChannelExists("This address is a channel already.")
        try:
            await self._session.execute(sa.insert(channels), columns_of(channel))
        except IntegrityError as error:
            raise ChannelExists("This address is a channel already.") from error

    async def change(self, channel_id: str, values: dict[str, Any]) -> None:
        await self._session.execute(sa.update(channels).where(channels.c.id == channel_id, self._mine).values(values))

    async def delete(self, channel_id: str) -> None:
        await self._session.execute(sa.delete(channels).where(channels.c.id == channel_id, self._mine))

    async def preferences(self) -> Preferences | None:
        row = await self._session.row(_PREFERENCES, {"owner": self._user_id})
        return Preferences(*row) if row else None

    async def put_preferences(self, wanted: Preferences) -> None:
        """Keep what the person wants from now on."""
        values = columns_of(wanted)
        changed = await self._session.execute(
            sa.update(preferences).where(preferences.c.user_id == self._user_id).values(values)
        )
        if changed.rowcount == 0:
            await self._session.execute(sa.insert(preferences), values)
