"""The SQL of calendars that are kept elsewhere, for one owner."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from famulus.features.calendar.records import RemoteEvent, Source
from famulus.features.calendar.tables import calendar_sources, remote_events
from famulus.infra.database import Session


class SourceRepository:
    """Where one person's calendars come from."""

    def __init__(self, session: Session, user_id: str) -> None:
        self._session = session
        self._user_id = user_id
        self._mine = calendar_sources.c.user_id == user_id

    async def find(self, calendar_id: str) -> Source | None:
        found = await self._session.execute(
            sa.select(calendar_sources).where(calendar_sources.c.calendar_id == calendar_id, self._mine)
        )
        row = found.one_or_none()
        return Source(*row) if row else None

    async def all(self) -> list[Source]:
        rows = await self._session.execute(
            sa.select(calendar_sources).where(self._mine).order_by(calendar_sources.c.calendar_id)
        )
        return [Source(*row) for row in rows]

    async def add(self, source: Source) -> None:
        await self._session.execute(sa.insert(calendar_sources), asdict(source) | {"user_id": self._user_id})

    async def update(self, calendar_id: str, values: dict[str, Any]) -> None:
        await self._session.execute(
            sa.update(calendar_sources).where(calendar_sources.c.calendar_id == calendar_id, self._mine).values(values)
        )

    async def remote(self, calendar_id: str) -> dict[str, RemoteEvent]:
        """What is known of the events there, by UID."""
        rows = await self._session.execute(
            sa.select(remote_events).where(
                remote_events.c.calendar_id == calendar_id, remote_events.c.user_id == self._user_id
            )
        )
        return {row.uid: RemoteEvent(*row) for row in rows}

    async def remember(self, known: Sequence[RemoteEvent]) -> None:
        """Know these in place of what was known of the same events."""
        for one in known:
            await self.forget(one.calendar_id, [one.uid])
        if known:
            await self._session.execute(
                sa.insert(remote_events), [asdict(one) | {"user_id": self._user_id} for one in known]
            )

    async def forget(self, calendar_id: str, uids: Sequence[str]) -> None:
        for uid in uids:
            await self._session.execute(
                sa.delete(remote_events).where(
                    remote_events.c.calendar_id == calendar_id,
                    remote_events.c.uid == uid,
                    remote_events.c.user_id == self._user_id,
                )
            )
