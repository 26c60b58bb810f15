"""Forgetting: everything this feature keeps of a person whose account is removed."""

import sqlalchemy as sa

from famulus.features.notifications.inbox import inbox_of
from famulus.features.notifications.tables import actions_done, channels, deliveries, notifications, preferences
from famulus.infra.database import Session
from famulus.streams import store


async def erase_notifications(session: Session, user_id: str) -> None:
    """Remove every row of the person, within the transaction that removes the account."""
    await store.delete(session, [inbox_of(user_id)])
    for table in (actions_done, deliveries, notifications, channels, preferences):
        await session.execute(sa.delete(table).where(table.c.user_id == user_id))
