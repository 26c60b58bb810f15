"""What may be done with notifications."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from famulus.features.notifications import errors, inbox
from famulus.features.notifications.channel_repository import ChannelRepository
from famulus.features.notifications.desk import NotificationDesk
from famulus.features.notifications.records import Delivery, DeliveryState, Notification
from famulus.features.notifications.repository import NotificationRepository, Which, add_deliveries
from famulus.features.notifications.schemas import Action, ActionResult, Bulk, BulkResult, Notice, NotificationPatch
from famulus.features.notifications.telling import Told, delivery_job, outward, tell
from famulus.infra.database import Session
from famulus.kit.pages import checked_cursor


class Notifications:
    """The notifications of one person, within one transaction."""

    def __init__(self, session: Session, user_id: str, desk: NotificationDesk) -> None:
        self._session = session
        self._user_id = user_id
        self._desk = desk
        self._repository = NotificationRepository(session, user_id)
        self._channels = ChannelRepository(session, user_id)

    async def notify(self, notice: Notice, *, key: str | None = None) -> Notification:
        """Tell the person something, wherever they want to be told; what has the same `key` is told once."""
        if key is not None:
            await self._session.alone(f"notify {self._user_id} {key}")
            if told := await self._repository.of_key(key):
                return told
        await self._check(notice.actions)
        (notification,) = await tell(self._session, self._desk, [Told(self._user_id, notice, key)])
        return notification

    async def find(self, notification_id: str) -> Notification:
        notification = await self._repository.find(notification_id)
        if notification is None:
            raise errors.NotificationNotFound("There is no such notification.")
        return notification

    async def deliveries_of(self, notification_id: str) -> list[Delivery]:
        """How a notification got where."""
        return await self._repository.deliveries_of(notification_id)

    async def page(self, which: Which, *, kind: str | None, after: str | None, limit: int) -> list[Notification]:
        """The latest first, from behind notification `after` on."""
        return await self._repository.page(which, kind=kind, after=checked_cursor(after, "ntf"), limit=limit)

    async def deliveries(self, state: DeliveryState | None, *, after: str | None, limit: int) -> list[Delivery]:
        """The latest first, from behind delivery `after` on."""
        return await self._repository.deliveries(state, after=checked_cursor(after, "dlv"), limit=limit)

    async def unread(self) -> int:
        """How many nobody has read or archived."""
        return await self._repository.unread()

    async def change(self, notification_id: str, patch: NotificationPatch) -> Notification:
        """Note that it was read, or put it away, or the reverse."""
        await self.find(notification_id)
        values: dict[str, Any] = {}
        if patch.read is not None:
            values["read_at"] = self._desk.now() if patch.read else None
        if patch.archived is not None:
            values["archived_at"] = self._desk.now() if patch.archived else None
        if values:
            await self._repository.change([notification_id], values)
            await self._tell(inbox.CHANGED, notification_id)
        return await self.find(notification_id)

    async def read_all(self) -> int:
        """Note everything as read; how many were not."""
        read = await self._repository.read_all(at=self._desk.now())
        await self._tell(inbox.CHANGED, *read)
        return len(read)

    async def delete(self, *notification_ids: str) -> None:
        """Remove notifications, and stop what is under way for them."""
        await self._desk.queue.remove(self._session, await self._repository.jobs_of(notification_ids))
        await self._repository.delete(notification_ids)
        await self._tell(inbox.DELETED, *notification_ids)

    async def do_to_many(self, bulk: Bulk) -> list[BulkResult]:
        """Do the same to each, and say what came of it for each."""
        known = {one.id for one in await self._repository.among(bulk.ids)}
        ids = [one for one in dict.fromkeys(bulk.ids) if one in known]
        if bulk.action == "delete":
            await self.delete(*ids)
        else:
            column = "read_at" if bulk.action in ("read", "unread") else "archived_at"
            at = self._desk.now() if bulk.action in ("read", "archive") else None
            await self._repository.change(ids, {column: at})
            await self._tell(inbox.CHANGED, *ids)
        missing = errors.NotificationNotFound.code
        return [BulkResult(id=one, done=one in known, error=None if one in known else missing) for one in bulk.ids]

    async def act(self, notification_id: str, action_id: str) -> ActionResult:
        """Do what the person chose, once; asked again, say what came of it."""
        await self._session.alone(f"act {notification_id}")
        notification = await self.find(notification_id)
        action = next((Action(**one) for one in notification.actions if one["id"] == action_id), None)
        if action is None:
            raise errors.ActionNotFound("The notification has no such action.")
        done_at = await self._repository.action_done_at(notification_id, action_id)
        if done_at is None:
            done_at = self._desk.now()
            await self._repository.note_action(notification_id, action_id, at=done_at)
            await self._do(notification, action, done_at)
        deliveries = await self._repository.deliveries_of(notification_id)
        return ActionResult(
            notification_id=notification_id,
            action=action_id,
            kind=action.kind,
            url=action.url,
            delivery_id=next((one.id for one in deliveries if one.action_id == action_id), None),
            done_at=done_at,
        )

    async def try_anew(self, delivery_id: str) -> Delivery:
        """Try a delivery that was given up once more from the beginning."""
        delivery = await self._repository.find_delivery(delivery_id)
        if delivery is None:
            raise errors.DeliveryNotFound("There is no such delivery.")
        if delivery.state != "dead":
            raise errors.NotDead("Only a delivery that was given up can be tried anew.", state=delivery.state)
        now = self._desk.now()
        job = delivery_job(self._user_id, delivery.id, due_at=now)
        await self._desk.queue.add_many(self._session, [job])
        values = {"state": "pending", "attempts": 0, "next_try_at": now, "job_id": job.id, "updated_at": now}
        await self._repository.change_delivery(delivery_id, values)
        return replace(delivery, **values)  # type: ignore[arg-type]

    async def release_held(self) -> None:
        """Look again at what waits for the end of quiet hours, because these have changed."""
        for delivery in await self._repository.held():
            if delivery.job_id is not None:
                await self._desk.queue.rouse(self._session, delivery.job_id)

    async def _check(self, actions: list[Action]) -> None:
        if any(action.channel_id for action in actions):
            webhooks = {channel.id for channel in await self._channels.all() if channel.kind == "webhook"}
            if not {action.channel_id for action in actions if action.channel_id} <= webhooks:
                raise errors.ChannelNotFound("There is no such webhook to call back.")

    async def _do(self, notification: Notification, action: Action, at: datetime) -> None:
        put_away = {"archived_at": at} if action.kind == "dismiss" else {}
        await self._repository.change([notification.id], {"read_at": notification.read_at or at, **put_away})
        await self._tell(inbox.CHANGED, notification.id)
        if action.channel_id is not None:
            channel = await self._channels.find(action.channel_id)
            if channel is None:
                raise errors.ChannelNotFound("The webhook that this would call back is gone.")
            delivery, job = outward(notification, channel, now=at, due_at=at, action_id=action.id)
            await self._desk.queue.add_many(self._session, [job])
            await add_deliveries(self._session, [delivery])

    async def _tell(self, kind: str, *notification_ids: str) -> None:
        await inbox.tell(self._session, self._user_id, kind, notification_ids, self._desk.log)
