"""The SQL of notifications and their deliveries, for one owner."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from famulus.features.notifications.records import Delivery, DeliveryState, Notification
from famulus.features.notifications.tables import actions_done, deliveries, notifications
from famulus.infra.database import Session
from famulus.infra.prepared import Prepared
from famulus.kit.records import columns_of

Which = Literal["unread", "read", "archived", "all"]

_ADD = Prepared(sa.insert(notifications))
_ADD_DELIVERY = Prepared(sa.insert(deliveries))
_CHANGE_DELIVERY = Prepared(
    sa.update(deliveries).where(deliveries.c.id == sa.bindparam("which"), deliveries.c.user_id == sa.bindparam("owner"))
)
_BY_KEY = Prepared(
    sa.select(notifications).where(
        notifications.c.user_id == sa.bindparam("owner"), notifications.c.key == sa.bindparam("cause")
    )
)
_UNREAD = (notifications.c.read_at.is_(None), notifications.c.archived_at.is_(None))


async def add_notifications(session: Session, many: Sequence[Notification]) -> None:
    """Keep what any number of people are told."""
    await session.change_many(_ADD, [columns_of(one) for one in many])


async def add_deliveries(session: Session, many: Sequence[Delivery]) -> None:
    """Keep how it gets to them."""
    await session.change_many(_ADD_DELIVERY, [columns_of(one) for one in many])


async def notifications_among(session: Session, notification_ids: Collection[str]) -> list[Notification]:
    """Those of these that there are, whosever: for jobs, which know the owner of each."""
    rows = await session.execute(sa.select(notifications).where(notifications.c.id.in_(notification_ids)))
    return [Notification(*row) for row in rows]


async def deliveries_among(session: Session, delivery_ids: Collection[str]) -> list[Delivery]:
    """Those of these that there are, whosever: for jobs, which know the owner of each."""
    rows = await session.execute(sa.select(deliveries).where(deliveries.c.id.in_(delivery_ids)))
    return [Delivery(*row) for row in rows]


async def told_before(session: Session, before: datetime, *, limit: int) -> list[tuple[str, str]]:
    """The oldest of what was told before then: whom, and which."""
    rows = await session.execute(
        sa.select(notifications.c.user_id, notifications.c.id)
        .where(notifications.c.created_at < before)
        .order_by(notifications.c.id)
        .limit(limit)
    )
    return [(row.user_id, row.id) for row in rows]


async def change_deliveries(session: Session, changes: Sequence[tuple[Delivery, dict[str, Any]]]) -> None:
    """Give each of these deliveries its own values, of the same columns."""
    if changes:
        many = [{**values, "which": one.id, "owner": one.user_id} for one, values in changes]
        await session.change_many(_CHANGE_DELIVERY, many)


class NotificationRepository:
    """Notifications of one person, and how they got where."""

    def __init__(self, session: Session, user_id: str) -> None:
        self._session = session
        self._user_id = user_id
        self._mine = notifications.c.user_id == user_id
        self._my_deliveries = deliveries.c.user_id == user_id

    async def find(self, notification_id: str) -> Notification | None:
        found = await self._session.execute(
            sa.select(notifications).where(notifications.c.id == notification_id, self._mine)
        )
        row = found.one_or_none()
        return Notification(*row) if row else None

    async def of_key(self, key: str) -> Notification | None:
        row = await self._session.row(_BY_KEY, {"owner": self._user_id, "cause": key})
        return Notification(*row) if row else None

    async def among(self, notification_ids: Sequence[str]) -> list[Notification]:
        """Those of these that there are."""
        found = await self._session.execute(
            sa.select(notifications).where(notifications.c.id.in_(notification_ids), self._mine)
        )
        return [Notification(*row) for row in found]

    async def page(self, which: Which, *, kind: str | None, after: str | None, limit: int) -> list[Notification]:
        """The latest first."""
        conditions: dict[Which, tuple[sa.ColumnElement[bool], ...]] = {
            "unread": _UNREAD,
            "read": (notifications.c.read_at.is_not(None), notifications.c.archived_at.is_(None)),
            "archived": (notifications.c.archived_at.is_not(None),),
            "all": (),
        }
        statement = sa.select(notifications).where(self._mine, *conditions[which])
        if kind is not None:
            statement = statement.where(notifications.c.kind == kind)
        if after is not None:
            statement = statement.where(notifications.c.id < after)
        rows = await self._session.execute(statement.order_by(notifications.c.id.desc()).limit(limit))
        return [Notification(*row) for row in rows]

    async def unread(self) -> int:
        counted = await self._session.execute(sa.select(sa.func.count()).where(self._mine, *_UNREAD))
        return int(counted.scalar() or 0)

    async def change(self, notification_ids: Sequence[str], values: dict[str, Any]) -> None:
        await self._session.execute(
            sa.update(notifications).where(notifications.c.id.in_(notification_ids), self._mine).values(values)
        )

    async def read_all(self, *, at: datetime) -> list[str]:
        """Note everything as read; the ids of what was not."""
        read = await self._session.execute(
            sa.update(notifications).where(self._mine, *_UNREAD).values(read_at=at).returning(notifications.c.id)
        )
        return [row[0] for row in read]

    async def delete(self, notification_ids: Sequence[str]) -> None:
        await self._session.execute(
            sa.delete(notifications).where(notifications.c.id.in_(notification_ids), self._mine)
        )

    async def find_delivery(self, delivery_id: str) -> Delivery | None:
        found = await self._session.execute(
            sa.select(deliveries).where(deliveries.c.id == delivery_id, self._my_deliveries)
        )
        row = found.one_or_none()
        return Delivery(*row) if row else None

    async def deliveries_of(self, notification_id: str) -> list[Delivery]:
        found = await self._session.execute(
            sa.select(deliveries)
            .where(deliveries.c.notification_id == notification_id, self._my_deliveries)
            .order_by(deliveries.c.id)
        )
        return [Delivery(*row) for row in found]

    async def deliveries(self, state: DeliveryState | None, *, after: str | None, limit: int) -> list[Delivery]:
        """The latest first."""
        statement = sa.select(deliveries).where(self._my_deliveries)
        if state is not None:
            statement = statement.where(deliveries.c.state == state)
        if after is not None:
            statement = statement.where(deliveries.c.id < after)
        rows = await self._session.execute(statement.order_by(deliveries.c.id.desc()).limit(limit))
        return [Delivery(*row) for row in rows]

    async def held(self) -> list[Delivery]:
        """What waits for the end of quiet hours."""
        found = await self._session.execute(
            sa.select(deliveries).where(self._my_deliveries, deliveries.c.state == "held")
        )
        return [Delivery(*row) for row in found]

    async def change_delivery(self, delivery_id: str, values: dict[str, Any]) -> None:
        await self._session.execute(
            sa.update(deliveries).where(deliveries.c.id == delivery_id, self._my_deliveries).values(values)
        )

    async def jobs_of(self, notification_ids: Sequence[str]) -> list[str]:
        """The jobs that are under way for these."""
        found = await self._session.execute(
            sa.select(deliveries.c.job_id).where(
                deliveries.c.notification_id.in_(notification_ids),
                self._my_deliveries,
                deliveries.c.job_id.is_not(None),
            )
        )
        return [row[0] for row in found]

    async def action_done_at(self, notification_id: str, action_id: str) -> datetime | None:
        found = await self._session.execute(
            sa.select(actions_done.c.done_at).where(
                actions_done.c.notification_id == notification_id,
                actions_done.c.action_id == action_id,
                actions_done.c.user_id == self._user_id,
            )
        )
        return found.scalar()

    async def note_action(self, notification_id: str, action_id: str, *, at: datetime) -> None:
        row = {"notification_id": notification_id, "action_id": action_id, "user_id": self._user_id, "done_at": at}
        await self._session.execute(sa.insert(actions_done), row)
