"""What a person's notifications look like live: a stream that says which of them came, changed or went.

An entry names a notification and holds nothing of it. Whoever follows is shown it as it is at that moment, so that what
was deleted is gone from every replay too.
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Any

from famulus.features.notifications.repository import NotificationRepository
from famulus.features.notifications.schemas import NotificationView
from famulus.infra.database import Database, Session
from famulus.streams import store
from famulus.streams.cursors import parse_cursor
from famulus.streams.log import EventLog
from famulus.streams.store import Batch, Draft, Entry, Fenced

CREATED, CHANGED, DELETED = "notification.created", "notification.changed", "notification.deleted"
SNAPSHOT, RESET = "notifications.snapshot", "stream.reset"
_SHOWN = 20
# Many processes write to a person's stream, each in the transaction of what it tells: nobody takes it from another.
_EPOCH = 0


def inbox_of(user_id: str) -> str:
    """The id of a person's stream."""
    return f"inbox_{user_id}"


async def tell(
    session: Session, user_id: str, kind: str, notification_ids: Sequence[str], log: EventLog | None
) -> None:
    """Say in the person's stream what happened to these, within somebody's transaction."""
    drafts: list[Draft] = [(kind, {"id": notification_id}) for notification_id in notification_ids]
    if drafts and not await _append(session, user_id, drafts, log):
        await ensure(session, user_id)
        await _append(session, user_id, drafts, log)


async def tell_many(session: Session, created: Sequence[tuple[str, str]], log: EventLog | None) -> None:
    """Say in the streams of these people which notifications they have now."""
    drafts: dict[str, list[Draft]] = {}
    for user_id, notification_id in created:
        drafts.setdefault(user_id, []).append((CREATED, {"id": notification_id}))
    batches = {inbox_of(user_id): Batch(inbox_of(user_id), _EPOCH, drafts[user_id]) for user_id in sorted(drafts)}
    # Two transactions that tell the same people something would each wait for the other, if each had its own order.
    await store.hold(session, list(batches))
    told = await _append_to_many(session, list(batches.values()), log)
    if missing := [user_id for user_id in sorted(drafts) if inbox_of(user_id) not in told]:
        for user_id in missing:
            await ensure(session, user_id)
        await _append_to_many(session, [batches[inbox_of(user_id)] for user_id in missing], log)


async def _append_to_many(session: Session, batches: Sequence[Batch], log: EventLog | None) -> set[str]:
    if log is not None:
        return await log.append_to_many(session, batches)
    return {stream_id for stream_id, _ in await store.append(session, batches)}


async def forget(session: Session, user_id: str, notification_ids: Sequence[str]) -> None:
    """Leave no entry in the person's stream that names these, which are gone."""
    await store.drop_entries(session, inbox_of(user_id), [{"id": one} for one in notification_ids])


async def ensure(session: Session, user_id: str) -> None:
    """Begin the person's stream, unless there is one."""
    await session.alone(inbox_of(user_id))
    if await store.head(session, inbox_of(user_id)) is None:
        await store.create(session, inbox_of(user_id))


async def _append(session: Session, user_id: str, drafts: list[Draft], log: EventLog | None) -> bool:
    if log is None:
        return bool(await store.append(session, [Batch(inbox_of(user_id), _EPOCH, drafts)]))
    try:
        await log.append(session, inbox_of(user_id), epoch=_EPOCH, drafts=drafts)
    except Fenced:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Place:
    """From where somebody follows."""

    after: int
    opening: tuple[str, dict[str, Any]] | None
    """An event that brings whoever has no place in the stream up to date: what is unread now."""

    @property
    def cursor(self) -> str:
        """Where the opening stands."""
        return f"{_EPOCH}:{self.after}"


async def place(database: Database, user_id: str, cursor: str | None) -> Place:
    """Where `cursor` is in the person's stream; what is unread for one who has none, or one that never was."""
    epoch, seq = parse_cursor(cursor)

    async def look(session: Session) -> Place | None:
        head = await store.head(session, inbox_of(user_id))
        if head is None:
            return None
        if cursor and epoch in (None, _EPOCH) and seq <= head.seq:
            return Place(seq, None)
        return Place(head.seq, (RESET if cursor else SNAPSHOT, await _snapshot(session, user_id)))

    found = await database.read(look)
    if found is None:
        await database.write(lambda session: ensure(session, user_id))
        found = await database.read(look)
    return found or Place(0, None)


async def follow(database: Database, log: EventLog, user_id: str, after: int) -> AsyncGenerator[Sequence[Entry], None]:
    """What happens after entry `after`, each with the notification as it is; an empty list is a sign of life."""
    async for batch in log.follow(inbox_of(user_id), after=after):
        yield await _with_contents(database, user_id, batch) if batch else []


async def _with_contents(database: Database, user_id: str, batch: Sequence[Entry]) -> list[Entry]:
    async def look(session: Session) -> tuple[dict[str, dict[str, Any]], int]:
        repository = NotificationRepository(session, user_id)
        found = await repository.among([entry.data["id"] for entry in batch])
        return {one.id: NotificationView.of(one).shown() for one in found}, await repository.unread()

    shown, unread = await database.read(look)
    return [
        Entry(
            entry.seq,
            entry.epoch,
            entry.kind,
            {**entry.data, "notification": shown.get(entry.data["id"]), "unread": unread},
        )
        for entry in batch
    ]


async def _snapshot(session: Session, user_id: str) -> dict[str, Any]:
    repository = NotificationRepository(session, user_id)
    latest = await repository.page("unread", kind=None, after=None, limit=_SHOWN)
    return {"unread": await repository.unread(), "data": [NotificationView.of(one).shown() for one in latest]}
