"""The SQL of what has happened: noted for many at once, looked at and removed for one."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

import sqlalchemy as sa

from famulus.features.analytics.records import Event, Standing
from famulus.features.analytics.tables import analytics_events, analytics_people
from famulus.features.analytics.tables import analytics_tallies as tallies
from famulus.infra.database import Session
from famulus.infra.hours import HOURS_OF_A_DAY, bucket_of, number_of
from famulus.infra.prepared import Prepared
from famulus.kit.facts import Value

_people = sa.table("users", sa.column("id", sa.Text))
_ADD = Prepared(sa.insert(analytics_events))


class EventRepository:
    """What has happened, whoever it happened to: for those who write it down, sweep it and send it on."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def add(self, events: Sequence[Event]) -> list[Event]:
        """Note these, but for those noted before and those of people who are gone or want to be left out."""
        counted = await self._counted({event.user_id for event in events})
        known = await self._session.execute(
            sa.select(analytics_events.c.id).where(analytics_events.c.id.in_([event.id for event in events]))
        )
        noted = set(known.scalars())
        added = [event for event in events if event.user_id in counted and event.id not in noted]
        if added:
            await self._session.change_many(_ADD, [asdict(event) for event in added])
            await _untally(self._session, {number_of(event.at, "hour") for event in added})
        return added

    async def find(self, event_ids: Collection[str]) -> list[Event]:
        """Those of the events that are still kept."""
        rows = await self._session.execute(
            sa.select(analytics_events).where(analytics_events.c.id.in_(event_ids)).order_by(analytics_events.c.id)
        )
        return [Event(*row) for row in rows]

    async def traits(self, user_ids: Collection[str]) -> dict[str, Mapping[str, Value]]:
        """What is known of those of these people of whom something is."""
        rows = await self._session.execute(
            sa.select(analytics_people.c.user_id, analytics_people.c.traits).where(
                analytics_people.c.user_id.in_(user_ids), ~analytics_people.c.opted_out
            )
        )
        return dict(map(tuple, rows))

    async def sweep(self, *, before: datetime, most: int) -> int:
        """Remove some of what happened before this moment, the beginning of an hour; how many."""
        await alone_with_tallies(self._session)
        hour = number_of(before, "hour")
        for bucket, number in ("hour", hour), ("day", hour // HOURS_OF_A_DAY + 1):
            past = tallies.c.bucket == bucket, tallies.c.number < number
            await self._session.execute(sa.delete(tallies).where(*past))
        old = sa.select(analytics_events.c.id).where(analytics_events.c.at < before).limit(most)
        gone = await self._session.execute(sa.delete(analytics_events).where(analytics_events.c.id.in_(old)))
        return gone.rowcount

    async def _counted(self, user_ids: Collection[str]) -> set[str]:
        """Those of these people who are there, and do not want to be left out.

        They stay both until the commit: whoever leaves, or opts out, meanwhile waits for it, and removes this as well.
        """
        out = sa.select(analytics_people.c.user_id).where(
            analytics_people.c.user_id.in_(user_ids), analytics_people.c.opted_out
        )
        there = await self._session.execute(
            sa.select(_people.c.id)
            .where(_people.c.id.in_(user_ids))
            .order_by(_people.c.id)
            .with_for_update(read=True, key_share=True)
        )
        counted = set(there.scalars())
        # Asked after the lock, and so by a statement that sees what was committed before it was had.
        return counted - set((await self._session.execute(out)).scalars())


async def alone_with_tallies(session: Session) -> None:
    """Until the commit nobody else makes tallies, or changes what they are made of."""
    await session.alone("analytics tallies")


async def _untally(session: Session, hours: Collection[int]) -> None:
    """Have these hours and their days counted anew."""
    await alone_with_tallies(session)
    days = {hour // HOURS_OF_A_DAY for hour in hours}
    for bucket, numbers in ("hour", hours), ("day", days):
        changed = tallies.c.bucket == bucket, tallies.c.number.in_(numbers)
        await session.execute(sa.delete(tallies).where(*changed))


class PersonRepository:
    """How one person stands to being counted."""

    def __init__(self, session: Session, user_id: str) -> None:
        self._session = session
        self._user_id = user_id

    async def hold(self) -> None:
        """Let nobody note anything of this person, or change how they stand, until the commit."""
        await self._session.execute(sa.select(_people.c.id).where(_people.c.id == self._user_id).with_for_update())

    async def standing(self) -> Standing:
        found = await self._session.execute(
            sa.select(analytics_people.c.opted_out, analytics_people.c.traits).where(
                analytics_people.c.user_id == self._user_id
            )
        )
        row = found.one_or_none()
        return Standing(*row) if row else Standing()

    async def keep(self, standing: Standing, *, at: datetime) -> None:
        await self._session.execute(sa.delete(analytics_people).where(analytics_people.c.user_id == self._user_id))
        row = {"user_id": self._user_id, "opted_out": standing.opted_out, "traits": standing.traits, "updated_at": at}
        await self._session.execute(sa.insert(analytics_people), row)

    async def forget(self) -> None:
        """Remove everything that was noted of this person."""
        hour = bucket_of(analytics_events.c.at, "hour", self._session.speaks).label("hour")
        hours = await self._session.execute(
            sa.select(hour).where(analytics_events.c.user_id == self._user_id).distinct()
        )
        await _untally(self._session, set(hours.scalars()))
        await self._session.execute(sa.delete(analytics_events).where(analytics_events.c.user_id == self._user_id))

    async def erase(self) -> None:
        """Remove how they stand as well."""
        await self.hold()
        await self.forget()
        await self._session.execute(sa.delete(analytics_people).where(analytics_people.c.user_id == self._user_id))
